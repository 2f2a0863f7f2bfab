"""A large community, written straight into the store as the rooms would have left it.

A million different people's days cannot be made up in a few seconds. So there are 65,536 kinds of
people, each with tags, groups and days of its own; member n is of kind n modulo that, and what is
kept of members is what is kept of kinds, over and over. Names, phones and accounts are everybody's
own, those of ``bench.import_members``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any

from bot.checkins.days import offset
from bot.checkins.records import EVERYWHERE, KEPT, ORDER_KEPT
from bot.model.dates import month_day, whole_day
from bot.model.initials import initials
from bot.store.bits import Bits
from bot.store.store import Store

KINDS = 1 << 16
TAGS, GROUPS, DAYS = 50, 200, 200
"""Tags each member has, of twice as many; groups there are; days of check-ins, up to today."""
IN, LATELY, ORDERED = 3, 16, 8
"""Groups each is in; last changes of tags kept of each; days whose order is kept."""
GATEWAY, PROGRAMME = "wecom", "daily"
PACKED = 4096
"""The largest set the server keeps as an integer set."""
BATCH, INDEXED = 200, 128
"""Commands sent at once; members made searchable in one."""
DAY_MS = 86_400_000

Asked = Iterator[asyncio.Future[Any]]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who they are: sets of kinds by tag, by group, by day (today first); each kind's days.

    ``homes``: in which of their groups they check in. A kind's days are a number whose lowest bit
    is today.
    """

    count: int
    tags: dict[str, Bits]
    groups: tuple[Bits, ...]
    homes: tuple[Bits, ...]
    came: tuple[Bits, ...]
    days: tuple[int, ...]

    @classmethod
    def of(cls, count: int) -> Crowd:
        """So many. Of two tags everybody has one, the first less often; some come more often."""
        chance = Random(3)
        tags = {name: list[int]() for pair in map(pair_of, range(TAGS)) for name in pair}
        groups, homes, came = ([list[int]() for _ in range(n)] for n in (GROUPS, GROUPS, DAYS))
        days = []
        for kind in range(KINDS):
            for number in range(TAGS):
                has = chance.random() < 0.5 ** (number % 5 + 1)
                tags[pair_of(number)[not has]].append(kind)
            home, *others = chance.sample(range(GROUPS), IN)
            homes[home].append(kind)
            for group in (home, *others):
                groups[group].append(kind)
            diligence, own = chance.uniform(0.2, 1.0), 0
            for ago in range(DAYS):
                if chance.random() < diligence:
                    came[ago].append(kind)
                    own |= 1 << ago
            days.append(own)
        return cls(
            count,
            {name: Bits.of(kinds) for name, kinds in tags.items()},
            tuple(map(Bits.of, groups)),
            tuple(map(Bits.of, homes)),
            tuple(map(Bits.of, came)),
            tuple(days),
        )

    def bitmap(self, kinds: Bits) -> bytes:
        """The members of these kinds, as the server keeps them."""
        pattern = kinds.bitmap().ljust(KINDS // 8, b"\0")
        made = bytearray((pattern * (self.count // KINDS + 1))[: self.count // 8 + 1])
        made[0] &= 0x7F  # there is no member 0
        made[-1] &= 0xFF00 >> self.count % 8 + 1 & 0xFF
        return bytes(made)

    def numbers(self, kinds: Bits) -> list[int]:
        """The members of these kinds, ascending."""
        some = kinds.numbers()
        found = [base + kind for base in range(0, self.count + 1, KINDS) for kind in some]
        return [number for number in found if 0 < number <= self.count]

    def total(self, member: int) -> int:
        """On how many days a member came."""
        return self.days[member % KINDS].bit_count()

    def is_bitmap(self, kinds: Bits) -> bool:
        """Whether lib_fact.lua would have made it one by now, had they come one by one."""
        size = kinds.count() * self.count // KINDS // 256 * 256
        packed = size <= PACKED
        return size > 512 and size * (32 if packed else 512) >= self.count


def pair_of(number: int) -> tuple[str, str]:
    """Two tags; of the first of all every 2nd, 4th … 32nd member has the first."""
    return ("vip" if number == 4 else f"is-{number}", f"not-{number}")


async def drain(asked: Asked) -> None:
    """Ask some at a time, and see that all went well."""
    while some := list(islice(asked, BATCH)):
        for one in some:
            await one


class Writing:
    """Commands that write a crowd, family by family; ``rows`` are lines of ``import_members``."""

    def __init__(
        self, store: Store, crowd: Crowd, rows: Sequence[Sequence[str]], groups: Sequence[int]
    ) -> None:
        self._keys = store.keys
        self._store = store
        self._ask = store.ask
        self._crowd = crowd
        self._rows = rows
        self._groups = groups
        self._now = store.clock.now()

    def all(self, today: date) -> Iterator[tuple[str, Asked]]:
        """Each family of keys."""
        yield "members", self.members()
        yield "names by spelling", self.names()
        yield "letters of the search", self.letters()
        yield "tags", self.tags()
        yield "last changes of tags", self.lately()
        yield "who is in which group", self.present()
        yield "when they came there", self.joined()
        yield "check-ins by member", self.days(today)
        yield "check-ins by day", self.came(today)
        yield "check-ins by day and group", self.came_to(today)
        yield f"check-ins in order, {ORDERED} days", self.order(today)

    def members(self) -> Asked:
        """Everybody with an account, a name, and three attributes; birthdays by date."""
        ask, keys, count = self._ask, self._keys, self._crowd.count
        everyone = self._crowd.bitmap(Bits.of(range(KINDS)))
        yield ask("SET", keys.member_seq(), count)
        yield ask("SET", keys.members_all(), everyone)
        yield ask("SET", keys.gateway_members(GATEWAY), everyone)
        dates, days = keys.member_dates("birthday"), keys.member_days("birthday")
        for number, (account, name, phone, city, birthday, *_) in enumerate(self._rows, 1):
            fields = ["since", self._now, f"account:{GATEWAY}", account, "name", name]
            fields += ["folded", name.casefold()]
            if sound := initials(name):
                fields += ["sound", sound]
            fields += ["attribute:phone", phone, "attribute:city", city]
            fields += ["attribute:birthday", birthday]
            yield ask("HSET", keys.member(number), *fields)
            yield ask("HSET", keys.member_accounts(GATEWAY), account, number)
            yield ask("ZADD", dates, month_day(birthday), number)
            yield ask("ZADD", days, whole_day(birthday), number)

    def names(self) -> Asked:
        """By spelling."""
        for number, row in enumerate(self._rows, 1):
            spelt = f"{row[1].casefold()}\0{number}"
            yield self._ask("ZADD", self._keys.member_names(), 0, spelt)

    def letters(self) -> Asked:
        """The search, as the bot itself makes older members searchable."""
        keys, count = self._keys, self._crowd.count
        yield self._ask("HSET", keys.member_searched(), "until", count)
        for start in range(0, count, INDEXED):
            some = range(start + 1, min(count, start + INDEXED) + 1)
            pairs = [part for n in some for part in (n, initials(self._rows[n - 1][1]))]
            args = [self._store.prefix, some[-1], *pairs]
            yield self._store.run("member_index", [keys.member_searched()], args)

    def tags(self) -> Asked:
        """Who has each."""
        for name, kinds in self._crowd.tags.items():
            yield self._ask("ZADD", self._keys.tag_names(), self._now, name)
            yield from self._fact(self._keys.tag(name), kinds)

    def lately(self) -> Asked:
        """The last tags everybody was given, newest first."""
        last = [pair_of(number) for number in reversed(range(TAGS - LATELY, TAGS))]
        held = [(self._crowd.tags[yes], yes, no) for yes, no in last]
        kinds = [
            [f"{self._now}+\n{yes if kind in who else no}\nimport 1" for who, yes, no in held]
            for kind in range(min(KINDS, self._crowd.count + 1))
        ]
        for number in range(1, self._crowd.count + 1):
            yield self._ask("RPUSH", self._keys.tags_lately(number), *kinds[number % KINDS])

    def present(self) -> Asked:
        """Who is in each group, and who ever was."""
        for group, kinds in zip(self._groups, self._crowd.groups, strict=True):
            yield from self._fact(self._keys.group_present(group), kinds)
            yield from self._fact(self._keys.group_ever(group), kinds)

    def joined(self) -> Asked:
        """When everybody came into each group, and that they came."""
        began = self._now - DAYS * DAY_MS
        for group, kinds in zip(self._groups, self._crowd.groups, strict=True):
            joined, moves = self._keys.group_joined(group), self._keys.group_moves(group)
            for member in self._crowd.numbers(kinds):
                at = began + member
                body = f'{{"member":{member},"at":{at},"in":1}}'
                yield self._ask("ZADD", joined, at, member)
                yield self._ask("XADD", moves, "*", "move", body)

    def days(self, today: date) -> Asked:
        """Everybody's own days."""
        size = offset(today) // 8 + 1
        shift = size * 8 - 1 - offset(today)
        bitmaps = [(days << shift).to_bytes(size) for days in self._crowd.days]
        yield from self._fact(self._keys.checkin_members(PROGRAMME), Bits.of(range(KINDS)))
        for number in range(1, self._crowd.count + 1):
            key = self._keys.checkin_days(PROGRAMME, number)
            yield self._ask("SET", key, bitmaps[number % KINDS])

    def came(self, today: date) -> Asked:
        """Who came on each day, to all groups together."""
        for ago, kinds in enumerate(self._crowd.came):
            yield from self._on(EVERYWHERE, today - timedelta(ago), kinds)

    def came_to(self, today: date) -> Asked:
        """Who came on each day to each group."""
        for group, home in zip(self._groups, self._crowd.homes, strict=True):
            for ago, kinds in enumerate(self._crowd.came):
                yield from self._on(group, today - timedelta(ago), kinds & home)

    def order(self, today: date) -> Asked:
        """In which order they came to each group, on the last days."""
        for group, home in zip(self._groups, self._crowd.homes, strict=True):
            for ago, kinds in enumerate(self._crowd.came[:ORDERED]):
                key = self._keys.checkin_order(PROGRAMME, group, today - timedelta(ago))
                came = enumerate(self._crowd.numbers(kinds & home), 1)
                if places := [part for place in came for part in place]:
                    yield self._ask("ZADD", key, *places)
                    yield self._ask("EXPIRE", key, ORDER_KEPT)

    def _on(self, group: int, day: date, kinds: Bits) -> Asked:
        key = self._keys.checkin_on(PROGRAMME, group, day)
        yield from self._fact(key, kinds)
        yield self._ask("EXPIRE", key, KEPT)

    def _fact(self, key: str, kinds: Bits) -> Asked:
        if self._crowd.is_bitmap(kinds):
            yield self._ask("SET", key, self._crowd.bitmap(kinds))
        elif numbers := self._crowd.numbers(kinds):
            yield self._ask("SADD", key, *numbers)
