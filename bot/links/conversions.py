"""Conversions: what members did elsewhere, put down to a member, link, step and group."""

from __future__ import annotations

from datetime import date, tzinfo
from decimal import Decimal
from hashlib import sha256
from typing import Literal
from urllib.parse import unquote

from bot.clock import utc
from bot.delivery.journal import TIMELINE, Entry
from bot.links.codes import Code
from bot.links.links import PATH, Links
from bot.links.takings import UNIT, Takings
from bot.model.base import Frozen
from bot.store.facts import Facts
from bot.store.members import Member, Members
from bot.store.store import Store, as_text

KEPT = 1_000_000
"""Conversions kept one by one, roughly; sums stay."""
REMEMBERED = 400 * 86_400
"""Seconds the name of a conversion is remembered, so that it is not recorded again."""
MOST = 10**9
"""The largest value of one conversion, in its currency."""
AHEAD = 86_400_000
"""Ms another system's clock may be ahead."""
EARLIEST = 946_684_800_000
"""The year 2000, UTC ms."""
KIND = r"^[a-z0-9_-]{1,40}$"
CURRENCY = r"^([A-Z]{3})?$"

Attributed = Literal["", "member", "code", "last click"]


class Told(Frozen):
    """A conversion as another system tells it.

    ``name`` is the order's or the request's own, by which it is recorded once. ``member`` is a
    member's number or "gateway/account"; ``code`` a link's code or tracked URL. ``at`` is UTC ms,
    None for now.
    """

    name: str
    kind: str
    value: Decimal = Decimal(0)
    currency: str = ""
    member: int | str | None = None
    code: str = ""
    at: int | None = None


class Conversion(Frozen):
    """A recorded conversion; ``at`` is UTC ms, link, step, group and member 0 when not known.

    ``attributed`` says by what it was put down: the code it was told with, the member it was told
    of (link, step and group are then the code's, if one was told too), or the link this member
    clicked last. It is '' for those recorded before this was kept.
    """

    id: str = ""
    kind: str
    value: Decimal = Decimal(0)
    currency: str = ""
    at: int
    member: int = 0
    link: int = 0
    step: int = 0
    group: int = 0
    by: str = ""
    attributed: Attributed = ""


class Unattributed(ValueError):
    """``what`` ("member" or "code") names nobody and nothing here."""

    def __init__(self, what: Literal["member", "code"], message: str) -> None:
        super().__init__(message)
        self.what = what


class AnotherOne(Exception):
    """A conversion with other content was recorded under the same name."""


class Gone(LookupError):
    """It was recorded, and erased or forgotten since; its sums stay."""


