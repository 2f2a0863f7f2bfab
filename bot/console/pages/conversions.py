"""Conversions: what was told, what it was put down to, sums, and the keys shops sign with."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import entry_id
from bot.i18n.mark import msgid
from bot.links.conversions import Attributed, Conversion, Conversions
from bot.links.links import Links
from bot.links.signing import BadKey, SigningKey, SigningKeys
from bot.links.takings import By, Share
from bot.model.phrase import Phrase
from bot.store.members import Members

PAGE = 50
MOST = 100
"""Rows of a table of sums, those with most conversions first."""
PARTS: dict[By, str] = {
    "link": msgid("By link"),
    "campaign": msgid("By campaign"),
    "sop": msgid("By SOP"),
}
ATTRIBUTED: dict[Attributed, str] = {
    "": "",
    "member": msgid("by the member it was told of"),
    "code": msgid("by the code of the link"),
    "last click": msgid("by the link clicked last"),
}


class ConversionPages:
    """``/conversions`` for everybody, ``/conversions/keys`` for admins."""

    def __init__(
        self,
        frame: Frame,
        room: Conversions,
        keys: SigningKeys,
        links: Links,
        members: Members,
        directory: Directory,
    ) -> None:
        self._frame = frame
        self._room = room
        self._keys = keys
        self._links = links
        self._members = members
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """The list with its sums; the keys, making and revoking them."""
        frame = self._frame
        return [
            frame.get("/conversions", self.index),
            frame.get("/conversions/keys", self.keys, "admin"),
            frame.post("/conversions/keys", self.make, "admin"),
            frame.post("/conversions/keys/revoke", self.revoke, "admin"),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """The last conversions, and what all there were come to."""
        found = await self._room.recent(entry_id(page.arg("after")), PAGE + 1)
        shown = found[:PAGE]
        asked: list[By] = [part for part in PARTS if part == page.arg("by")]
        part: By = asked[0] if asked else "link"
        people = await self._members.some([*{one.member for one in shown if one.member}])
        return page.render(
            "conversions.html",
            rows=shown,
            more=page.here(after=shown[-1].id) if found[PAGE:] else "",
            people={member.number: member for member in people},
            groups=await self._groups(shown),
            links=self._links.get,
            total=await self._room.sums(),
            members=await self._room.members(),
            part=part,
            parts_of=PARTS,
            shares=_most(await self._room.by(part)),
            named=self._named,
            attributed=ATTRIBUTED,
        )

    async def keys(self, page: Page) -> web.StreamResponse:
        """Every key."""
        return await self._show(page)

    async def make(self, page: Page) -> web.StreamResponse:
        """Make one; its secret is shown once."""
        hosts = page.field("hosts", 2000).replace(",", " ").split()
        try:
            told = await self._keys.make(page.field("name"), hosts, page.operator.name)
        except BadKey as problem:
            return await self._show(page, problem)
        return await self._show(page, told=told)

    async def revoke(self, page: Page) -> web.StreamResponse:
        """End one at once."""
        if not await self._keys.revoke(page.field("id"), page.operator.name):
            return page.redirect("/conversions/keys", msgid("It is gone already."))
        return page.redirect("/conversions/keys", msgid("The key is revoked."))

    async def _show(
        self, page: Page, problem: BadKey | None = None, told: tuple[SigningKey, str] | None = None
    ) -> web.Response:
        return page.render(
            "conversion_keys.html",
            422 if problem else 200,
            rows=await self._keys.all(),
            problem=page.words.say(Phrase.of(problem)) if problem else "",
            told=told,
        )

    async def _groups(self, rows: Sequence[Conversion]) -> dict[int, object]:
        wanted = {one.group for one in rows if one.group}
        return {g.number: g for g in await self._members.groups() if g.number in wanted}

    def _named(self, part: By, share: Share) -> tuple[str, str]:
        """What a share is called, and where it opens."""
        if part == "link":
            link = self._links.get(int(share.name))
            return (link.name, f"/links/{link.number}") if link else (f"#{share.name}", "")
        return share.name, f"/sops/{share.name}" if part == "sop" and share.name else ""


def _most(shares: Sequence[Share]) -> list[Share]:
    return sorted(shares, key=lambda share: -sum(one.count for one in share.sums))[:MOST]
