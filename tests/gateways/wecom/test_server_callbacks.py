"""The test server's callbacks: sealed as ours opens them, and every way they may go wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.gateways.wecom.crypto import Crypto, CryptoError
from bot.gateways.wecom.xml import parse
from bot.testing.clock import TestClock
from bot.testing.wecom import Variants, WeComServer

TOKEN, KEY = "QDG6eK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@dataclass
class Door:
    """Our side: what came, and what could not be opened."""

    crypto: Crypto
    came: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        query = request.query
        sealed = query.get("echostr") or parse(await request.read()).get("Encrypt")
        try:
            plain = self.crypto.decrypt(
                query["msg_signature"], query["timestamp"], query["nonce"], sealed
            )
        except CryptoError as error:
            self.refused.append(type(error).__name__)
            return web.Response(status=403)
        self.timestamps.append(int(query["timestamp"]))
        if request.method == "POST":
            self.came.append(plain.decode())
        return web.Response(body=plain if request.method == "GET" else b"")


@pytest.fixture
def variants() -> Variants:
    return Variants(retry_after=0)


@pytest.fixture
async def server(clock: TestClock, variants: Variants) -> AsyncIterator[WeComServer]:
    server = WeComServer(clock, variants=variants)
    server.world.hire("ann")
    async with server.serve():
        yield server


@pytest.fixture
async def door(server: WeComServer) -> AsyncIterator[Door]:
    door = Door(Crypto(SecretStr(TOKEN), SecretStr(KEY), server.corp_id))
    app = web.Application()
    app.router.add_route("*", "/callback", door.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.callbacks.to(f"http://127.0.0.1:{runner.addresses[0][1]}/callback", TOKEN, KEY)
    yield door
    await server.callbacks.close()
    await runner.cleanup()


async def test_an_address_is_verified_and_what_people_do_is_told(
    server: WeComServer, door: Door
) -> None:
    assert await server.callbacks.verify()
    customer = server.world.meet("<Li & 李]]>").external_userid
    welcome = server.world.add("ann", customer, state="door]]>1")
    [posted] = await server.callbacks.flush()
    assert posted.statuses == [200]
    told = parse(door.came[0].encode())
    assert (told.get("ChangeType"), told.get("ExternalUserID")) == (
        *("add_external_contact", customer),
    )
    assert (told.get("WelcomeCode"), told.get("State")) == (welcome, "door]]>1")


async def test_twenty_who_scan_in_one_second_are_twenty_callbacks(
    server: WeComServer, door: Door
) -> None:
    for _ in range(20):
        server.world.add("ann", server.world.meet().external_userid)
    await server.callbacks.flush(at_once=True)
    assert len(set(door.came)) == 20


@pytest.mark.parametrize(
    ("wrong", "came", "refused"),
    [
        ("duplicate", 2, []),
        ("lost", 0, []),
        ("unanswered", 3, []),
        ("signature", 0, ["WrongSignature"] * 3),
        ("receive_id", 0, ["WrongRecipient"] * 3),
    ],
)
async def test_a_callback_can_go_wrong(
    server: WeComServer, door: Door, wrong: str, came: int, refused: list[str]
) -> None:
    server.world.add("ann", server.world.meet().external_userid)
    server.callbacks.fail(wrong)  # type: ignore[arg-type]
    await server.callbacks.flush()
    assert len(door.came) == came
    assert len(set(door.came)) == min(came, 1)
    assert door.refused == refused


async def test_callbacks_can_come_out_of_order_and_from_yesterday(
    server: WeComServer, door: Door, clock: TestClock
) -> None:
    for name in ("one", "two", "three"):
        server.world.say("ann", 1000002, name)
    server.callbacks.fail("out_of_order")
    server.callbacks.fail("timestamp", after=2)
    await server.callbacks.flush()
    words = [parse(text.encode()).get("Content") for text in door.came]
    assert words == ["two", "one", "three"]
    assert door.timestamps[2] == clock.now() // 1000 - 86_400


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        (Variants(retry_after=0), "<MemChangeList><Item>"),
        (Variants(retry_after=0, member_list="commas"), "<MemChangeList><![CDATA["),
        (Variants(retry_after=0, member_list="absent"), ""),
    ],
    ids=["items", "commas", "absent"],
)
async def test_a_groups_changed_members_are_told_as_the_variant_says(
    server: WeComServer, door: Door, told: str
) -> None:
    group = server.world.create_group("ann", "Tea")
    people = [server.world.meet().external_userid for _ in range(2)]
    server.world.join(group.chat_id, *people)
    server.world.leave(group.chat_id, people[0], removed=True)
    server.world.change_owner(group.chat_id, "ann")
    server.world.dismiss(group.chat_id)
    await server.callbacks.flush()
    assert len(door.came) == 5
    assert ("MemChangeList" in door.came[1]) is bool(told)
    assert told in door.came[1]
    assert "<QuitScene>1</QuitScene>" in door.came[2]


async def test_what_an_app_does_through_the_api_is_not_told(
    server: WeComServer, clock: TestClock
) -> None:
    server.world.new_tag_group("mine", 0, 1)
    assert server.callbacks.waiting == []
