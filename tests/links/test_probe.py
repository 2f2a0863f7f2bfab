"""The probe, on real servers: dead, moved and refused links are told from those that work."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from itertools import pairwise

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.links.probe import DOUBTED_MS, KEPT_MS, MOST_REDIRECTS, PAUSE, TIMEOUT, LinkHealth, Probe
from bot.testing.clock import TestClock
from bot.web.addresses import Address, is_public

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def anywhere(_: Address) -> bool:
    return True


class Names(AbstractResolver):
    """Resolves every name to the addresses it was given, and remembers which were asked."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None: ...


class Site:
    """A web site that answers as the test says and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.agents: set[str] = set()
        self.pages: dict[str, Handler] = {}
        self.busy = 0
        self.busiest = 0
        app = web.Application()
        app.router.add_route("*", "/{page:.*}", self._answer)
        self.server = TestServer(app)

    def url(self, page: str) -> str:
        return str(self.server.make_url(page))

    def says(self, page: str, status: int, to: str = "", head: int | None = None) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            given = head if head is not None and request.method == "HEAD" else status
            return web.Response(status=given, headers={"Location": to} if to else {})

        self.pages[page] = answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        self.agents.add(request.headers.get("User-Agent", ""))
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if page := self.pages.get(request.path):
                return await page(request)
            return web.Response()
        finally:
            self.busy -= 1


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.server.start_server()
    try:
        yield made
    finally:
        await made.server.close()


@asynccontextmanager
async def opened(clock: TestClock, **named: object) -> AsyncIterator[Probe]:
    probe = Probe(clock, **{"allow": anywhere, **named})  # type: ignore[arg-type]
    try:
        yield probe
    finally:
        await probe.close()


async def checked(probe: Probe, clock: TestClock, *urls: str) -> dict[str, LinkHealth]:
    """The verdicts, letting the pauses pass and no answer time out."""
    task = asyncio.create_task(probe.check(urls))
    while not task.done():
        clock.advance(PAUSE / 50)
        await asyncio.sleep(0.001)
    return task.result()


async def health(clock: TestClock, url: str, **named: object) -> LinkHealth:
    async with opened(clock, **named) as probe:
        return (await checked(probe, clock, url))[url]


async def test_a_link_that_works_is_asked_once_with_a_head_naming_the_bot(
    site: Site, clock: TestClock
) -> None:
    found = await health(clock, site.url("/menu"))
    assert found.verdict == "fine"
    assert site.asked == [("HEAD", "/menu")]
    assert all("Muster" in agent for agent in site.agents)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (204, "fine"),
        (404, "gone"),
        (410, "gone"),
        (401, "refused"),
        (403, "refused"),
        (429, "refused"),
        (500, "unreachable"),
        (503, "unreachable"),
    ],
)
async def test_what_a_server_answers_is_the_verdict(
    site: Site, clock: TestClock, status: int, verdict: str
) -> None:
    site.says("/x", status)
    found = await health(clock, site.url("/x"))
    assert found.verdict == verdict
    assert status == 204 or found.detail == str(status)


@pytest.mark.parametrize("head", [405, 501, 403, 404])
async def test_a_server_that_dislikes_head_is_asked_for_one_byte(
    site: Site, clock: TestClock, head: int
) -> None:
    ranges: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=head)
        ranges.append(request.headers.get("Range"))
        return web.Response(status=206, body=b"x")

    site.pages["/x"] = answer
    assert (await health(clock, site.url("/x"))).verdict == "fine"
    assert ranges == ["bytes=0-0"]


async def test_the_body_of_an_endless_answer_is_not_read(site: Site, clock: TestClock) -> None:
    ended = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=405)
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65_536)
        finally:
            ended.set()

    site.pages["/film"] = endless
    assert (await health(clock, site.url("/film"))).verdict == "fine"
    await asyncio.wait_for(ended.wait(), 10)


async def test_a_page_that_moved_for_good_is_told_with_its_new_address(
    site: Site, clock: TestClock
) -> None:
    site.says("/old", 301, "/older")
    site.says("/older", 308, "/new")
    found = await health(clock, site.url("/old"))
    assert (found.verdict, found.detail) == ("moved", site.url("/new"))


async def test_a_redirect_for_now_is_no_news(site: Site, clock: TestClock) -> None:
    site.says("/short", 302, "/long")
    site.says("/long", 301, "/longer")
    assert (await health(clock, site.url("/short"))).verdict == "fine"


async def test_a_redirect_to_a_dead_page_is_dead(site: Site, clock: TestClock) -> None:
    site.says("/short", 302, "/long")
    site.says("/long", 404)
    assert (await health(clock, site.url("/short"))).verdict == "gone"


async def test_redirects_are_followed_five_times_and_no_more(site: Site, clock: TestClock) -> None:
    for step in range(MOST_REDIRECTS + 1):
        site.says(f"/{step}", 302, f"/{step + 1}")
    assert (await health(clock, site.url("/1"))).verdict == "fine"
    found = await health(clock, site.url("/0"))
    assert (found.verdict, found.detail) == ("unreachable", "redirects")


async def test_a_redirect_out_of_the_web_is_not_followed(site: Site, clock: TestClock) -> None:
    site.says("/app", 302, "weixin://dl/business")
    assert (await health(clock, site.url("/app"))).verdict == "not_http"


@pytest.mark.parametrize(
    "url", ["", "menu", "ftp://x.example/a", "javascript:alert(1)", "http://", "https://[::1"]
)
async def test_what_is_no_web_address_is_said_without_asking_anybody(
    clock: TestClock, url: str
) -> None:
    names = Names("127.0.0.1")
    assert (await health(clock, url, resolver=names)).verdict == "not_http"
    assert names.asked == []


async def test_a_server_that_does_not_answer_is_given_five_seconds(
    site: Site, clock: TestClock
) -> None:
    came, go = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        came.set()
        await go.wait()
        return web.Response()

    site.pages["/slow"] = slow
    async with opened(clock) as probe:
        task = asyncio.create_task(probe.check([site.url("/slow")]))
        await came.wait()
        clock.advance(TIMEOUT - 0.1)
        assert not (await asyncio.wait((task,), timeout=0.02))[0]
        clock.advance(0.1)
        (found,) = (await task).values()
    go.set()
    assert (found.verdict, found.detail) == ("unreachable", "timeout")


async def test_a_port_nobody_listens_on_is_unreachable(clock: TestClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = await health(clock, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert (found.verdict, found.detail) == ("unreachable", "connection")


async def test_a_host_that_does_not_exist_is_told_from_a_lookup_that_failed(
    clock: TestClock,
) -> None:
    class Nowhere(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            if host == "gone.example":
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            raise socket.gaierror(socket.EAI_AGAIN, "try again")

    gone = await health(clock, "http://gone.example/", resolver=Nowhere())
    lost = await health(clock, "http://lost.example/", resolver=Nowhere())
    assert (gone.detail, lost.detail) == ("no such host", "connection")


# manners


async def test_a_host_gets_one_request_at_a_time_with_a_pause_between(
    site: Site, clock: TestClock
) -> None:
    times: list[int] = []

    async def note(_: web.Request) -> web.StreamResponse:
        times.append(clock.now())
        await asyncio.sleep(0.005)
        return web.Response()

    urls = [site.url(f"/{n}") for n in range(4)]
    site.pages.update({f"/{n}": note for n in range(4)})
    async with opened(clock) as probe:
        assert len(await checked(probe, clock, *urls)) == 4
    assert site.busiest == 1
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= PAUSE * 1000


async def test_different_hosts_are_asked_at_the_same_time(clock: TestClock) -> None:
    sites, met = (Site(), Site()), asyncio.Barrier(2)

    async def meet(_: web.Request) -> web.StreamResponse:
        await met.wait()
        return web.Response()

    for host, one in zip(("127.0.0.1", "127.0.0.2"), sites, strict=True):
        one.pages["/x"] = meet
        one.server = TestServer(one.server.app, host=host)
        await one.server.start_server()
    try:
        async with opened(clock) as probe:
            found = await asyncio.wait_for(probe.check([one.url("/x") for one in sites]), 10)
        assert {one.verdict for one in found.values()} == {"fine"}
    finally:
        for one in sites:
            await one.server.close()


async def test_a_link_is_asked_once_in_an_hour_however_often_it_stands_in_texts(
    site: Site, clock: TestClock
) -> None:
    url = site.url("/menu")
    async with opened(clock) as probe:
        await asyncio.gather(*(checked(probe, clock, url, url) for _ in range(3)))
        assert len(site.asked) == 1
        clock.advance(KEPT_MS / 1000 - 60)
        await checked(probe, clock, url)
        assert len(site.asked) == 1
        clock.advance(61)
        await checked(probe, clock, url)
        assert len(site.asked) == 2


async def test_a_bad_link_is_asked_again_soon_for_somebody_may_have_mended_it(
    site: Site, clock: TestClock
) -> None:
    url = site.url("/menu")
    site.says("/menu", 404)
    async with opened(clock) as probe:
        assert (await checked(probe, clock, url))[url].verdict == "gone"
        site.says("/menu", 200)
        clock.advance(DOUBTED_MS / 1000 + 1)
        assert (await checked(probe, clock, url))[url].verdict == "fine"


# the inner network


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "１２７.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
    ],
)
async def test_a_private_address_is_not_asked_however_it_is_written(
    site: Site, clock: TestClock, host: str
) -> None:
    found = await health(clock, f"http://{host}:{site.server.port}/", allow=is_public)
    assert found.verdict == "private"
    assert site.asked == []


@pytest.mark.parametrize("host", ["localhost", "0x7f.1", "intranet.example"])
async def test_a_name_that_leads_into_the_private_network_is_not_asked(
    site: Site, clock: TestClock, host: str
) -> None:
    names = Names("127.0.0.1", "::1")
    url = f"http://{host}:{site.server.port}/"
    assert (await health(clock, url, allow=is_public, resolver=names)).verdict == "private"
    assert (names.asked, site.asked) == ([host], [])


async def test_a_redirect_into_the_private_network_is_not_followed(
    site: Site, clock: TestClock
) -> None:
    inner = ip_address("127.0.0.9")
    site.says("/a", 302, "http://127.0.0.9:1/")
    site.says("/b", 302, "http://inner.example:1/")
    names = Names("127.0.0.9")
    async with opened(clock, allow=lambda a: a != inner, resolver=names) as probe:
        found = await checked(probe, clock, site.url("/a"), site.url("/b"))
    assert [one.verdict for one in found.values()] == ["private", "private"]


async def test_of_many_addresses_only_an_allowed_one_is_connected_to(
    site: Site, clock: TestClock
) -> None:
    def not_sixth(address: Address) -> bool:
        return address.version == 4

    url = f"http://shop.example:{site.server.port}/"
    names = Names("::1", "127.0.0.1")
    assert (await health(clock, url, allow=not_sixth, resolver=names)).verdict == "fine"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_addresses_are_public_or_not(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


async def test_every_verdict_is_a_sentence_with_the_link_in_it(
    site: Site, clock: TestClock
) -> None:
    site.says("/gone", 404)
    site.says("/down", 502)
    async with opened(clock) as probe:
        found = await checked(
            probe, clock, site.url("/gone"), site.url("/down"), site.url("/fine"), "nothing"
        )
    sentences = [str(one.phrase) for one in found.values()]
    assert sentences[0] == f"{site.url('/gone')} leads nowhere (status 404)"
    assert sentences[1] == f"{site.url('/down')} answers with an error (status 502)"
    assert sentences[2:] == [f"{site.url('/fine')} works", "nothing is not a web address"]
