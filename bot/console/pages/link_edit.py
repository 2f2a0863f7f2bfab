"""The form of a link: changing its terms, giving it words, bringing a version back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from aiohttp import web

from bot.console.frame import Frame
from bot.console.link_words import PLATFORMS
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.links.branch_words import DEVICES
from bot.links.desk import Desk, EditedMeanwhile, LinkError
from bot.links.identities import Identities
from bot.links.links import Link, Links
from bot.links.terms import MOST_BRANCHES, Branch, Terms, moment
from bot.located import Problems
from bot.store.members import Group, Members

SPARE = 2
"""Empty rules for further ones."""
LONGEST = 5000
_AT = re.compile(r"(\w+)(?:\[(\d+)\](?:\.(\w+))?)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as it stands in its fields."""

    url: str = ""
    devices: tuple[str, ...] = ()
    languages: str = ""
    groups: str = ""
    opens: str = ""
    ends: str = ""
    share: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return self == Row()


@dataclass(frozen=True, slots=True)
class LinkForm:
    """What stands in the fields; times are those of the workspace's zone."""

    url: str
    campaign: str
    title: str
    opens: str
    ends: str
    limit: str
    parameters: str
    fallback: str
    withdrawn: bool
    confirm: bool
    ask: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, terms: Terms, zone: tzinfo, groups: Sequence[Group]) -> LinkForm:
        """From a link's terms."""
        names = {group.number: _key(group) for group in groups}
        return cls(
            url=terms.url,
            campaign=terms.campaign,
            title=terms.title,
            opens=_local(terms.opens, zone),
            ends=_local(terms.ends, zone),
            limit=str(terms.limit or ""),
            parameters="\n".join(f"{name} = {said}" for name, said in terms.parameters.items()),
            fallback=terms.fallback,
            withdrawn=terms.withdrawn,
            confirm=terms.confirm,
            ask=terms.ask,
            rows=tuple(_row(branch, zone, names) for branch in terms.branches),
        )

    @classmethod
    def posted(cls, page: Page) -> LinkForm:
        """From the fields of a POST; rules nothing was written in are left out."""
        rows = [
            Row(
                url=page.field(f"url-{n}", LONGEST),
                devices=tuple(d for d in DEVICES if d in page.form.getall(f"devices-{n}", [])),
                languages=page.field(f"languages-{n}"),
                groups=page.field(f"groups-{n}", LONGEST),
                opens=page.field(f"opens-{n}"),
                ends=page.field(f"ends-{n}"),
                share=page.field(f"share-{n}"),
            )
            for n in range(MOST_BRANCHES)
        ]
        return cls(
            url=page.field("url", LONGEST),
            campaign=page.field("campaign"),
            title=page.field("title"),
            opens=page.field("opens"),
            ends=page.field("ends"),
            limit=page.field("limit"),
            parameters=page.field("parameters", LONGEST),
            fallback=page.field("fallback", LONGEST),
            withdrawn=page.field("withdrawn") == "on",
            confirm=page.field("confirm") == "on",
            ask=page.field("ask"),
            rows=tuple(row for row in rows if not row.empty),
        )

    def terms(self, zone: tzinfo, groups: Sequence[Group]) -> dict[str, Any]:
        """As the desk takes it; what cannot be read stays as it was written."""
        numbers = {_key(group): group.number for group in groups}
        return {
            "url": self.url,
            "campaign": self.campaign,
            "title": self.title,
            "opens": _moment(self.opens, zone),
            "ends": _moment(self.ends, zone),
            "limit": _number(self.limit),
            "parameters": _parameters(self.parameters),
            "fallback": self.fallback,
            "withdrawn": self.withdrawn,
            "confirm": self.confirm,
            "ask": self.ask,
            "branches": [_branch(row, zone, numbers) for row in self.rows],
        }


