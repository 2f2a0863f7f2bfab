"""Conditions: who a route is for and when, in words, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.audience.reading import Reading
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.routing.fold import fold
from bot.settings.conditions import WEEKDAYS, RouteConditions
from bot.settings.spans import blacked_out
from bot.store.store import Store

What = Literal["gateway", "weekdays", "hours", "dates", "attribute", "audience"]

ONLY: dict[What, str] = {
    "gateway": msgid("only for who asks at {value}"),
    "weekdays": msgid("only on {value}"),
    "hours": msgid("only at {value}"),
    "dates": msgid("only on {value}"),
    "attribute": msgid("only for members whose {name} is {value}"),
    "audience": msgid("only for {value}"),
}
_TIMES: tuple[What, ...] = ("dates", "weekdays", "hours")
DAYS: dict[str, str] = {
    "mon": msgid("Monday"),
    "tue": msgid("Tuesday"),
    "wed": msgid("Wednesday"),
    "thu": msgid("Thursday"),
    "fri": msgid("Friday"),
    "sat": msgid("Saturday"),
    "sun": msgid("Sunday"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold; ``name`` is the attribute's."""

    what: What
    values: tuple[str, ...]
    name: str = ""

    def text(self, translate: Callable[[str], str]) -> str:
        """It in words: "only for members who are tagged “vip”"."""
        said = list(self.values)
        if self.what == "weekdays":
            said = [translate(DAYS[day]) for day in self.values]
        elif self.what == "audience":
            said = [Reading(translate).of(Audience.parse(self.values[0]))]
        value = translate(msgid(", ")).join(said)
        return Phrase(ONLY[self.what], value=value, name=self.name).said(translate)

    @property
    def kept(self) -> str:
        """It as the journal keeps it, with its audience as it is written; see ``heard``."""
        days = self.what == "weekdays"
        value = ", ".join(DAYS[one] if days else one for one in self.values)
        return Phrase(ONLY[self.what], value=value, name=self.name)


def heard(reason: str) -> Phrase | None:
    """What the journal keeps of a condition that did not hold: "night: only on Saturday"."""
    for text in sorted(set(ONLY.values()), key=len, reverse=True):
        found = Phrase.heard(reason, (f"{{route}}: {text}",))
        if found.values:
            said = {**found.values, "value": _days(str(found.values["value"]))}
            return Phrase("{route}: {why}", route=said.pop("route"), why=Phrase(text, **said))
    return None


def _days(value: str) -> str:
    """Days of the week, to be translated each; other values as they are."""
    days = {f"day{n}": Phrase(one) for n, one in enumerate(value.split(", "))}
    if not {*days.values()} <= {*DAYS.values()}:
        return value
    return Phrase(", ".join(f"{{{name}}}" for name in days), **days)


def conditions_of(when: RouteConditions) -> Iterator[Condition]:
    """Its conditions, those first that cost least to look at."""
    if when.gateways:
        yield Condition("gateway", when.gateways)
    if when.dates:
        yield Condition("dates", when.dates)
    if when.weekdays:
        yield Condition("weekdays", when.weekdays)
    if when.hours:
        yield Condition("hours", (when.hours,))
    for name, values in when.attributes.items():
        yield Condition("attribute", values, name)
    if when.audience:
        yield Condition("audience", (when.audience,))


def unjudged(when: RouteConditions) -> tuple[Condition, ...]:
    """Its conditions that are about a member, whom somebody may not have chosen yet."""
    return tuple(one for one in conditions_of(when) if one.what not in _TIMES)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, when (UTC ms) and at which gateways; member 0: nobody in particular."""

    at: int
    member: int = 0
    gateways: Collection[str] = ()


class Conditions:
    """Says which condition of a route does not hold for somebody."""

    def __init__(self, store: Store, algebra: Algebra, zone: ZoneInfo) -> None:
        self._store = store
        self._algebra = algebra
        self._zone = zone

    async def unmet(self, when: RouteConditions, asker: Asker) -> Condition | None:
        """The first that does not; of nobody in particular only the time is judged.

        Raises StoreError.
        """
        closed = closed_by(when, datetime.fromtimestamp(asker.at / 1000, self._zone))
        for condition in conditions_of(when):
            if not await self._holds(condition, asker, closed):
                return condition
        return None

    def closed(self, when: RouteConditions, at: int) -> bool:
        """Whether it is not the time for it at ``at`` (UTC ms), but will be again."""
        local = datetime.fromtimestamp(at / 1000, self._zone)
        return closed_by(when, local) is not None and not never_holds(when, local.date())

    async def unknown(self, when: RouteConditions) -> Phrase | None:
        """What its audience names that is not there, so that it may never hold."""
        if when.audience is None:
            return None
        problems = await self._algebra.check(Audience.parse(when.audience))
        if not problems:
            return None
        first = problems[0]
        text = msgid("only for {audience}: {what}")
        return Phrase(text, audience=first.key, what=Phrase.of(first.message))

    async def _holds(self, condition: Condition, asker: Asker, closed: What | None) -> bool:
        if condition.what in _TIMES:
            return condition.what != closed
        if not asker.member:
            return True
        if condition.what == "gateway":
            return not asker.gateways or bool({*condition.values} & {*asker.gateways})
        if condition.what == "attribute":
            return await self._has(asker.member, condition.name, condition.values)
        try:
            meant = await self._algebra.members(Audience.parse(condition.values[0]))
        except Problems:  # a segment that is gone: nobody is in it
            return False
        return asker.member in meant

    async def _has(self, member: int, name: str, values: Collection[str]) -> bool:
        key = self._store.keys.member(member)
        value = await self._store.text("HGET", key, f"attribute:{name}")
        return value is not None and fold(value) in map(fold, values)


def closed_by(when: RouteConditions, at: datetime) -> What | None:
    """Which of dates, weekdays and hours says no at a local time; None when none does.

    Hours over midnight belong to the day on which they began.
    """
    start, _, end = (when.hours or "00:00-24:00").partition("-")
    time, day = f"{at:%H:%M}", at.date()
    if start < end and not start <= time < end:
        return "hours"
    if start > end:
        if end <= time < start:
            return "hours"
        day -= timedelta(days=time < end)
    if when.dates and not blacked_out(day, when.dates):
        return "dates"
    if when.weekdays and WEEKDAYS[day.weekday()] not in when.weekdays:
        return "weekdays"
    return None


def never_holds(when: RouteConditions, today: date) -> bool:
    """Whether its dates are over, or none of them is on one of its weekdays."""
    ends = [date.fromisoformat(span.rpartition("/")[2]) for span in when.dates]
    if not ends:
        return False
    if max(ends) < today:
        return True
    starts = [date.fromisoformat(span.partition("/")[0]) for span in when.dates]
    days = {
        WEEKDAYS[(max(start, today) + timedelta(days=n)).weekday()]
        for start, end in zip(starts, ends, strict=True)
        for n in range(min(7, (end - max(start, today)).days + 1))
    }
    return bool(when.weekdays) and not days & {*when.weekdays}
