"""``muster links`` on the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.links import links
from bot.clock import SystemClock
from bot.config import Config
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.links import Links
from bot.located import Problems
from bot.store.address import unix
from bot.store.store import Store
from tests.links.site import PHONE

SALE = "https://shop.example/sale"


class Setup:
    """What the commands are given, over the test's store."""

    def __init__(self, socket: str, workspace: str) -> None:
        self.config = Config()
        self._socket, self._workspace = socket, workspace

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    @asynccontextmanager
    async def open_store(self) -> AsyncIterator[Store]:
        store = Store(unix(self._socket), self._workspace, SystemClock())
        await store.open()
        yield store
        await store.close()


@pytest.fixture
def setup(valkey: str, store: Store) -> Setup:
    return Setup(valkey, store.keys.workspace)


async def muster(setup: Setup, *words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, links, words, obj=setup)


async def test_a_link_is_made_listed_and_its_clicks_are_told(setup: Setup, store: Store) -> None:
    assert "No links yet" in (await muster(setup, "list")).output
    assert "No link found" in (await muster(setup, "list", "--search", "spring")).output
    made = await muster(setup, "make", SALE, "--campaign", "spring-sale", "--json")
    short = json.loads(made.output)["short"]
    assert short.startswith("http://127.0.0.1:8080/l/")
    again = await muster(setup, "make", SALE, "--campaign", "spring-sale")
    assert again.output.strip() == short
    await click(store, short)
    assert "1 clicks  spring-sale" in (await muster(setup, "list")).output
    [row] = json.loads((await muster(setup, "list", "--search", "SPRING", "--json")).output)
    assert (row["number"], row["clicks"]) == (1, 1)


async def test_what_is_wrong_is_said(setup: Setup) -> None:
    bad = await muster(setup, "make", "javascript:alert(1)")
    assert bad.exit_code == 1
    assert "must begin with https://" in bad.output
    unknown = await muster(setup, "history", "winter")
    assert unknown.exit_code == 1
    assert "there is no link 'winter'" in unknown.output
    await muster(setup, "make", SALE, "--campaign", "a")
    await muster(setup, "make", SALE, "--campaign", "b")
    both = await muster(setup, "history", "shop")
    assert both.exit_code == 1
    assert "2 links fit" in both.output
    assert "#1" in both.output


async def test_a_link_is_changed_its_history_told_and_brought_back(setup: Setup) -> None:
    await muster(setup, "make", SALE, "--campaign", "spring-sale")
    assert (await muster(setup, "history", "1")).output == "It was never changed.\n"
    options = ("--until", "2026-12-31 22:00", "--param", "utm_source=微信", "--limit", "5")
    done = await muster(setup, "edit", "spring-sale", *options, "--title", "The sale")
    assert done.output == f"#1 The sale → {SALE} (version 2)\n"
    told = (await muster(setup, "history", "1")).output
    assert "command line" in told
    assert 'parameters: {} → {"utm_source": "微信"}' in told
    rows = json.loads((await muster(setup, "history", "1", "--json")).output)
    assert [row["version"] for row in rows] == [2, 1]
    assert rows[0]["terms"]["ends"] == 1798725600000
    back = await muster(setup, "edit", "1", "--restore", "1", "--json")
    assert json.loads(back.output)["limit"] == 0
    lost = await muster(setup, "edit", "1", "--restore", "9")
    assert "version 9 is not kept" in lost.output


async def test_a_wrong_change_is_told_at_its_place(setup: Setup, tmp_path: Path) -> None:
    await muster(setup, "make", SALE)
    wrong = await muster(setup, "edit", "1", "--until", "soon")
    assert isinstance(wrong.exception, Problems)
    assert "ends: expected a day and time" in str(wrong.exception)
    rules = tmp_path / "rules.json"
    rules.write_text('[{"url": "ftp://x.example"}]', encoding="utf-8")
    wrong = await muster(setup, "edit", "1", "--rules", str(rules))
    assert "branches[0].url" in str(wrong.exception)
    rules.write_text('[{"url": "https://x.example", "devices": ["ios"]}]', encoding="utf-8")
    good = json.loads((await muster(setup, "edit", "1", "--rules", str(rules), "--json")).output)
    assert good["branches"][0]["devices"] == ["ios"]


async def test_a_link_gets_a_word_and_a_qr_code(setup: Setup, tmp_path: Path) -> None:
    await muster(setup, "make", SALE)
    given = await muster(setup, "word", "1", "Spring-Sale")
    assert given.output == "http://127.0.0.1:8080/l/spring-sale\n"
    bad = await muster(setup, "word", "1", "a b")
    assert "a word is 2 to 60 letters" in bad.output
    drawn = await muster(setup, "qr", "spring-sale", "--word", "spring-sale")
    assert drawn.output.startswith("<?xml")
    file = tmp_path / "poster.png"
    assert (await muster(setup, "qr", "1", "--out", str(file), "--scale", "4")).exit_code == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert "must end in" in (await muster(setup, "qr", "1", "--out", "poster.gif")).output
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"GIF89a")
    assert "must be a PNG or an SVG" in (await muster(setup, "qr", "1", "--logo", str(logo))).output
    taken = await muster(setup, "word", "1", "spring-sale", "--take")
    assert taken.output == "It has no word.\n"
    assert "has no word" in (await muster(setup, "qr", "1", "--word", "spring-sale")).output


async def click(store: Store, short: str) -> None:
    """One click, counted."""
    known = Links(store, str)
    await known.open()
    at = SystemClock().now()
    hit = Hit("o", 1, at, short.rpartition("/")[2], "", "v", PHONE)
    await store.call("XADD", store.keys.hits(), "*", "hits", hit.line())
    await Counter(store, Judge(known, UTC), known.steps, "a").drain()