class LinkEdit:
    """Pages that change links."""

    def __init__(
        self,
        frame: Frame,
        links: Links,
        desk: Desk,
        members: Members,
        identities: Identities,
    ) -> None:
        self._frame = frame
        self._links = links
        self._desk = desk
        self._members = members
        self._identities = identities

    def routes(self) -> list[web.RouteDef]:
        """``/links/{number}/edit``, ``…/restore`` and ``…/words``."""
        frame, one = self._frame, "/links/{number}"
        return [
            frame.get(f"{one}/edit", self.form, "manager"),
            frame.post(f"{one}/edit", self.save),
            frame.post(f"{one}/restore", self.restore),
            frame.post(f"{one}/words", self.give),
            frame.post(f"{one}/words/take", self.take),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """What may be changed, as it is."""
        link, groups = await self._link(page), await self._members.groups()
        form = LinkForm.of(link, page.formats.zone, groups)
        return self._show(page, link, form, groups, {})

    async def save(self, page: Page) -> web.StreamResponse:
        """Keep it, or say beside each field what is wrong."""
        link, groups = await self._link(page), await self._members.groups()
        form, zone, version = LinkForm.posted(page), page.formats.zone, page.field("version")
        try:
            await self._desk.edit(
                link.number,
                page.operator.name,
                form.terms(zone, groups),
                int(version) if re.fullmatch(r"[0-9]{1,9}", version) else 0,
            )
        except Problems as problems:
            return self._show(page, link, form, groups, _by_field(problems))
        except EditedMeanwhile as error:
            return self._show(page, link, form, groups, {"": str(error)})
        return page.redirect(f"/links/{link.number}", msgid("The link is changed."))

    async def restore(self, page: Page) -> web.StreamResponse:
        """Bring an earlier version back."""
        link, version = await self._link(page), page.field("version")
        there = f"/links/{link.number}#history"
        try:
            await self._desk.restore(
                link.number, page.operator.name, int(version) if version.isdecimal() else 0
            )
        except LinkError:
            return page.redirect(there, msgid("This version is not kept any more."))
        return page.redirect(there, msgid("The version is back."))

    async def give(self, page: Page) -> web.StreamResponse:
        """Give a link a word of its own."""
        link = await self._link(page)
        try:
            await self._desk.give_word(link.number, page.operator.name, page.field("word"))
        except LinkError as error:
            groups = await self._members.groups()
            form = LinkForm.of(link, page.formats.zone, groups)
            return self._show(page, link, form, groups, {"word": error.args[0]})
        return page.redirect(f"/links/{link.number}", msgid("The link has the word."))

    async def take(self, page: Page) -> web.StreamResponse:
        """Take a word away."""
        link, there = await self._link(page), f"/links/{page.number('number')}"
        if await self._desk.take_word(link.number, page.operator.name, page.field("word")):
            return page.redirect(there, msgid("The word is free again."))
        return page.redirect(there, msgid("It is gone already."))

    async def _link(self, page: Page) -> Link:
        link = await self._links.reread(page.number("number"))
        if link is None:
            raise web.HTTPNotFound
        return link

    def _show(
        self,
        page: Page,
        link: Link,
        form: LinkForm,
        groups: Sequence[Group],
        errors: Mapping[str, str],
    ) -> web.Response:
        return page.render(
            "link_edit.html",
            422 if errors else 200,
            link=link,
            form=form,
            errors=errors,
            rows=[*form.rows, *[Row()] * SPARE][:MOST_BRANCHES],
            filled=len(form.rows),
            devices=DEVICES,
            platforms=PLATFORMS,
            asked=self._identities.platforms,
            troubles=self._identities.troubles,
            groups=[(_key(group), group.name) for group in groups if not group.gone],
            words=self._links.words(link.number),
        )


def _by_field(problems: Problems) -> dict[str, str]:
    """The first complaint about each field: ``url``, ``url-1`` of the second rule; '' for all."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        at = _AT.match(problem.key)
        name = at[1] if at else ""
        if at and name == "branches" and at[2]:
            name = f"{at[3] or 'url'}-{at[2]}"
        found.setdefault(name, problem.said)
    return found


def _row(branch: Branch, zone: tzinfo, names: Mapping[int, str]) -> Row:
    return Row(
        url=branch.url,
        devices=branch.devices,
        languages=", ".join(branch.languages),
        groups=", ".join(names.get(n, f"#{n}") for n in branch.groups),
        opens=_local(branch.opens, zone),
        ends=_local(branch.ends, zone),
        share=str(branch.share or ""),
    )


def _branch(row: Row, zone: tzinfo, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "url": row.url,
        "devices": row.devices,
        "languages": _listed(row.languages),
        "groups": [
            numbers.get(name, _number(name.removeprefix("#"))) for name in _listed(row.groups)
        ],
        "opens": _moment(row.opens, zone),
        "ends": _moment(row.ends, zone),
        "share": _number(row.share.rstrip("% ")),
    }


def _key(group: Group) -> str:
    """What a group is called in a field: "gateway/group id"."""
    return f"{group.conversation.gateway}/{group.conversation.group}"


def _local(ms: int, zone: tzinfo) -> str:
    if not ms:
        return ""
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%dT%H:%M")


def _moment(text: str, zone: tzinfo) -> int | str:
    try:
        return moment(text, zone)
    except (ValueError, OverflowError):
        return text


def _number(text: str) -> int | str:
    if not text:
        return 0
    return int(text) if re.fullmatch(r"-?\d{1,15}", text, re.ASCII) else text


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,，、;；\n]", text) if part.strip()]


def _parameters(text: str) -> dict[str, str]:
    """``name = value`` a line; one without "=" keeps a blank at its end, which no name may have."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, sign, said = line.replace("＝", "=").partition("=")
        if line.strip():
            found[name.strip() if sign else line.strip() + " "] = said.strip()
    return found
