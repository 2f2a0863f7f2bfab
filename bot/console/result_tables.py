"""Results as tables, for files: by step, by time, by staff, and everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from bot.console.formats import Formats
from bot.console.result_words import way_word
from bot.console.sop_words import OUTCOMES, SKIPS, outcome_word, run_word
from bot.console.words import Words
from bot.i18n.mark import msgid
from bot.reports.table import Cell, Column, Kind, Row, Table
from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.report import Account, Report
from bot.sop.outcomes.results import HOLD_OUT, RESPONSES, Run
from bot.sop.outcomes.tasks import Share
from bot.sop.record import Sop
from bot.store.bits import Bits
from bot.store.members import Members

CHUNK = 500
ALL = 1_000_000
SUMS = (
    ("planned", msgid("Planned")),
    ("sent", msgid("Sent")),
    ("done", msgid("Done")),
    ("waiting", msgid("On the way")),
    ("task", msgid("With staff")),
    ("failed", msgid("Failed")),
    ("in_doubt", msgid("In doubt")),
    ("deferred", msgid("Held back by quiet hours")),
)
PEOPLE = (
    ("reach", msgid("Reached")),
    ("clickers", msgid("Clicked")),
    ("visitors", msgid("of these unknown visitors")),
    ("clicks", msgid("Clicks")),
    ("replied", msgid("Replied")),
    ("checked_in", msgid("Checked in")),
    ("tagged", msgid("Got a tag")),
    ("converted", msgid("Converted")),
)
SHARES = (
    ("clickers", msgid("Click-through")),
    ("replied", msgid("Share that replied")),
    ("checked_in", msgid("Share that checked in")),
    ("converted", msgid("Share that converted")),
)
YES = msgid("yes")


@dataclass(frozen=True, slots=True)
class ResultTables:
    """Makes tables in a reader's language; ``formats`` tells moments."""

    words: Words
    formats: Formats

    def steps(self, account: Account) -> Table:
        """A row for each step, and one for all."""
        say = self.words.say
        named = [(line.step, line.numbers) for line in account.lines]
        named.append((say(msgid("All together")), account.total))
        reasons = _reasons(numbers for _, numbers in named)
        rows = [(name, *self._numbers(numbers, reasons)) for name, numbers in named]
        return Table(
            say(msgid("Steps")), (Column(say(msgid("Step"))), *self._columns(reasons)), rows
        )

    def times(self, runs: Sequence[tuple[Run, Numbers]]) -> Table:
        """A row for each time of each step."""
        say = self.words.say
        reasons = _reasons(numbers for _, numbers in runs)
        rows = [
            (run.step, self._label(run), run.version, run.at or None, *self._numbers(n, reasons))
            for run, n in runs
        ]
        columns = (
            Column(say(msgid("Step"))),
            Column(say(msgid("Time"))),
            Column(say(msgid("Version")), "count"),
            Column(say(msgid("First due")), "moment"),
        )
        return Table(say(msgid("Times")), (*columns, *self._columns(reasons)), rows)

    def staff(self, shares: Sequence[Share]) -> Table:
        """A row for each staff member."""
        say = self.words.say
        rows = [(one.staff, one.due, one.done, one.late, one.skipped, one.open) for one in shares]
        counted = (msgid("Tasks"), msgid("Done"), msgid("Late"), msgid("Left out"), msgid("Open"))
        columns = (Column(say(msgid("Who"))), *(Column(say(one), "count") for one in counted))
        return Table(say(msgid("Staff")), columns, rows)

    def target_columns(self) -> tuple[Column, ...]:
        """What is told of everybody."""
        titles: tuple[tuple[str, Kind], ...] = (
            *((msgid("Step"), "text"), (msgid("Time"), "text"), (msgid("Version"), "count")),
            *((msgid("Number"), "text"), (msgid("Name"), "text"), (msgid("Account"), "text")),
            *((msgid("Outcome"), "text"), (msgid("Why"), "text"), (msgid("Variant"), "text")),
            *(
                (msgid("Clicked"), "text"),
                (msgid("Replied"), "text"),
                (msgid("Checked in"), "text"),
                (msgid("Got a tag"), "text"),
                (msgid("Converted"), "text"),
            ),
        )
        return tuple(Column(self.words.say(title), kind) for title, kind in titles)

    async def targets(
        self, report: Report, members: Members, sop: Sop, to: str
    ) -> AsyncIterator[list[Row]]:
        """Everybody in every run with what became of them, some rows at a time."""
        for run, numbers in await report.runs(sop, 0, ALL):
            did = await self._did(report, sop, run, numbers)
            ways = {way: await report.who(sop, f"way:{way}", run=run.id) for way in run.ways}
            for outcome in _outcomes(run):
                who = await report.who(sop, outcome, run=run.id)
                for start in range(0, who.count(), CHUNK):
                    some = who.numbers(start, CHUNK)
                    names = await _names(members, some, to)
                    why = await report.why(sop, [run.id], some) if outcome == "failed" else {}
                    yield [
                        self._target(run, n, names.get(n, ("", "")), outcome, why, ways, did)
                        for n in some
                    ]

    # inside

    async def _did(self, report: Report, sop: Sop, run: Run, numbers: Numbers) -> list[Bits | None]:
        """Who clicked, and who did each of RESPONSES; None where it is not known of this run."""
        clicked = None
        if numbers.clicked is not None:
            clicked = await report.who(sop, "clicked", run=run.id)
        return [clicked, *[await report.who(sop, one, run=run.id) for one in RESPONSES]]

    def _target(
        self,
        run: Run,
        number: int,
        name: tuple[str, str],
        outcome: str,
        why: dict[int, str],
        ways: dict[str, Bits],
        did: Sequence[Bits | None],
    ) -> Row:
        skipped = outcome.startswith("skipped:")
        reason = outcome.removeprefix("skipped:") if skipped else ""
        told = self.words.say(SKIPS.get(reason, reason)) if reason else why.get(number, "")
        ended = self.words.say(msgid("Skipped")) if skipped else outcome_word(self.words, outcome)
        way = next((w for w, who in ways.items() if number in who and w != HOLD_OUT), "")
        yes = self.words.say(YES)
        responses = [None if who is None else yes if number in who else "" for who in did]
        row = (run.step, self._label(run), run.version, str(number), *name, ended, told)
        return (*row, way_word(self.words, way) if way else "", *responses)

    def _label(self, run: Run) -> str:
        return run_word(self.words, run, self.formats.exact(run.moment) if run.moment else "")

    def _columns(self, reasons: Sequence[str]) -> list[Column]:
        say = self.words.say
        found = [Column(say(title), "count") for _, title in SUMS]
        skipped = [outcome_word(self.words, f"skipped:{reason}") for reason in reasons]
        found += [Column(title, "count") for title in skipped]
        found += [Column(say(title), "count") for _, title in PEOPLE]
        return found + [Column(say(title), "percent") for _, title in SHARES]

    def _numbers(self, numbers: Numbers, reasons: Sequence[str]) -> list[Cell]:
        found: list[Cell] = [getattr(numbers, name) for name, _ in SUMS]
        found += [numbers.skipped.get(reason, 0) for reason in reasons]
        found += [getattr(numbers, name) for name, _ in PEOPLE]
        shares = [numbers.share(getattr(numbers, name)) for name, _ in SHARES[1:]]
        return [*found, numbers.through, *shares]


def _reasons(told: Iterable[Numbers]) -> list[str]:
    """The reasons that skipped anybody, in the catalogue's order."""
    found = {reason for numbers in told for reason in numbers.skipped}
    return [reason for reason in SKIPS if reason in found]


def _outcomes(run: Run) -> list[str]:
    found = [name for name in OUTCOMES if getattr(run, name)]
    return [*found, *(f"skipped:{reason}" for reason in run.skipped)]


async def _names(members: Members, numbers: Sequence[int], to: str) -> dict[int, tuple[str, str]]:
    """What each is called, and where they are found."""
    if to == "group":
        groups = {group.number: group for group in await members.groups()}
        some = [groups[n] for n in numbers if n in groups]
        return {g.number: (g.name, str(g.conversation.group)) for g in some}
    return {
        m.number: (m.name, ", ".join(f"{g}/{a}" for g, a in m.accounts.items()))
        for m in await members.some(numbers)
    }
