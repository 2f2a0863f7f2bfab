"""Names: what the subjects and rows of figures are called, in a reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from bot.clock import utc
from bot.figures.row import By
from bot.figures.subject import Subject
from bot.figures.tongue import Words
from bot.i18n.mark import msgid
from bot.links.branch_words import conditions
from bot.links.desk import Desk
from bot.links.links import Links
from bot.links.terms import Terms
from bot.sop.record import ALWAYS
from bot.sop.sops import Sops
from bot.store.members import Members

BYS: dict[By, str] = {
    "day": msgid("Day"),
    "hour": msgid("Hour"),
    "link": msgid("Link"),
    "campaign": msgid("Campaign"),
    "sop": "SOP",
    "step": msgid("Step"),
    "run": msgid("Run"),
    "group": msgid("Group"),
    "staff": msgid("Staff"),
    "channel": msgid("Channel"),
    "way": msgid("Rule"),
}
"""What the rows of a cut are."""
NONE: dict[By, str] = {
    "link": msgid("No link"),
    "campaign": msgid("No campaign"),
    "sop": msgid("No SOP"),
    "step": msgid("No step: written by hand or by a handler"),
    "run": msgid("No step: written by hand or by a handler"),
    "group": msgid("Direct chats and short links"),
    "staff": msgid("nobody in particular"),
    "channel": msgid("not known"),
    "way": msgid("Before it had rules"),
}
"""What the row is called that has none of it."""


class Names:
    """Finds names; what is gone is called by its key."""

    def __init__(
        self, links: Links, desk: Desk, members: Members, sops: Sops, zone: tzinfo
    ) -> None:
        self._links = links
        self._desk = desk
        self._members = members
        self._sops = sops
        self.zone = zone

    async def of(
        self, by: By, keys: Iterable[str], words: Words, subject: Subject | None = None
    ) -> dict[str, str]:
        """The name of each row's key; days stay ISO. Ways have names where ``subject`` is a link.

        Raises StoreError.
        """
        every = {*keys}
        nothing = {key for key in every if key in ("", "0") and by in NONE}
        asked = every - nothing
        found = dict.fromkeys(nothing, words.say(NONE[by])) if nothing else {}
        match by:
            case "link":
                found |= {key: self._link(key) for key in asked}
            case "group":
                found |= await self._groups(asked)
            case "sop" | "step" | "run":
                titles = await self._titles(words)
                found |= {key: self._step(by, key, titles, words) for key in asked}
            case "way":
                found |= await self._ways(asked, subject, words)
            case "hour":
                found |= {key: f"{key}:00" for key in asked}
            case _:
                found |= {key: key for key in asked}
        return found

    async def subject(self, subject: Subject, words: Words) -> str:
        """What a subject is called; raises StoreError."""
        match subject.kind:
            case "all":
                return words.say(msgid("All links"))
            case kind:
                return (await self.of(kind, [subject.name], words))[subject.name]

    def _link(self, key: str) -> str:
        link = self._links.get(int(key))
        return link.name if link else f"#{key}"

    async def _groups(self, keys: set[str]) -> dict[str, str]:
        names = await self._group_names()
        return {key: names.get(int(key)) or f"#{key}" for key in keys}

    async def _group_names(self) -> dict[int, str]:
        groups = await self._members.groups()
        return {one.number: one.name or str(one.conversation.group) for one in groups}

    async def _titles(self, words: Words) -> dict[str, str]:
        return {sop.id: sop.title(words.language) for sop in await self._sops.all()}

    def _step(self, by: By, key: str, titles: Mapping[str, str], words: Words) -> str:
        sop, _, rest = key.partition("/")
        title = titles.get(sop, sop)
        if by == "sop" or not rest:
            return title
        if by == "step":
            return f"{title} · {rest}"
        version, step, occurrence = [*rest.split("/", 2), "", ""][:3]
        told = [title, step, self._time(occurrence, words)]
        if version not in ("", "1"):
            told.append(words.say(msgid("Version {n}"), n=version))
        return " · ".join(one for one in told if one)

    def _time(self, occurrence: str, words: Words) -> str:
        if occurrence == ALWAYS:
            return words.say(msgid("For each at their own time"))
        try:
            moment = datetime.fromisoformat(occurrence)
        except ValueError:
            return occurrence
        local = moment.astimezone(self.zone) if moment.tzinfo else moment
        return f"{local:%Y-%m-%d %H:%M}"

    async def _ways(self, keys: set[str], subject: Subject | None, words: Words) -> dict[str, str]:
        """The branch's number, and for whom it was in the version of the rules it is of."""
        terms: dict[str, Terms] = {}
        if subject and subject.kind == "link" and (link := self._links.get(int(subject.name))):
            terms = {str(v.version): v.terms for v in await self._desk.history(link.number)}
            terms[str(link.version)] = link.terms
        groups = await self._group_names()
        found = {}
        for key in keys:
            version, _, number = key.partition(".")
            branches = terms[version].branches if version in terms else ()
            told = f"#{key}"
            if number == "0":
                told = words.say(msgid("Everybody else"))
            elif number.isdecimal() and int(number) <= len(branches):
                branch = branches[int(number) - 1]
                told = f"{number}. {conditions(words.say, branch, groups, self._moment)}"
            if len({one.partition(".")[0] for one in keys}) > 1 and version:
                told += f" ({words.say(msgid('Version {n}'), n=version)})"
            found[key] = told
        return found

    def _moment(self, ms: int) -> str:
        return f"{utc(ms).astimezone(self.zone):%Y-%m-%d %H:%M}"
