"""Keys: into which rows of a cut something belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal

from bot.clock import utc
from bot.figures.frame import Taken
from bot.figures.people import People
from bot.figures.reach import Sending
from bot.figures.row import By
from bot.figures.subject import Scope
from bot.links.days import Cell, Clicked, Seen
from bot.links.links import Links
from bot.links.steps import Step
from bot.store.bits import Bits


class Keyring:
    """Names rows: a link's or group's number, a campaign, a SOP, "sop/step", a run, a staff
    member, a channel, an ISO day, an hour ("07"), a way; '' where there is none of it.
    """

    def __init__(
        self,
        links: Links,
        steps: Mapping[int, Step],
        used: Mapping[int, Sequence[Step]],
        people: People,
        zone: tzinfo,
    ) -> None:
        self._links = links
        self._steps = steps
        self._used = used
        self._people = people
        self._zone = zone

    def fits(self, scope: Scope, group: int, member: int) -> bool:
        """Whether a member in a group is of the scope's staff and channel."""
        if scope.staff is not None and self._people.staff(group, member) != scope.staff:
            return False
        return scope.channel is None or self._people.channel(member) == scope.channel

    def cell(self, by: By | None, cell: Cell) -> str:
        """Of fetches."""
        match by:
            case "hour":
                return f"{cell.hour:02}"
            case "way":
                return cell.way
            case "day":
                return cell.day.isoformat()
        return self._place(by, cell.link, cell.step, cell.group)

    def person(self, by: By | None, one: Clicked) -> str:
        """Of somebody's clicks on a day."""
        match by:
            case "hour":
                return f"{utc(one.first).astimezone(self._zone).hour:02}"
            case "way":
                return one.way
            case "day":
                return one.day.isoformat()
            case "staff":
                return self._people.staff(one.group, one.member)
            case "channel":
                return self._people.channel(one.member)
        return self._place(by, one.link, one.step, one.group)

    def seen(self, by: By | None, one: Seen) -> str:
        """Of visitors."""
        match by:
            case "day":
                return one.day.isoformat()
            case "way":
                return one.way
            case "staff":
                return self._people.staff(one.group, 0)
        return self._place(by, one.link, one.step, one.group)

    def taken(self, by: By | None, scope: Scope, one: Taken) -> Iterator[tuple[str, Taken]]:
        """Of conversions; by what members are, only their number is known, not the value."""
        if by in ("hour", "way"):
            return
        if by in ("staff", "channel") or scope.staff is not None or scope.channel is not None:
            for member, count in one.members.items():
                if self.fits(scope, one.group, member):
                    key = self._of_member(by, one, member)
                    own = {member: count}
                    yield key, replace(one, count=count, value=Decimal(0), members=own)
        elif by == "day":
            yield one.day.isoformat(), one
        else:
            yield self._place(by, one.link, one.step, one.group), one

    def sending(self, by: By | None, scope: Scope, one: Sending) -> Iterator[tuple[str, Bits]]:
        """Of whom a message reached; those the scope leaves out are left out."""
        members = one.members
        if scope.staff is not None:
            members = self._people.by_staff(one.group, members).get(scope.staff, Bits())
        if scope.channel is not None:
            members = self._people.by_channel(members).get(scope.channel, Bits())
        match by:
            case "staff":
                yield from self._people.by_staff(one.group, members).items()
            case "channel":
                yield from self._people.by_channel(members).items()
            case "link" | "campaign":
                links = [link for link, steps in self._used.items() if one.step in steps]
                for key in {self._place(by, link, 0, 0) for link in links}:
                    yield key, members
            case "day" | "hour" | "way":
                return
            case _:
                yield self._place(by, 0, one.step.number, one.group), members

    def links(self, scope: Scope, by: By | None, key: str) -> list[int]:
        """The links of a row, where rows are links or campaigns; else those of the scope."""
        links = [link for link in self._used if scope.links is None or link in scope.links]
        return [link for link in links if by is None or self._place(by, link, 0, 0) == key]

    def _of_member(self, by: By | None, one: Taken, member: int) -> str:
        match by:
            case "staff":
                return self._people.staff(one.group, member)
            case "channel":
                return self._people.channel(member)
            case "day":
                return one.day.isoformat()
        return self._place(by, one.link, one.step, one.group)

    def _place(self, by: By | None, link: int, step: int, group: int) -> str:
        match by:
            case "link":
                return str(link)
            case "campaign":
                known = self._links.get(link)
                return known.campaign if known else ""
            case "group":
                return str(group)
            case "sop" | "step" | "run":
                return self._step(by, step)
        return ""

    def _step(self, by: By, number: int) -> str:
        step = self._steps.get(number, Step(number))
        if by == "run":
            return step.run or step.name
        if by == "sop":
            return step.sop
        return f"{step.sop}/{step.step}" if step.sop else step.name
