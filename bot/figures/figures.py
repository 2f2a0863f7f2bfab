"""Figures: what a subject came to in a period, whole or cut by link, step, group, day …"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from bot.clock import utc
from bot.figures.frame import Frame, Frames
from bot.figures.keys import Keyring
from bot.figures.people import People
from bot.figures.period import Period
from bot.figures.reach import Reach, Sending
from bot.figures.row import TIMES, By, Delay, Figures, Row
from bot.figures.subject import BadSubject, Scope, Scopes, Subject
from bot.figures.tally import Tally
from bot.links.clicks import Clicks
from bot.links.days import Seen
from bot.links.links import Links
from bot.links.steps import Step
from bot.links.takings import Takings
from bot.model.phrase import Phrase
from bot.sop.versions import Versions
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Members
from bot.store.store import Store

FOLLOWED = ("replied", "checked-in", "tagged")
OF_LINKS = ("link", "campaign")
OF_STEPS = ("sop", "step", "run")
OF_PEOPLE = ("staff", "channel")
"""Cuts by what members are, which fetches do not tell."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and everything read to answer it."""

    subject: Subject
    by: By | None
    scope: Scope
    frame: Frame
    sendings: Sequence[Sending]
    keyring: Keyring

    @property
    def of_people(self) -> bool:
        """Whether only what is known of people counts, not single fetches."""
        scope = self.scope
        return self.by in OF_PEOPLE or scope.staff is not None or scope.channel is not None


class FigureRoom:
    """Makes figures; nobody else does, so they are the same wherever they are shown.

    Days and hours are those of ``zone``. Nothing is kept: the same question asked later counts
    what came meanwhile.
    """

    def __init__(
        self,
        store: Store,
        links: Links,
        clicks: Clicks,
        takings: Takings,
        members: Members,
        versions: Versions,
        zone: tzinfo,
    ) -> None:
        self._store = store
        self._links = links
        self._clicks = clicks
        self._members = members
        self._frames = Frames(store, clicks, takings)
        self._reach = Reach(store, versions, zone)
        self.scopes = Scopes(store, links, members, links.steps)
        self.zone = zone

    @property
    def today(self) -> date:
        """The day it is in ``zone``."""
        return utc(self._store.clock.now()).astimezone(self.zone).date()

    async def of(self, subject: Subject, period: Period, by: By | None = None) -> Figures:
        """All of a subject, and a row for each of what it is cut ``by``, most clicks first.

        Days and hours come in their order, without those nothing happened in. Raises BadSubject,
        StoreError.
        """
        if subject.kind in OF_PEOPLE and by in ("hour", "way"):
            raise BadSubject(Phrase("clicks of staff and channels are known by day, not closer"))
        complete = await self._clicks.complete_until()
        question = await self._read(subject, period, by)
        whole = Question(subject, None, *_rest(question))
        (total,) = await self._rows(whole, {"": _tally(whole).get("", Tally())})
        rows: list[Row] = []
        if by is not None:
            rows = await self._rows(question, _tally(question))
            rows.sort(key=lambda row: row.key if by in TIMES else (-row.clicks, row.key))
        return Figures(subject, by, period, total, tuple(rows), complete)

    async def who(
        self, subject: Subject, period: Period, measure: str, by: By | None = None, key: str = ""
    ) -> Bits:
        """The members behind a figure of the whole, or of the row with this key.

        ``measure``: "reach", "people" (who clicked), "missing" (who was reached and did not),
        "converted", or one of FOLLOWED. Raises BadSubject, StoreError.
        """
        question = await self._read(subject, period, by)
        tally = _tally(question).get(key, Tally())
        clicked = Bits.of(tally.members)
        match measure:
            case "people":
                return clicked
            case "missing":
                return tally.reach - clicked
            case "converted":
                return Bits.of(tally.converted)
            case followed if followed in FOLLOWED:
                return await self._followed(question, key, tally, followed)
        return tally.reach

    # reading

    async def _read(self, subject: Subject, period: Period, by: By | None) -> Question:
        scope = await self.scopes.of(subject)
        frame = await self._frames.read(scope, period)
        used = await self._used(scope)
        steps = {step.number: step for there in used.values() for step in there}
        sent = await self._reach.of(_wanted(scope, steps.values()), period)
        known = {one.step for one in frame.cells} | {one.step for one in frame.people}
        known |= {one.step for one in frame.taken}
        steps |= await self._links.steps.named(known)
        members = {one.member for one in frame.people if one.member}
        members |= {member for one in frame.taken for member in one.members}
        people = await People.of(self._store, self._members, sorted(members))
        keyring = Keyring(self._links, steps, used, people, self.zone)
        sendings = [one for one in sent if scope.group in (None, one.group)]
        return Question(subject, by, scope, frame, sendings, keyring)

    async def _used(self, scope: Scope) -> Mapping[int, Sequence[Step]]:
        """Each link in question with the steps whose texts had it."""
        every = (link.number for link in self._links.search(limit=self._links.count()))
        links = sorted(every if scope.links is None else scope.links)
        found = await asyncio.gather(*(self.scopes.used(link) for link in links))
        return dict(zip(links, found, strict=True))

    # making rows

    async def _rows(self, question: Question, tallies: Mapping[str, Tally]) -> list[Row]:
        return [await self._row(question, key, tally) for key, tally in tallies.items()]

    async def _row(self, question: Question, key: str, tally: Tally) -> Row:
        timed = question.by in TIMES or question.by == "way"
        reach = None if timed or not tally.reached else tally.reach
        followed = None
        if not timed and (tally.reached or self._of_links(question)):
            followed = {
                what: (await self._followed(question, key, tally, what)).count()
                for what in FOLLOWED
            }
        visitors = None if _no_visitors(question) else tally.visitors
        return Row(
            key=key,
            hits=None if question.of_people else tally.verdicts.total(),
            clicks=tally.clicks if question.of_people else tally.verdicts["click"],
            members=len(tally.members),
            visitors=visitors,
            verdicts={} if question.of_people else dict(tally.verdicts),
            reach=None if reach is None else reach.count(),
            received=None if reach is None else tally.received,
            clickers=None if reach is None else tally.clickers,
            delay=Delay.of([*tally.delays.values()]),
            followed=followed,
            conversions=tally.conversions,
            converted=len(tally.converted),
            revenue=dict(tally.revenue),
        )

    async def _followed(self, question: Question, key: str, tally: Tally, what: str) -> Bits:
        """Who did something within a day: after their click on links, else after the message."""
        keys = self._store.keys
        if self._of_links(question):
            links = question.keyring.links(question.scope, question.by, key)
            facts = [keys.link_followed(link, what) for link in links]
            found = await read(self._store, facts) if facts else {}
            return Bits.union(found.values()) & Bits.of(tally.members)
        runs = {keys.sop_members(run, what): reached for run, reached in tally.runs.items()}
        found = await read(self._store, [*runs]) if runs else {}
        return Bits.union(members & runs[name] for name, members in found.items())

    def _of_links(self, question: Question) -> bool:
        return question.by in OF_LINKS or (
            question.by is None and question.subject.kind in OF_LINKS
        )


