"""What all pages share: who asks, in which language, and cached files."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.web.language import preferred
from bot.web.peer import address, is_https, same_origin
from tests.console.conftest import Site

PROXIES = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))


class _Transport:
    """A peer at an address."""

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self._peer, 1) if name == "peername" else default


def _request(peer: str, **headers: str):  # type: ignore[no-untyped-def]
    given = CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()})
    return make_mocked_request("GET", "/", headers=given, transport=_Transport(peer))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, found: str) -> None:
    assert address(_request(peer, X_Forwarded_For=forwarded), PROXIES) == found


def test_https_is_believed_from_trusted_proxies_only() -> None:
    assert is_https(_request("10.0.0.1", X_Forwarded_Proto="https"), PROXIES)
    assert not is_https(_request("10.0.0.1", X_Forwarded_Proto="http"), PROXIES)
    assert not is_https(_request("203.0.113.9", X_Forwarded_Proto="https"), PROXIES)


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Origin": "https://bot.example"}, True),
        ({"Origin": "http://inside:8080"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "same-origin"}, True),
    ],
)
def test_a_page_of_another_site_is_told_apart(headers: dict[str, str], ours: bool) -> None:
    request = _request("127.0.0.1", Host="inside:8080", **headers)
    assert same_origin(request, "https://bot.example") is ours


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr;q=1.0, en;q=0.3, zh;q=0.7", "zh"),
        ("fr, de", "zh"),
        ("", "zh"),
        ("en;q=0", "zh"),
        ("en;q=many", "zh"),
        (";;;,,,q=1", "zh"),
    ],
)
def test_the_best_of_our_languages_is_chosen(accept: str, language: str) -> None:
    assert preferred(accept, "zh") == language


async def test_files_are_cached_for_ever_by_their_content(site: Site) -> None:
    client = site.visitor().client
    url = site.console.assets.url("console.css")
    async with client.get(url) as answer:
        assert answer.headers["Cache-Control"].endswith("immutable")
        assert answer.content_type == "text/css"
        tag = answer.headers["ETag"]
    async with client.get("/console/static/console.css?v=old") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
    async with client.get(url, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    for path in ("..%2Fconsole.py", "nothing.css", "%2Fetc%2Fpasswd"):
        async with client.get(f"/console/static/{path}") as answer:
            assert answer.status == 404
