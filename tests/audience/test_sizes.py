"""How many a segment had, a point a day."""

from __future__ import annotations

from datetime import date

from bot.audience.sizes import Sizes
from tests.audience.conftest import Village


async def test_a_segment_is_counted_once_a_day(village: Village) -> None:
    sizes = Sizes(village.store, village.segments, village.algebra, village.days)
    one = await village.member("a")
    await village.segments.save("all", "everyone", "ann")
    await village.segments.save("vips", "tag:vip", "ann")
    assert await sizes.tick() == 2
    await village.member("b")
    assert await sizes.tick() == 0
    village.clock.advance(86_400)
    await village.tag("vip", one)
    assert await sizes.tick() == 2
    assert await sizes.of("all") == [(date(2026, 6, 17), 1), (date(2026, 6, 18), 2)]
    assert await sizes.several(["vips", "none"], 1) == {
        "vips": [(date(2026, 6, 18), 1)],
        "none": [],
    }


async def test_what_cannot_be_told_has_no_point(village: Village) -> None:
    sizes = Sizes(village.store, village.segments, village.algebra, village.days)
    await village.segments.save("inner", "everyone", "ann")
    await village.segments.save("outer", "segment:inner", "ann")
    await village.store.call("HDEL", village.keys.segments(), "inner")
    assert await sizes.tick() == 0
    assert await sizes.of("outer") == []
