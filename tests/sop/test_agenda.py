"""The agenda: what is foreseen told as entries, and which SOPs come too near each other."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.sop.foresight.agenda import Slot, slots_of
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.templates.step import Action
from bot.sop.times.schedule import day_of
from bot.store.bits import Bits

MINUTE = 60_000
HALF_AN_HOUR = 30 * MINUTE
NOON = 1_781_668_800_000
DAY = 86_400_000


def row(
    sop: str,
    minutes: int,
    *who: int,
    to: Literal["member", "group"] = "member",
    action: Action = "message",
    **more: Any,
) -> Foreseen:
    return Foreseen(sop, "tips", action, NOON + minutes * MINUTE, to, Bits.of(who), **more)


def day(ms: int) -> date:
    return day_of(ms, ZoneInfo("Asia/Shanghai"))


def slots(*rows: Foreseen, **more: Any) -> list[Slot]:
    return slots_of(rows, HALF_AN_HOUR, day, **more)


def test_a_steps_times_of_one_day_are_one_entry_that_counts_each_member_once() -> None:
    (found,) = slots(
        row("tea", 45, 3, 4), row("tea", 0, 1, 2), row("tea", 15, 2, by_staff=Bits.of([2]))
    )
    assert (found.at, found.until) == (NOON, NOON + 45 * MINUTE)
    assert (found.count, found.by_staff, found.clashes) == (4, 1, ())
    assert len(slots(row("tea", 0, 1), row("tea", 24 * 60, 1))) == 2


def test_sops_that_write_to_the_same_member_too_soon_clash_both() -> None:
    tea, run = slots(row("tea", 0, 1, 2, 3), row("run", 29, 2, 3, 4))
    assert [(one.sop, one.count) for one in tea.clashes] == [("run", 2)]
    assert [(one.sop, one.count, one.at) for one in run.clashes] == [("tea", 2, NOON)]


def test_what_nobody_gets_twice_at_once_is_no_clash() -> None:
    apart = [row("tea", 0, 1), row("run", 30, 1)]
    others = [row("tea", 0, 1), row("run", 0, 2)]
    places = [row("tea", 0, 1), row("run", 0, 1, to="group")]
    silent = [row("tea", 0, 1), row("run", 0, 1, action="tag")]
    itself = [row("tea", 0, 1), row("tea", 5, 1)]
    for rows in (apart, others, places, silent, itself):
        assert not [clash for slot in slots(*rows) for clash in slot.clashes]


def test_a_narrowed_agenda_still_tells_what_clashes_with_it() -> None:
    rows = [row("tea", 0, 1, 2), row("run", 5, 1, 2, 3)]
    (found,) = slots(*rows, sop="run")
    assert [clash.sop for clash in found.clashes] == ["tea"]
    only = {"member": Bits.of([3, 2]), "group": Bits()}
    tea, run = slots(*rows, only=only)
    assert (tea.count, run.count) == (1, 2)
    assert [clash.count for clash in run.clashes] == [1]
    assert slots(row("tea", 0, 1), only=only) == []
