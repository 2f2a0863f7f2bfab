"""Lasting: what is left of an adapter when it is closed, and what it must never tell."""

from __future__ import annotations

import asyncio
import gc
import logging
import traceback
import warnings

import pytest
from structlog.testing import capture_logs

from bot.testing.conformance.line import Line
from bot.testing.conformance.platform import Platform


class Lasting:
    """After the end nothing runs on; secrets stay secret."""

    pytestmark = pytest.mark.asyncio

    @pytest.mark.parametrize("used", [True, False], ids=["used", "never connected"])
    async def test_close_leaves_nothing_behind(self, platform: Platform, used: bool) -> None:
        gc.collect()  # what others left behind is not this adapter's
        line = Line(platform, receiving=used)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            async with line:
                if used:
                    await line.send(await line.chat(), "hello")
                await line.stop()
                left = await line.left_running()
            assert not left, f"close() leaves tasks running: {left}"
            del line
            for _ in range(5):  # what is on its way to be closed gets its turns
                await asyncio.sleep(0)
            gc.collect()
        unclosed = [str(one.message) for one in caught if one.category is ResourceWarning]
        assert not unclosed, f"close() leaves open: {unclosed}"

    async def test_close_ends_a_send_that_waits(self, platform: Platform) -> None:
        async with Line(platform) as line:
            delivery = line.delivery(await line.chat(), "hello")
            if not platform.traits.silence:
                with pytest.raises(NotImplementedError):
                    await platform.fall_silent()
                return
            await platform.fall_silent()
            failing = asyncio.create_task(line.fails(delivery))
            await line.arrives(1)
            await line.stop()
            await failing
            left = await line.left_running()
        assert not left, f"close() leaves tasks running: {left}"

    async def test_no_secret_is_told(
        self,
        platform: Platform,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        told: list[str] = []
        with capture_logs() as logged:
            for fault in _faults(platform):
                async with Line(platform) as line:
                    told += await _tries(line, fault)
                    told += line.lost
        output = capsys.readouterr()
        told += [*map(str, logged), caplog.text, output.out, output.err]
        for secret in platform.secrets:
            found = [text for text in told if secret in text]
            shown = [text.replace(secret, "<the secret>")[-600:] for text in found]
            assert not found, f"a secret was told: {shown}"


def _faults(platform: Platform) -> list[str]:
    traits = platform.traits
    faults = [error.__name__ for error in traits.refusals]
    faults += ["forged"] if traits.webhook else []
    faults += ["dropped"] if traits.ending == "ends" else []
    return faults + (["locked out"] if traits.logins else [])


async def _tries(line: Line, fault: str) -> list[str]:
    """What the errors say that a fault leads to."""
    platform = line.platform
    match fault:
        case "forged":
            await platform.forge()
            return []
        case "dropped":
            await platform.drop()
            error = await line.ended()
        case "locked out":
            await line.stop()
            await platform.lock_out()
            async with Line(platform, wait=False) as again:
                error = await again.ended()
        case _:
            delivery = line.delivery(await line.chat(), "hello")
            kinds = {kind.__name__: kind for kind in platform.traits.refusals}
            await platform.refuse(kinds[fault])
            error = await line.fails(delivery)
    return [] if error is None else ["".join(traceback.format_exception(error)), str(error)]
