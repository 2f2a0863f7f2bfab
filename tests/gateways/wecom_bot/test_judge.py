"""WeCom's own SDK (npm @wecom/aibot-node-sdk) judges the server our adapter is tested against."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.gateways.wecom_bot.files import decrypted
from bot.store.store import Store
from bot.testing.wecom_bot import AiBotServer, Variants
from bot.testing.wecom_bot.blobs import encrypted

from ..clock import MovableClock
from .bot import Bot

pytestmark = pytest.mark.judge

HERE = Path(__file__).parent
JUDGES = HERE.parent / "judges"


class Judge:
    """The SDK in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tells(self, until: str) -> list[dict[str, Any]]:
        """What happens to it, up to something; fails when its process ends before."""
        assert self._process.stdout
        told: list[dict[str, Any]] = []
        while not told or told[-1]["what"] != until:
            line = await asyncio.wait_for(self._process.stdout.readline(), 15)
            assert line, f"the judge ended after {told}"
            told.append(json.loads(line))
        return told


@asynccontextmanager
async def judged(
    wecom: AiBotServer, secret: str = "", heartbeat: int = 30_000
) -> AsyncIterator[Judge]:
    assert (JUDGES / "node_modules").exists(), f"first: npm ci --ignore-scripts --prefix {JUDGES}"
    words = (str(JUDGES), wecom.url, wecom.bot_id, secret or wecom.secret, str(heartbeat))
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "judge.cjs"),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Judge(process)
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        if process.stdout:
            await process.stdout.read()


def _outcomes(told: list[dict[str, Any]]) -> list[tuple[str, int | None]]:
    return [(one["what"], one["errcode"]) for one in told if "errcode" in one]


@pytest.mark.parametrize("group", [None, "wrCase"])
async def test_the_sdk_hears_and_answers_in_every_way(group: str | None) -> None:
    async with AiBotServer(SystemClock()) as wecom, judged(wecom) as judge:
        await judge.tells("authenticated")
        await wecom.says("Zhang", "几点开门", group=group)
        told = await judge.tells("done")
        heard = told[0]
        assert (heard["text"], heard["from"]) == ("几点开门", "Zhang")
        assert heard["chattype"] == ("group" if group else "single")
        assert _outcomes(told) == [
            ("stream", 0),
            ("stream", 0),
            ("card", 0),
            ("media", 0),
            ("push", 0),
            ("push", 93006),  # in lower case
        ]
        kinds = [shown.body["msgtype"] for shown in wecom.shown]
        assert kinds == ["stream", "template_card", "file", "markdown"]
        assert wecom.shown[0].text == "九点"
        [upload] = wecom.world.media.values()
        assert (upload.filename, upload.chunks) == ("菜单.pdf", 3)
        assert upload.data == (b"tea" * 400_000)


async def test_the_sdk_greets_and_changes_cards() -> None:
    async with AiBotServer(SystemClock()) as wecom, judged(wecom) as judge:
        await judge.tells("authenticated")
        await wecom.enters("z")
        told = await judge.tells("done")
        assert _outcomes(told) == [("stream on an event", 846605), ("welcome", 0)]
        await wecom.clicks("z", "yes")
        assert _outcomes(await judge.tells("done")) == [("update", 0)]


@pytest.mark.parametrize("size", [7, 32, 40_000])
async def test_the_sdk_and_we_open_the_same_file(store: Store, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    async with AiBotServer(SystemClock()) as wecom, judged(wecom) as judge:
        await judge.tells("authenticated")
        await wecom.sends("z", "file", data, "菜单.pdf")
        [told] = await judge.tells("opened")
        assert (base64.b64decode(told["data"]), told["filename"]) == (data, "菜单.pdf")
    sealed = encrypted(data, KEY)
    assert decrypted(sealed, KEY) == data
    assert await by_the_sdk(sealed) == data


KEY = bytes(range(32))
OPEN = """
const [folder, key] = process.argv.slice(1);
const { createRequire } = require('node:module');
const { decryptFile } = createRequire(`${folder}/`)('@wecom/aibot-node-sdk');
const parts = [];
process.stdin.on('data', (part) => parts.push(part));
process.stdin.on('end', () => process.stdout.write(decryptFile(Buffer.concat(parts), key)));
"""


async def by_the_sdk(sealed: bytes) -> bytes:
    """What WeCom's SDK finds in a file."""
    process = await asyncio.create_subprocess_exec(
        *("node", "-e", OPEN, str(JUDGES), base64.b64encode(KEY).decode()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(15):
        found, _ = await process.communicate(sealed)
    return found


async def test_the_sdk_gives_up_on_a_wrong_secret() -> None:
    async with AiBotServer(SystemClock()) as wecom, judged(wecom, "wrong") as judge:
        told = await judge.tells("error")
        while told[-1].get("code") != "WS_AUTH_FAILURE_EXHAUSTED":
            told += await judge.tells("error")
        refusals = [one["error"] for one in told if "853000" in one.get("error", "")]
        assert len(refusals) == 3


async def test_the_sdk_comes_back_when_its_pings_are_not_answered() -> None:
    async with AiBotServer(SystemClock()) as wecom, judged(wecom, heartbeat=50) as judge:
        await judge.tells("authenticated")
        await wecom.until("ping", 3)
        wecom.faults.deaf = True
        await judge.tells("disconnected")
        wecom.faults.deaf = False
        await judge.tells("authenticated")
        assert wecom.connections == 2


@pytest.mark.parametrize("closes", [True, False])
async def test_our_adapter_evicts_the_sdk_which_stays_away(store: Store, closes: bool) -> None:
    variants = Variants(closes_evicted=closes)
    async with AiBotServer(SystemClock(), variants=variants) as wecom, judged(wecom) as judge:
        await judge.tells("authenticated")
        login = {"url": wecom.url, "bot_id": wecom.bot_id, "secret": wecom.secret}
        async with Bot(store, MovableClock(), **login) as bot:
            await bot.becomes("online")
            await judge.tells("evicted")
            await judge.tells("disconnected")
            await wecom.says("z", "hi")
            await bot.next()
            assert wecom.connections == 2
