"""Whatever is thrown at the web server, it says what was wrong with it and writes nothing."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from bot.store.line import StoreAway
from tests.bad_input.conftest import House

KINDS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; charset=no-such-charset",
    "nothing/;;=",
)
DOORS = ("/sandbox", "/gateways")
GATEWAYS = ("/gateways/hook", "/gateways/line", "/gateways/sandbox", "/gateways/none")


def nonsense(random: Random) -> bytes:
    """Random bytes, or a JSON text that was bitten."""
    if random.random() < 0.5:
        return random.randbytes(random.choice([0, 1, 40, 5000]))
    good = b'{"type":"message","group":"tea","member":{"id":"u1"},"post_type":"message"}'
    at = random.randrange(len(good))
    return good[:at] + random.randbytes(random.randrange(4)) + good[at + random.randrange(3) :]


async def test_random_bytes_to_every_endpoint_are_refused_and_write_nothing(house: House) -> None:
    random = Random(5)
    paths = sorted({r.path for r in house.routes if r.method == "POST"}) + list(GATEWAYS)
    assert "/sandbox/api/events" in paths
    before = await house.written()
    for path in paths:
        where = path.replace("{", "").replace("}", "")
        # The console shows its login page; a platform's report of something unknown is fine.
        least = 200 if path == "/gateways/hook" or not path.startswith(DOORS) else 400
        for _ in range(25):
            kind = random.choice(KINDS)
            status, text = await house.post(where, nonsense(random), Content_Type=kind)
            assert least <= status < 500, f"{path}: {status} {text[:200]}"
    assert await house.written() == before


@pytest.mark.parametrize(
    "query",
    [
        "after=²",
        "after=-1",
        "after=1-",
        "after=99999999999999999999999",
        "after=99999999999999999999-0",
        "after=%00",
        "after=1%0a2",
        "after=$",
        "wait=soon",
        "wait=0x10",
        "wait=%ff",
        "after[]=1&after=zzz",
    ],
)
@pytest.mark.parametrize("path", ["messages", "feed"])
async def test_a_cursor_or_wait_that_is_none_is_refused(
    house: House, path: str, query: str
) -> None:
    async with house.http.get(f"{house.base}/sandbox/api/{path}?{query}") as answer:
        assert answer.status == 422, await answer.text()


@pytest.mark.parametrize("wait", ["nan", "-inf", "-5"])
async def test_a_wait_that_is_no_time_is_no_wait(house: House, wait: str) -> None:
    async with asyncio.timeout(5):
        url = f"{house.base}/sandbox/api/messages?wait={wait}"
        async with house.http.get(url) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "["}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_headers_of_somebody_who_is_up_to_something(
    house: House, headers: dict[str, str], status: int
) -> None:
    before = await house.written()
    answer = await house.post("/sandbox/api/events", {}, **headers)
    assert answer[0] == status, answer
    assert await house.written() == before


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"member": {"id": 12345}}, "member.id"),
        ({"member": {"id": 1.5}}, "member.id"),
        ({"member": {"id": None}}, "member.id"),
        ({"member": {"id": ["u1"]}}, "member.id"),
        ({"member": {"id": ""}}, "member.id"),
        ({"member": {"id": "a\nb"}}, "member.id"),
        ({"member": {"id": "a\x00b"}}, "member.id"),
        ({"member": {"id": "x" * 10_000}}, "member.id"),
        ({"member": {"id": "u1", "name": 7}}, "member.name"),
        ({"member": {}}, "member.id"),
        ({"member": "u1"}, "member"),
        ({"group": 100}, "group"),
        ({"group": ""}, "group"),
        ({"group": "a\nb"}, "group"),
        ({"id": 77}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"type": "massage"}, "type"),
        ({"text": 5}, "text"),
        ({"text": {"a": 1}}, "text"),
        ({"txet": "typo"}, "txet"),
    ],
)
async def test_an_event_with_a_wrong_field_is_refused_by_its_name(
    house: House, fields: dict[str, Any], names: str
) -> None:
    before = await house.written()
    status, answer = await house.event(**fields)
    assert status == 422
    assert f"{names}: " in answer
    assert await house.written() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"1e999",
        b"NaN",
        b"[" * 100_000,
        b'{"member":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"type":"message","group":"tea","member":{"id":"\\ud800"}}',
        b'{"type":"message","group":"tea","member":{"id":"u1"},"text":"\\udfff"}',
        b'{"type":"message","group":"tea","member":{"id":"u1"},"text":"\xff\xfe"}',
    ],
)
@pytest.mark.parametrize("path", ["/sandbox/api/events", "/gateways/hook"])
async def test_json_that_is_none_too_deep_or_half_a_character(
    house: House, path: str, body: bytes
) -> None:
    before = await house.written()
    status, text = await house.post(path, body)
    assert 400 <= status < 500 or (path == "/gateways/hook" and status == 204), text
    assert await house.written() == before


async def test_a_body_that_is_too_large_is_refused(house: House) -> None:
    before = await house.written()
    status, _ = await house.post("/sandbox/api/events", b" " * (9 * 1024 * 1024))
    assert status == 413
    assert await house.written() == before


async def test_the_door_says_so_when_the_store_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call(*_: object) -> None:
        raise StoreAway("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(house.app.store, "call", call)
        assert (await house.event(text="echo 1"))[0] == 503
        async with house.http.get(f"{house.base}/sandbox/api/messages") as answer:
            assert answer.status == 503


async def test_numbers_for_ids_are_fine_where_the_platform_sends_numbers(house: House) -> None:
    message = {
        "post_type": "message",
        "message_type": "private",
        "message_id": "77",
        "user_id": 20001,
        "self_id": "10001",
        "time": "1750000000",
        "message": 5,
    }
    assert (await house.post("/gateways/hook", message))[0] in (204, 400)
    assert (await house.post("/gateways/hook", message | {"message": "echo 1"}))[0] == 204
    members = house.app.members
    async with asyncio.timeout(5):
        while (await members.member(1)) is None:
            await asyncio.sleep(0.01)
    member = await members.member(1)
    assert member
    assert member.accounts == {"hook": "20001"}
