"""What a redirect is on the wire, whoever asks for it."""

from __future__ import annotations

import asyncio

import pytest

from bot.links.codes import Code
from bot.links.moved import Dates, Moved
from bot.testing.clock import TestClock
from tests.links.site import Site

SALE = "https://shop.example/sale"


async def _raw(site: Site, request: bytes) -> list[str]:
    """The lines of all answers until the server closes or is silent."""
    host, _, port = site.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    told = b""
    while part := await reader.read(65536):
        told += part
    writer.close()
    await writer.wait_closed()
    return told.decode().split("\r\n")


def _ask(path: str, version: str = "1.1", *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: x", *headers, "", ""]).encode()


async def test_requests_in_a_row_are_answered_in_a_row(site: Site) -> None:
    path = "/l/" + site.links.codes.pack(Code(await site.links.make(SALE)))
    last = _ask(path, "1.1", "Connection: close")
    lines = await _raw(site, _ask(path) + _ask(path) + last)
    assert [line for line in lines if line.startswith("HTTP/")] == ["HTTP/1.1 302 Found"] * 3
    assert lines.count(f"Location: {SALE}") == 3
    assert lines.count("Cache-Control: no-store") == 3
    assert lines.count("Referrer-Policy: no-referrer") == 3
    assert lines.count("Content-Length: 0") == 3
    assert sum(line.startswith("Date: ") and line.endswith(" GMT") for line in lines) == 3
    assert lines.count("Connection: close") == 1
    await site.counter.drain()
    assert site.verdicts["bot"] == 3  # no browser asks without a name


async def test_an_old_client_gets_its_answer_and_its_end(site: Site) -> None:
    path = "/l/" + site.links.codes.pack(Code(await site.links.make(SALE)))
    lines = await _raw(site, _ask(path, "1.0"))
    assert lines[0] == "HTTP/1.0 302 Found"
    assert f"Location: {SALE}" in lines


def test_the_date_is_the_clocks() -> None:
    clock = TestClock(1_789_000_000_000)
    dates = Dates(clock)
    assert dates.line() == b"Date: Thu, 10 Sep 2026 00:26:40 GMT\r\n"
    clock.advance(1)
    assert dates.line() == b"Date: Thu, 10 Sep 2026 00:26:41 GMT\r\n"


def test_a_destination_cannot_bring_headers_of_its_own() -> None:
    with pytest.raises(ValueError, match="control"):
        Moved("https://shop.example/\r\nSet-Cookie: a=b", Dates(TestClock(0)))
