"""Candidates: members who may be one person, by what they have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.members.attributes import plain_phone
from bot.members.search import Search
from bot.store.members import Member
from bot.store.store import Store

SAME_PHONE = msgid("the same phone number")
SAME_EMAIL = msgid("the same e-mail address")
SAME_UNION = msgid("the same union id")
RULES = {"phone": SAME_PHONE, "email": SAME_EMAIL, "unionid": SAME_UNION}
"""Attributes that tell that two are one, and why."""
MOST = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who may be the same person, and why."""

    member: Member
    why: str


class Candidates:
    """Looks for those who share a phone, an e-mail address or a union id with a member."""

    def __init__(self, store: Store, search: Search) -> None:
        self._store = store
        self._search = search

    async def of(self, member: Member) -> Sequence[Candidate]:
        """Who may be the same person, by number; nobody is merged by themselves."""
        rules = [(name, member.attributes.get(name, "")) for name in RULES]
        asked = [self._with(name, value) for name, value in rules if plain(name, value)]
        found: dict[int, Candidate] = {}
        for some in await asyncio.gather(*asked):
            found |= {one.member.number: one for one in some if one.member.number != member.number}
        return [found[number] for number in sorted(found)][:MOST]

    async def _with(self, name: str, value: str) -> list[Candidate]:
        """Those whose attribute is the same, however it is spelt."""
        wanted = plain(name, value)
        typed = {value, wanted}
        if name == "phone" and len(wanted) == 11:  # however people divide it
            typed.add(f"{wanted[:3]} {wanted[3:7]} {wanted[7:]}")
        pages = await asyncio.gather(*(self._search.find(one) for one in typed))
        return [
            Candidate(one, RULES[name])
            for page in pages
            for one in page.members
            if plain(name, one.attributes.get(name, "")) == wanted
        ]


def plain(name: str, value: str) -> str:
    """A value as it is compared: a phone without its country and signs, others without case."""
    return plain_phone(value) if name == "phone" else value.strip().casefold()
