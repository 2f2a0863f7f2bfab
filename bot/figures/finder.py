"""The finder: what somebody means who asks for figures in a few words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from bot.figures.figures import FigureRoom
from bot.figures.period import BadPeriod, Period, read_period
from bot.figures.subject import BadSubject, Kind, Subject
from bot.i18n.mark import msgid
from bot.links.links import Link, Links
from bot.model.phrase import Phrase
from bot.sop.sops import Sops
from bot.sop.templates.words import Localized
from bot.store.members import Members
from bot.store.store import Store

_SAID: dict[Kind, str] = {
    "link": "link 链接",
    "campaign": "campaign 活动",
    "sop": "sop 流程",
    "step": "step 步骤",
    "group": "group 群",
    "staff": "staff 员工 负责人",
    "channel": "channel 渠道",
}
KINDS = {word: kind for kind, words in _SAID.items() for word in words.split()}
"""Words that say what kind of thing is meant."""
_INSIDE = (" in ", " 在 ")
_HERE = ("here", "this group", "本群", "这里")
ALL = ("all", "everything", "全部", "所有", "总览")
SHOWN = 8
_SPELT = 2000
"""Names among which one that was misspelt is looked for."""
_NUMBER = re.compile("#?[0-9]{1,15}")
_SEPARATORS = re.compile(r"[-_/·\s]+")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What figures are asked for; ``group`` is the number of one to look at alone, or 0."""

    subject: Subject
    period: Period
    group: int = 0


