"""The jury: what becomes of many targets of a SOP at once, as the judge would say of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from bot.clock import Days
from bot.model.delivery import Cap
from bot.sop.engine.turn import PROMPT
from bot.sop.engine.verdict import GONE
from bot.sop.foresight.ahead import Ahead
from bot.sop.foresight.outlook import Outlook, told_later
from bot.sop.foresight.rows import Row
from bot.sop.foresight.tally import Tally
from bot.sop.templates.step import CAME, TIMED_OUT, Step
from bot.sop.times.window import moment_gateway, quota_cap
from bot.store.bits import Bits


@dataclass(slots=True)
class Told:
    """Who gets a row's step, of these whom staff must write to, who not and why.

    ``later`` are the rows this leads to. Not ``certain``: it hangs on what is not known yet.
    """

    who: Bits = field(default_factory=Bits)
    by_staff: Bits = field(default_factory=Bits)
    skipped: dict[str, Bits] = field(default_factory=dict)
    later: list[Row] = field(default_factory=list)
    certain: bool = True

    def skip(self, reason: str, who: Bits) -> None:
        """These get nothing."""
        if who:
            self.skipped[reason] = self.skipped.get(reason, Bits()) | who


class Jury:
    """Judges the rows of one SOP, in the order they are due; caps are counted in ``tally``."""

    def __init__(
        self, outlook: Outlook, ahead: Ahead, tally: Tally, quits: Callable[[str, Bits], None]
    ) -> None:
        """``quits`` is told who gets nothing more of a SOP."""
        self._look = outlook
        self._ahead = ahead
        self._tally = tally
        self._quit = quits
        self._sops = outlook.sops

    async def judge(self, row: Row) -> Told:
        """What becomes of a row's targets."""
        told, look, step = Told(), self._look, row.step
        who = self._ahead.new(row)
        if step is None:
            told.skip("step removed", who)
            return told
        if row.seed:
            told.later += [one async for one in self._ahead.places(row, who)]
            return told
        told.certain = row.certain and not told_later(step) and step.action != "route"
        for reason, those in await look.gone(who, away=row.away):
            told.skip(reason, those & who)
            who -= those
        unmet = await look.unmet(step, who)
        told.skip("condition", unmet)
        who -= unmet
        if step.action in PROMPT:
            await self._at_once(row, step, who, told)
        else:
            for zone, those in self._open(row, step, who, told):
                await self._write(row, step, zone, those, told)
            self._follow(row, step, told)
        left = Bits.union(those for why, those in told.skipped.items() if why not in GONE)
        told.later += self._ahead.following(row, left, [""])
        return told

    # at once

    async def _at_once(self, row: Row, step: Step, who: Bits, told: Told) -> None:
        follow = self._ahead.following
        if step.action == "wait":
            self._wait(row, step, who, told)
            return
        if step.action == "branch":
            for way in step.branch:
                fits = who
                if way.condition is not None:
                    fits &= await self._look.turn.crowd.of(way.condition)
                told.who |= fits
                told.later += follow(row, fits, ["", way.name], certain=False)
                who -= fits
            told.skip("condition", who)
            return
        if step.action == "start" and not await self._runs(str(step.start)):
            told.skip("no such SOP", who)
            return
        if step.action == "stop":
            self._quit(str(step.stop), who)
        told.who = who
        told.later += follow(row, who, [""])

    def _wait(self, row: Row, step: Step, who: Bits, told: Told) -> None:
        follow = self._ahead.following
        if row.waiting:
            told.later += follow(row, who, ["", TIMED_OUT], certain=False)
            return
        assert step.wait is not None
        told.who = who
        told.later += follow(row, who, [CAME], certain=False)
        ends = row.due + int(step.wait.most * 1000)
        told.later.append(
            replace(row, due=ends, who=lambda: who, once=False, waiting=True, certain=False)
        )

    async def _runs(self, ident: str) -> bool:
        store = self._sops.means.store
        state = await store.text("HGET", store.keys.sop_state(), ident)
        return state is not None and state.startswith(("running/", "paused/"))

    # messages and tasks

    def _open(self, row: Row, step: Step, who: Bits, told: Told) -> Iterator[tuple[ZoneInfo, Bits]]:
        """Who may be written to at this moment, by their zones; the others are put off."""
        guards = row.flight.template.guards
        fixed = self._look.turn.zone_of(None) if step.action == "moment" else row.zone
        for zone, those in [(fixed, who)] if fixed else self._look.zones(who):
            opening = self._sops.windows.opening(row.due, zone, guards.blackout)
            if opening.due == row.due:
                yield zone, those
            elif guards.quiet == "drop" and opening.why == "quiet hours":
                told.skip("quiet hours", those)
            elif those:
                told.later.append(_put_off(row, opening.due, zone, those))

    async def _write(self, row: Row, step: Step, zone: ZoneInfo, who: Bits, told: Told) -> None:
        look, can = self._look, self._sops.means.capabilities
        if step.holdout:
            held = await look.held(step, who)
            told.skip("hold-out", held)
            who -= held
        if step.task is not None:
            told.who, told.by_staff = told.who | who, told.by_staff | who
            return
        unreached = who - Bits.union(look.via.values())
        told.skip("cannot be reached", unreached)
        who -= unreached
        moment = step.action == "moment"
        if moment:
            able = Bits.union(those for name, those in look.via.items() if can(name).moments)
            told.skip("no moments", who - able)
            who &= able
        for caps, those in self._capped(row, zone, who):
            full = await self._tally.full(caps, those) if caps else Bits()
            told.skip("frequency cap", full)
            if told.certain:  # what may not happen keeps nobody from anything
                self._tally.count(caps, those - full)
            told.who |= those - full
        asks = [name for name in look.via if moment or can(name).staff_confirm]
        told.by_staff = told.who & Bits.union(look.via[name] for name in asks)

    def _capped(
        self, row: Row, zone: ZoneInfo, who: Bits
    ) -> Iterator[tuple[tuple[Cap, ...], Bits]]:
        """Whom which caps and quotas are for; those by the sending staff member are not told."""
        template, turn = row.flight.template, self._look.turn
        kind = "m" if self._look.personal else "g"
        moment = row.step is not None and row.step.action == "moment"
        windows = self._sops.windows
        usual = windows.caps(kind, row.due, zone, template.topic, template.guards)
        usual = () if moment else usual
        ours = turn.zone_of(None)
        day = Days(ours.key).of(row.due)
        for name, theirs in self._look.via.items():
            can = self._sops.means.capabilities(name)
            under = moment_gateway(name) if moment else name
            quotas = [
                quota_cap(quota, under, kind, day, ours)
                for quota in (can.moment_quotas if moment else can.quotas)
                if quota.per[0] == kind
            ]
            if quotas and (those := who & theirs):
                yield (*usual, *quotas), those
                who -= those
        if who:
            yield usual, who

    def _follow(self, row: Row, step: Step, told: Told) -> None:
        """What comes after it was sent; after staff did something nobody knows when."""
        by_us = told.who - told.by_staff
        ways = {one.follows for one in row.flight.template.step}
        told.later += self._ahead.following(row, by_us, [""])
        told.later += self._ahead.following(row, told.by_staff, [""], certain=False)
        for variant in step.variant:
            if f"{step.id}/{variant.name}" in ways:
                told.later += self._ahead.following(row, by_us, [variant.name])


def _put_off(row: Row, until: int, zone: ZoneInfo, who: Bits) -> Row:
    return replace(row, due=until, zone=zone, who=lambda: who, once=False, seed="", deferred=True)