class Conversions(Takings):
    """Records conversions, each exactly once, and reads them back; days are those of ``zone``."""

    def __init__(
        self, store: Store, links: Links, members: Members, facts: Facts, zone: tzinfo
    ) -> None:
        super().__init__(store, links, facts)
        self._members = members
        self._zone = zone

    # recording

    async def record(self, told: Told, by: str) -> tuple[Conversion, bool]:
        """Record one; the conversion, and False when it was recorded before.

        It is on disk when this returns, wherever the store writes before it answers. Put down to
        the member that was told, else to the code's; without a code to the link the member clicked
        last, while that is remembered. Raises Unattributed, AnotherOne, Gone.
        """
        now = self._store.clock.now()
        code, member, attributed = await self._attributed(told)
        made = Conversion(
            kind=told.kind,
            value=told.value,
            currency=told.currency,
            at=now if told.at is None else told.at,
            member=member,
            link=code.link,
            step=code.step,
            group=code.group,
            by=by,
            attributed=attributed,
        )
        content = sha256(told.model_dump_json().encode()).hexdigest()[:32]
        seen = self._keys.conversion_seen(sha256(told.name.encode()).hexdigest())
        entry, digest, new = await self._store.run(
            "conversion",
            [seen, self._keys.conversions()],
            [
                *(self._store.prefix, content, REMEMBERED, KEPT),
                *(made.model_dump_json(exclude={"id"}), self._iso_day(made.at)),
                *(made.kind, made.currency, int(made.value / UNIT)),
                *(made.link, made.step, made.group, made.member, now),
                *(_told(made).model_dump_json(exclude_defaults=True), TIMELINE),
            ],
        )
        if as_text(digest) != content:
            raise AnotherOne
        if new:
            return made.model_copy(update={"id": as_text(entry)}), True
        known = await self.get(as_text(entry))
        if known is None:
            raise Gone
        return known, False

    async def _attributed(self, told: Told) -> tuple[Code, int, Attributed]:
        code = await self._told_code(told.code) if told.code else None
        if told.member is not None:
            member = await self._member(told.member)
            clicked = None if code else await self._last_click(member, told.at)
            return code or clicked or Code(0), member, "last click" if clicked else "member"
        if code is None:
            raise Unattributed("member", "expected a member or a code")
        # Who was erased since the link was sent is nobody.
        known = await self._known(code.member)
        return code, known.number if known else 0, "code"

    async def _told_code(self, text: str) -> Code:
        found = self.code(text)
        if found is None or not await self._is_link(found.link):
            raise Unattributed("code", "no link of ours has this code")
        return found

    async def _last_click(self, member: int, at: int | None) -> Code | None:
        """What the member clicked last within the window, before ``at``; the counter keeps it as
        link, step, group and, if it says so, UTC ms.
        """
        words = (await self._store.text("GET", self._keys.link_heard(member)) or "").split()
        if len(words) < 3:
            return None
        link, step, group, clicked = map(int, [*words, "0"][:4])
        if at is not None and clicked > at:
            return None
        return Code(link, step, group) if await self._is_link(link) else None

    def code(self, text: str) -> Code | None:
        """What a code, a word of a link, or a tracked URL with one of these means."""
        letters = text.strip().rpartition(PATH)[2].partition("?")[0].partition("#")[0]
        if code := self._links.codes.unpack(letters):
            return code
        worded = self._links.worded(unquote(letters))
        return Code(worded[0]) if worded else None

    async def _is_link(self, number: int) -> bool:
        """Whether there is such a link, also one that another node made just now."""
        known = self._links.get(number) is not None
        return known or bool(await self._store.call("EXISTS", self._keys.link(number)))

    async def _member(self, named: int | str) -> int:
        number = named
        if isinstance(named, str):
            gateway, _, account = named.partition("/")
            key = self._keys.member_accounts(gateway)
            number = int(await self._store.text("HGET", key, account) or 0)
        found = await self._known(int(number))
        if found is None:
            raise Unattributed("member", "there is no such member")
        return found.number

    async def _known(self, number: int) -> Member | None:
        """The member of a number, also of one that leads to them since they were merged."""
        led = await self._members.survivors([number])
        return await self._members.member(led.get(number, number))

    def _iso_day(self, at: int) -> str:
        return utc(at).astimezone(self._zone).date().isoformat()

    # reading

    def today(self) -> date:
        """The day it is in the workspace's zone."""
        return utc(self._store.clock.now()).astimezone(self._zone).date()

    async def recent(self, before: str = "+", limit: int = 50) -> list[Conversion]:
        """Up to ``limit`` conversions recorded before the one with the id ``before``, newest
        first."""
        end = before if before == "+" else f"({before}"
        rows = await self._store.call(
            "XREVRANGE", self._keys.conversions(), end, "-", "COUNT", limit
        )
        return [_conversion(as_text(ident), fields[1]) for ident, fields in rows]

    async def get(self, ident: str) -> Conversion | None:
        """One conversion, or None; raises StoreError for what is no id."""
        rows = await self._store.call("XRANGE", self._keys.conversions(), ident, ident)
        return _conversion(ident, rows[0][1][1]) if rows else None


def _told(made: Conversion) -> Entry:
    """What the member's timeline says of it."""
    worth = f"{made.kind} {made.value:f} {made.currency}" if made.value else made.kind
    return Entry(
        at=made.at,
        what="conversion.recorded",
        member=made.member,
        source=made.by,
        text=worth.strip(),
    )


def _conversion(ident: str, body: bytes) -> Conversion:
    return Conversion.model_validate_json(body).model_copy(update={"id": ident})