class Unclear(ValueError):
    """Nothing or more than one thing is meant; the message is a Phrase.

    ``fitting`` are some that may be meant, with their names.
    """

    def __init__(self, message: Phrase, fitting: Sequence[tuple[Subject, str]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fitting = tuple(fitting)

    def said(self, translate: Callable[[str], str]) -> str:
        """What is unclear, in the language that ``translate`` translates to."""
        return self.message.said(translate)


@dataclass(frozen=True, slots=True)
class _Candidate:
    subject: Subject
    name: str
    aliases: tuple[str, ...]


class Finder:
    """Reads "spring-sale", "sop new-member week", "group tea 2026-11" and the like."""

    def __init__(
        self, store: Store, links: Links, sops: Sops, members: Members, room: FigureRoom
    ) -> None:
        self._store = store
        self._links = links
        self._sops = sops
        self._members = members
        self._room = room

    async def find(self, words: str, group: int = 0) -> Inquiry:
        """The subject, and the period said last (``read_period``), else the last 30 days.

        A subject is written as ``str(subject)`` does, or by what people know it by, with its kind
        before it or without, and perhaps "in" a group after it; ``group`` is the one we are in.
        Raises Unclear, StoreError.
        """
        words = " ".join(words.split())
        try:
            return await self._find(words, group)
        except Unclear:
            for inside in _INSIDE:
                head, found, tail = words.rpartition(inside)
                if found and head:
                    return await self._inside(head, tail, group)
            raise

    async def group(self, words: str) -> Subject:
        """The group of this number or name; raises Unclear, StoreError."""
        form = "group:{}" if words.strip().isdecimal() else "group {}"
        return (await self._find(form.format(words), 0)).subject

    async def _inside(self, head: str, tail: str, group: int) -> Inquiry:
        usual = read_period("", self._room.today)
        what = await self._find(head, group)
        place, period = f"group {tail}", usual
        for name, said in self._splits(tail):
            if group and name.casefold() in _HERE:
                place, period = f"group:{group}", said
        where = await self._find(place, group)
        period = next((p for p in (period, where.period, what.period) if p != usual), usual)
        return Inquiry(what.subject, period, int(where.subject.name))

    async def _find(self, words: str, group: int) -> Inquiry:
        splits = [*self._splits(words)]
        for name, period in splits:
            if found := self._written(name, group):
                return Inquiry(await self._there(found), period)
        every: dict[Kind | None, list[_Candidate]] = {}
        for exact in (True, False):
            for name, period in splits:
                for kind, rest in _kinds(name):
                    if kind not in every:
                        every[kind] = await self._candidates(kind)
                    if fitting := _fitting(every[kind], rest, exact):
                        return Inquiry(_only(fitting, rest), period)
        raise self._unknown(splits, every)

    async def _there(self, subject: Subject) -> Subject:
        try:
            await self._room.scopes.of(subject)
        except BadSubject as error:
            raise Unclear(Phrase.of(error)) from None
        return subject

    def _splits(self, words: str) -> Iterator[tuple[str, Period]]:
        """The whole as a name, and what is left of it before a period."""
        today = self._room.today
        yield words, read_period("", today)
        parts = words.split()
        for length in (2, 1):
            try:
                period = read_period(" ".join(parts[-length:]), today)
            except BadPeriod:
                continue
            if len(parts) >= length > 0:
                yield " ".join(parts[:-length]), period

    def _written(self, name: str, group: int) -> Subject | None:
        """What needs no looking for."""
        if not name or name.casefold() in ALL:
            return Subject()
        if group and (KINDS.get(name.casefold()) == "group" or name.casefold() in _HERE):
            return Subject("group", str(group))
        try:
            return Subject.parse(name)
        except BadSubject:
            link = self._pointed(name)
        return Subject("link", str(link.number)) if link else None

    def _pointed(self, name: str) -> Link | None:
        """The link of a number, a code, a word or an address."""
        links = self._links
        numbered = _NUMBER.fullmatch(name)
        if numbered or "://" in name or links.codes.unpack(name) or links.worded(name):
            found = links.find(name)
            return found[0] if len(found) == 1 else None
        return None

    def _unknown(
        self,
        splits: Sequence[tuple[str, Period]],
        every: dict[Kind | None, list[_Candidate]],
    ) -> Unclear:
        (kind, rest), *_ = _kinds(splits[-1][0])
        some = every[kind]
        if not rest:
            return Unclear(Phrase(msgid("Say which one.")), _named(some))
        known = {alias: one for one in some[:_SPELT] for alias in one.aliases}
        near = [known[alias] for alias in get_close_matches(_key(rest), known, SHOWN, 0.6)]
        message = Phrase(msgid("Nothing is called “{words}”."), words=rest)
        return Unclear(message, _named([*dict.fromkeys(near)]))

    async def _candidates(self, kind: Kind | None) -> list[_Candidate]:
        """Everything of a kind; without one, all that is asked for by its name alone."""
        match kind:
            case "link":
                return [_link(one) for one in self._every()]
            case "campaign":
                return [*self._campaigns()]
            case "sop":
                return await self._of_sops()
            case "step":
                return await self._steps()
            case "group":
                return await self._groups()
            case "staff" | "channel":
                return await self._attributes(kind)
        found = [*self._campaigns(), *self._links_apart(), *await self._of_sops()]
        found += await self._groups()
        return found + await self._attributes("staff") + await self._attributes("channel")

    def _every(self) -> list[Link]:
        return self._links.search(limit=self._links.count())

    def _by_campaign(self) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {}
        for link in self._every():
            found.setdefault(link.campaign, []).append(link)
        return found

    def _campaigns(self) -> Iterator[_Candidate]:
        """Campaigns; one of a single link also by what the link is known by."""
        for name, links in self._by_campaign().items():
            if name:
                aliases = _link(links[0]).aliases if len(links) == 1 else (_key(name),)
                yield _Candidate(Subject("campaign", name), name, aliases)

    def _links_apart(self) -> Iterator[_Candidate]:
        """Links that are not all of their campaign; those of one are meant by it, not by name."""
        for name, links in self._by_campaign().items():
            if not name or len(links) > 1:
                for one in map(_link, links):
                    aliases = tuple(alias for alias in one.aliases if alias != _key(name))
                    yield _Candidate(one.subject, one.name, aliases)

    async def _of_sops(self) -> list[_Candidate]:
        found = []
        for sop in await self._sops.all():
            title = sop.identity.title
            titles = (title.zh, title.en) if isinstance(title, Localized) else (title,)
            name = sop.title(self._sops.language)
            aliases = tuple(map(_key, (sop.id, *titles)))
            found.append(_Candidate(Subject("sop", sop.id), f"{name} ({sop.id})", aliases))
        return found

    async def _steps(self) -> list[_Candidate]:
        found = []
        for sop in await self._sops.all():
            title = sop.title(self._sops.language)
            for step in (await self._sops.version(sop)).template.step:
                name = f"{sop.id}/{step.id}"
                aliases = tuple(map(_key, (name, step.id, f"{title} {step.id}")))
                found.append(_Candidate(Subject("step", name), f"{title} · {step.id}", aliases))
        return found

    async def _groups(self) -> list[_Candidate]:
        found = []
        for one in await self._members.groups():
            known = str(one.conversation.group)
            aliases = tuple(_key(name) for name in (one.name, known) if name)
            subject = Subject("group", str(one.number))
            found.append(_Candidate(subject, one.name or known, aliases))
        return found

    async def _attributes(self, kind: Literal["staff", "channel"]) -> list[_Candidate]:
        attribute = "owner" if kind == "staff" else "channel"
        key = self._store.keys.attribute_values(attribute)
        names = {*await self._store.texts("SMEMBERS", key)}
        if kind == "staff":
            names |= {one.owner for one in await self._members.groups() if one.owner}
        return [_Candidate(Subject(kind, name), name, (_key(name),)) for name in sorted(names)]


def _kinds(name: str) -> Iterator[tuple[Kind | None, str]]:
    """The kind that is said first and the rest; then all of it as a name."""
    first, _, rest = name.partition(" ")
    if kind := KINDS.get(first.casefold()):
        yield kind, rest
    if not kind or rest:
        yield None, name


def _link(link: Link) -> _Candidate:
    known = (link.campaign, link.title, link.url, link.asked[0], link.asked[1])
    aliases = tuple(dict.fromkeys(_key(one) for one in known if one))
    return _Candidate(Subject("link", str(link.number)), link.name, aliases)


def _key(text: str) -> str:
    """What of a name makes a difference."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATORS.sub(" ", plain).strip()


def _fitting(some: Sequence[_Candidate], words: str, exact: bool) -> list[_Candidate]:
    wanted = _key(words)
    if not wanted:
        return []
    if exact:
        return [one for one in some if wanted in one.aliases]
    parts = wanted.split()
    return [one for one in some if any(all(part in name for part in parts) for name in one.aliases)]


def _only(fitting: Sequence[_Candidate], words: str) -> Subject:
    if len(fitting) == 1:
        return fitting[0].subject
    text = msgid("{n} fit “{words}”; say which:")
    raise Unclear(Phrase(text, n=len(fitting), words=words), _named(fitting))


def _named(some: Sequence[_Candidate]) -> list[tuple[Subject, str]]:
    return [(one.subject, one.name) for one in some[:SHOWN]]