def _rest(question: Question) -> tuple[Scope, Frame, Sequence[Sending], Keyring]:
    return question.scope, question.frame, question.sendings, question.keyring


def _wanted(scope: Scope, steps: Iterable[Step]) -> list[Step]:
    return [step for step in steps if scope.steps is None or step.number in scope.steps]


def _no_visitors(question: Question) -> bool:
    """Whether it is not known who of those nobody knows are the same person."""
    scope = question.scope
    part = (scope.steps, scope.group, scope.staff) != (None, None, None)
    hidden = question.by == "way" and part
    return question.by in ("hour", "channel") or scope.channel is not None or hidden


def _tally(question: Question) -> dict[str, Tally]:
    """Everything read, in the rows it belongs to."""
    found: defaultdict[str, Tally] = defaultdict(Tally)
    keyring, by, scope, frame = question.keyring, question.by, question.scope, question.frame
    for cell in frame.cells:
        if not question.of_people:
            found[keyring.cell(by, cell)].cell(cell)
    for person in frame.people:
        if keyring.fits(scope, person.group, person.member):
            found[keyring.person(by, person)].person(person)
    for key, one in _visitors(question, by in OF_STEPS or scope.steps is not None):
        found[key].visitors += one.visitors
    for key, one in _visitors(question, steps=True):
        found[key].seen[one.step] += one.visitors
    for sale in frame.taken:
        for key, taken in keyring.taken(by, scope, sale):
            found[key].taken(taken)
    for sending in question.sendings:
        for key, members in keyring.sending(by, scope, sending):
            found[key].sending(sending, members)
    return {key: tally for key, tally in found.items() if _told(tally)}


def _told(tally: Tally) -> bool:
    return bool(tally.verdicts or tally.clicks or tally.conversions or tally.reached)


def _visitors(question: Question, steps: bool) -> Iterator[tuple[str, Seen]]:
    """Visitors by row, from the sums that tell apart just what is wanted: ``steps`` or not, and
    groups where the question does.
    """
    if _no_visitors(question):
        return
    by, scope, keyring = question.by, question.scope, question.keyring
    groups = scope.group is not None or scope.staff is not None or by in ("group", "staff")
    for one in question.frame.seen:
        if (one.step >= 0, one.group >= 0, bool(one.way)) != (steps, groups, by == "way"):
            continue
        fits = (scope.steps is None or one.step in scope.steps) and (
            scope.group in (None, one.group)
        )
        if fits and (not groups or keyring.fits(scope, one.group, 0)):
            yield keyring.seen(by, one), one
