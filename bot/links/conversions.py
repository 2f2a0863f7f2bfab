"""Conversions: what members did elsewhere, put down to a member, link, step and group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import tzinfo
from decimal import Decimal
from hashlib import sha256
from typing import Literal
from urllib.parse import unquote

from pydantic import Field

from bot.clock import utc
from bot.links.codes import Code
from bot.links.links import PATH, Links
from bot.model.base import Frozen
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store, as_text

KEPT = 1_000_000
"""Conversions kept one by one, roughly; sums stay."""
REMEMBERED = 400 * 86_400
"""Seconds the name of a conversion is remembered, so that it is not recorded again."""
UNIT = Decimal("0.0001")
"""What values are added up in; exact, as whole numbers of it."""

By = Literal["all", "day", "step", "group"]


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
    """A recorded conversion; ``at`` is UTC ms, link, step, group and member 0 when not known."""

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


class Sum(Frozen):
    """Conversions of one kind and currency: how many, and their value together."""

    kind: str
    currency: str
    count: int
    value: Decimal


class Share(Frozen):
    """What one day, step or group has of them; a step has its name, '' for none."""

    name: str
    sums: tuple[Sum, ...] = Field(default=())


class Unattributed(ValueError):
    """``what`` ("member" or "code") names nobody and nothing here."""

    def __init__(self, what: Literal["member", "code"], message: str) -> None:
        super().__init__(message)
        self.what = what


class AnotherOne(Exception):
    """A conversion with other content was recorded under the same name."""


class Gone(LookupError):
    """It was recorded, and erased or forgotten since; its sums stay."""


class Conversions:
    """Records conversions, each exactly once, and reads them back; days are those of ``zone``."""

    def __init__(
        self, store: Store, links: Links, members: Members, facts: Facts, zone: tzinfo
    ) -> None:
        self._store = store
        self._keys = store.keys
        self._links = links
        self._members = members
        self._facts = facts
        self._zone = zone

    # recording

    async def record(self, told: Told, by: str) -> tuple[Conversion, bool]:
        """Record one; the conversion, and False when it was recorded before.

        It is on disk when this returns, wherever the store writes before it answers. Put down to
        the member that was told, else to the code's. Raises Unattributed, AnotherOne, Gone.
        """
        code, member = await self._attributed(told)
        now = self._store.clock.now()
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
        )
        content = sha256(told.model_dump_json().encode()).hexdigest()[:32]
        seen = self._keys.conversion_seen(sha256(told.name.encode()).hexdigest())
        entry, digest, new = await self._store.run(
            "conversion",
            [seen, self._keys.conversions()],
            [
                *(self._store.prefix, content, REMEMBERED, KEPT),
                *(made.model_dump_json(exclude={"id"}), self._day(made.at)),
                *(f"{made.kind}:{made.currency}", int(made.value / UNIT)),
                *(made.link, made.step, made.group, made.member),
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

    async def _attributed(self, told: Told) -> tuple[Code, int]:
        code = Code(0)
        if told.code:
            found = self._code(told.code)
            if found is None or not await self._is_link(found.link):
                raise Unattributed("code", "no link of ours has this code")
            code = found
        if told.member is not None:
            return code, await self._member(told.member)
        # Who was erased since the link was sent is nobody.
        known = await self._members.member(code.member) if code.member else None
        return code, known.number if known else 0

    def _code(self, text: str) -> Code | None:
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
        found = await self._members.member(int(number)) if number else None
        if found is None:
            raise Unattributed("member", "there is no such member")
        return found.number

    def _day(self, at: int) -> str:
        return utc(at).astimezone(self._zone).date().isoformat()

    # reading

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

    async def sums(self, link: int = 0) -> list[Sum]:
        """What a link brought, by kind and currency; link 0: all there was."""
        found = await self.by("all", link)
        return [*found[0].sums] if found else []

    async def members(self, link: int = 0) -> int:
        """How many members converted."""
        return await self._facts.count(self._keys.conversion_members(link, "all"))

    async def by(self, part: By, link: int = 0) -> list[Share]:
        """The sums of each day (ISO), step (by name) or group (by number; 0 for none)."""
        kept = await self._store.table("HGETALL", self._keys.conversion_by(part, link))
        shares: defaultdict[str, defaultdict[tuple[str, str], dict[str, int]]]
        shares = defaultdict(lambda: defaultdict(dict))
        for field, number in kept.items():
            name, kind, currency, what = field.split(":")
            shares[name][kind, currency][what] = int(number)
        names: dict[str, str] = {}
        if part == "step":
            steps = await self._store.table("HGETALL", self._keys.link_steps())
            names = {number: step for step, number in steps.items()} | {"0": ""}
        return [
            Share(name=names.get(name, name), sums=_sums(found))
            for name, found in sorted(shares.items())
        ]


def _sums(found: Mapping[tuple[str, str], Mapping[str, int]]) -> tuple[Sum, ...]:
    return tuple(
        Sum(kind=kind, currency=currency, count=one["count"], value=one["value"] * UNIT)
        for (kind, currency), one in sorted(found.items())
    )


def _conversion(ident: str, body: bytes) -> Conversion:
    return Conversion.model_validate_json(body).model_copy(update={"id": ident})
