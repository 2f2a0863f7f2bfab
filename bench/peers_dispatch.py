"""The peers' side of bench.dispatch: runs in .venv-bench and prints events per second as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

SECONDS = 0.7
AT_LEAST = 3

Feed = Callable[[dict[str, Any]], Awaitable[Any]]
Count = list[int]


async def measure(feed: Feed, make: Callable[[int], dict[str, Any]], handled: Count) -> float:
    """Events per second over at least SECONDS; each event must reach its handler."""
    await feed(make(0))
    handled[0] = events = 0
    raws = [make(number) for number in range(1, 2_001)]
    started = time.perf_counter()
    while (seconds := time.perf_counter() - started) < SECONDS or events < AT_LEAST:
        await feed(raws[events % len(raws)])
        events += 1
    assert handled[0] == events, f"{handled[0]} of {events} events handled"
    return events / seconds


async def aiogram(rules: int, kind: str, chance: random.Random) -> float:
    """aiogram from a raw update to the handler."""
    from aiogram import Bot, Dispatcher, F  # type: ignore[import-not-found]
    from aiogram.filters import Command  # type: ignore[import-not-found]

    dispatcher, bot, handled = Dispatcher(), Bot("42:TEST"), [0]
    for number in range(rules):
        chosen = (
            F.text == f"第{number}号几点开门" if kind == "F.text" else Command(f"topic{number}")
        )

        @dispatcher.message(chosen)  # type: ignore[untyped-decorator]
        async def answer(message: Any) -> None:
            handled[0] += 1

    def make(number: int) -> dict[str, Any]:
        rule = chance.randrange(rules)
        text = f"第{rule}号几点开门" if kind == "F.text" else f"/topic{rule}"
        person = {"id": 1 + chance.randrange(10_000), "is_bot": False, "first_name": "小明"}
        message = {
            "message_id": number + 1,
            "date": 1_700_000_000 + number,
            "chat": {"id": person["id"], "type": "private", "first_name": "小明"},
            "from": person,
            "text": text,
        }
        return {"update_id": number + 1, "message": message}

    async def feed(raw: dict[str, Any]) -> None:
        await dispatcher.feed_raw_update(bot, raw)

    try:
        return await measure(feed, make, handled)
    finally:
        await bot.session.close()


async def nonebot2(rules: int, kind: str, chance: random.Random) -> float:
    """nonebot2 from a raw OneBot event to the handler."""
    import nonebot
    from nonebot.adapters.onebot.v11 import Adapter, Bot, Event
    from nonebot.matcher import matchers

    matchers.clear()
    handled = [0]
    for number in range(rules):
        word = f"第{number}号几点开门"
        matcher = nonebot.on_keyword({word}) if kind == "on_keyword" else nonebot.on_fullmatch(word)

        @matcher.handle()
        async def answer() -> None:
            handled[0] += 1

    def make(number: int) -> dict[str, Any]:
        word = f"第{chance.randrange(rules)}号几点开门"
        text = f"请问{word}，谢谢" if kind == "on_keyword" else word
        person = 1 + chance.randrange(10_000)
        return {
            "time": 1_700_000_000 + number,
            "self_id": 42,
            "post_type": "message",
            "message_type": "group",
            "sub_type": "normal",
            "message_id": number + 1,
            "group_id": 1 + chance.randrange(100),
            "user_id": person,
            "message": [{"type": "text", "data": {"text": text}}],
            "raw_message": text,
            "font": 0,
            "sender": {"user_id": person, "nickname": "小明"},
        }

    bot = Bot(nonebot.get_adapter(Adapter), "42")

    async def feed(raw: dict[str, Any]) -> None:
        event = Adapter.json_to_event(raw)
        assert isinstance(event, Event)
        await bot.handle_event(event)

    return await measure(feed, make, handled)


def start_nonebot() -> None:
    """Prepare nonebot2 without a server and without a log."""
    import nonebot
    from nonebot.adapters.onebot.v11 import Adapter

    nonebot.logger.remove()
    nonebot.init(driver="~none", log_level="CRITICAL")
    nonebot.get_driver().register_adapter(Adapter)


def main() -> None:
    """Measure everything once, seeded by the first argument."""
    logging.disable(logging.CRITICAL)
    chance = random.Random(sys.argv[1])
    start_nonebot()
    results = {}
    for rules in (100, 1000):
        for kind in ("on_fullmatch", "on_keyword"):
            value = asyncio.run(nonebot2(rules, kind, chance))
            results[f"nonebot2 {kind}, {rules} rules"] = value
        for kind in ("F.text", "Command"):
            results[f"aiogram {kind}, {rules} rules"] = asyncio.run(aiogram(rules, kind, chance))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
