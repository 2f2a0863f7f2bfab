"""Segments: saved audiences that others use, without circles."""

from __future__ import annotations

import asyncio

import pytest

from bot.audience.segments import SegmentInUse
from bot.delivery.journal import Journal
from bot.located import Problems
from tests.audience.conftest import Village


async def test_a_segment_is_used_by_others_and_follows_its_changes(village: Village) -> None:
    a, b = [await village.member(name) for name in "ab"]
    await village.tag("vip", a)
    await village.tag("gold", b)
    await village.segments.save("best", "tag:vip", "ann")
    await village.segments.save("rest", "not segment:best", "ann")
    assert await village.who("segment:rest") == [b]
    await village.segments.save("best", "tag:gold", "bob")
    assert await village.who("segment:rest") == [a]
    assert await village.who("segment:rest and segment:best") == []
    best = await village.segments.get("best")
    assert best is not None
    assert (str(best.audience), best.by, best.at) == ("tag:gold", "bob", village.clock.now())
    assert [one.name for one in await village.segments.all()] == ["best", "rest"]


async def test_a_segment_cannot_lead_back_to_itself(village: Village) -> None:
    await village.segments.save("a", "everyone", "ann")
    await village.segments.save("b", "segment:a", "ann")
    await village.segments.save("c", "not segment:b", "ann")
    for text in ("segment:a", "tag:x and segment:c"):
        with pytest.raises(Problems, match="leads back to itself"):
            await village.segments.save("a", text, "ann")


async def test_two_who_close_a_circle_at_once_do_not_succeed_both(village: Village) -> None:
    await village.segments.save("a", "everyone", "ann")
    await village.segments.save("b", "everyone", "ann")
    results = await asyncio.gather(
        village.segments.save("a", "segment:b", "ann"),
        village.segments.save("b", "segment:a", "bob"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Problems) for result in results) == 1
    assert await village.who("segment:a") == []


async def test_segments_that_double_each_other_are_quick(village: Village) -> None:
    number = await village.member("a")
    await village.segments.save("s0", "everyone", "ann")
    for n in range(40):
        await village.segments.save(f"s{n + 1}", f"segment:s{n} or not segment:s{n}", "ann")
    assert await village.who("segment:s40") == [number]


async def test_a_segment_in_use_stays(village: Village) -> None:
    await village.segments.save("a", "everyone", "ann")
    await village.segments.save("b", "segment:a", "ann")
    with pytest.raises(SegmentInUse, match='"a" is used by b'):
        await village.segments.delete("a", "ann")
    assert await village.segments.delete("b", "ann")
    assert await village.segments.delete("a", "ann")
    assert not await village.segments.delete("a", "ann")


async def test_every_change_is_in_the_audit(village: Village) -> None:
    await village.segments.save("best", "tag:vip", "ann")
    await village.segments.save("best", "tag:gold", "bob")
    await village.segments.delete("best", "cleo")
    audit = await Journal(village.store).recent(key=village.keys.audit())
    assert [(entry.what, entry.source, entry.text) for _, entry in audit] == [
        ("segment.deleted", "segment best, by cleo", "tag:gold"),
        ("segment.saved", "segment best, by bob", "tag:vip → tag:gold"),
        ("segment.saved", "segment best, by ann", " → tag:vip"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "everyone"),
        (" x", "everyone"),
        ("x" * 61, "everyone"),
        ("a\nb", "everyone"),
        ("x", "tag:"),
        ("x", "segment:none"),
    ],
)
async def test_what_cannot_be_saved(village: Village, name: str, text: str) -> None:
    with pytest.raises(Problems):
        await village.segments.save(name, text, "ann")
    assert await village.segments.all() == []
