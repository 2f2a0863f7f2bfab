"""Mendings: the difference between what was counted of a link and what its hits come to now."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from bot.clock import utc
from bot.links import trail
from bot.links.account import Account, Person, clicks_by
from bot.links.clickers import Clickers, Members, members
from bot.links.days import Clicked, Days
from bot.links.judge import Judge
from bot.links.kept import Entry
from bot.links.links import Links
from bot.links.sums import Sums, Table, mend_field, mend_table
from bot.store.effects import CHUNK, Effects
from bot.store.facts import read
from bot.store.store import Store

SECONDS = 86_400
PEOPLE, TODAY, VISITORS = 400, 100, 7
"""Days these are kept, as link_count.lua says."""


class Mending:
    """Collects effects that turn what was counted into what should have been.

    Each is guarded by what was read, so they are done once at most, and not at all when something
    was counted meanwhile.
    """

    def __init__(self, store: Store, link: int, links: Links, judge: Judge) -> None:
        self._store = store
        self._keys = store.keys
        self._link = link
        self._links = links
        self._judge = judge
        self._book = Days(store)
        self.effects = Effects(store.keys)
        self._sums = Sums(store, link, self.effects)
        self._cells: dict[str, Table] = {}

    @classmethod
    async def of(cls, store: Store, link: int, links: Links, judge: Judge) -> Mending:
        """Of a link as it is counted now; read the hits after this."""
        made = cls(store, link, links, judge)
        await made._sums.read()
        return made

    def __bool__(self) -> bool:
        return bool(self.effects.operations)

    @property
    def clicks(self) -> int:
        """All clicks counted."""
        return self._sums.number("", "clicks")

    def hits(self, day: str) -> int:
        """The hits counted on a day."""
        return self._sums.number("day", f"{day}:hits")

    async def cells(self, days: Sequence[str]) -> dict[str, Table]:
        """The hits counted on some days, by what they were."""
        self._cells = await self._all(self._keys.link_day, days)
        return self._cells

    async def plan(
        self, accounts: Mapping[str, Account], entries: Sequence[Entry], days: Sequence[str]
    ) -> None:
        """Plan for the days that have accounts; ``days`` are all the link ever had hits on."""
        if not accounts:
            return
        chosen = sorted(accounts)
        people = await self._all(self._keys.link_people, chosen)
        seen = await self._all(self._keys.link_seen, chosen)
        await self._apps(accounts, entries)
        for day, account in accounts.items():
            self._hits(day, account)
            await self._people(day, account, people[day])
            await self._seen(day, account, seen[day])
            await self._on_the_day(day, account, people[day])
        await self._facts(accounts, people, [day for day in days if day not in accounts])
        await self._rules(chosen)
        if self.effects.operations:
            await self._ends(accounts, [day for day in days if day not in accounts])
        self._sums.write()

    # what a day has

    def _hits(self, day: str, account: Account) -> None:
        old = self._cells[day]
        new = {name: str(number) for name, number in account.cells.items()}
        mend_table(self.effects, self._keys.link_day(self._link, day), old, new)
        kinds, steps, groups = clicks_by(_less(account.cells, old))
        for verdict, number in kinds.items():
            self._sums.add("", verdict, number, shared=True)
        self._sums.add("", "clicks", kinds["click"], shared=True)
        self._sums.add("day", f"{day}:clicks", kinds["click"], shared=True)
        for step, number in steps.items():
            self._sums.add("step", f"{step}:clicks", number, shared=step != "0")
        for group, number in groups.items():
            self._sums.add("group", f"{group}:clicks", number)

    async def _people(self, day: str, account: Account, old: Table) -> None:
        new = {}
        for place, one in account.people.items():
            before = old.get(place, "0 0 -").split()
            known = float(before[1]) == one.first
            delay = before[2] if known else await self._delay(place, one)
            new[place] = f"{one.clicks} {one.first} {delay} {one.way}"
        key = self._keys.link_people(self._link, day)
        mend_table(self.effects, key, old, new, PEOPLE * SECONDS)
        trail.mend(self.effects, self._link, day, old, new)

    async def _delay(self, place: str, one: Person) -> str:
        """As link_count.lua has it."""
        step, group, member = map(int, place.split("/"))
        run = (await self._links.steps.named({step}))[step].run
        if not run:
            return "-"
        places = self._keys.sop_places(run)
        alone = not group or group in (await read(self._store, [places]))[places]
        target = member if alone else group
        key = self._keys.sop_sent(run, target // CHUNK)
        words = ("BITFIELD_RO", key, "GET", "u32", f"#{target % CHUNK}")
        sent = int((await self._store.call(*words))[0])
        return str(max(0, one.first - sent * 1000)) if sent else "-"

    async def _seen(self, day: str, account: Account, old: Table) -> None:
        new = {scope: str(len(some)) for scope, some in account.seen.items()}
        mend_table(self.effects, self._keys.link_seen(self._link, day), old, new)
        for scope, number in _less({k: int(v) for k, v in new.items()}, old):
            if scope == "all":
                self._sums.add("", "visitors", number)
                self._sums.add("day", f"{day}:visitors", number)
            elif scope[0] == "s":
                self._sums.add("step", f"{scope[1:]}:visitors", number, shared=scope != "s0")
            elif scope[0] == "g" and ":" not in scope:
                self._sums.add("group", f"{scope[1:]}:visitors", number)
        key = self._keys.link_visitors(self._link, day)
        if self._within(day, VISITORS) or await self._store.call("EXISTS", key):
            there = set(await self._store.texts("SMEMBERS", key))
            changes = (("SADD", account.visitors - there), ("SREM", there - account.visitors))
            for command, some in changes:
                for one in sorted(some):
                    self.effects.do(command, key, one)
            if account.visitors - there:
                self.effects.do("EXPIRE", key, VISITORS * SECONDS, "NX")

    async def _on_the_day(self, day: str, account: Account, old: Table) -> None:
        before, after = members(old)["all"], members(account.people)["all"]
        self._sums.add("day", f"{day}:members", len(after) - len(before))
        key = self._keys.link_today(self._link, day)
        there = {*(await read(self._store, [key]))[key]}
        if not there and not self._within(day, TODAY):
            return
        for member in sorted(after - there):
            self.effects.fact(key, member)
        for member in sorted(there - after):
            self.effects.fact(key, member, present=False)
        if after - there:
            self.effects.do("EXPIRE", key, TODAY * SECONDS, "NX")

    async def _apps(self, accounts: Mapping[str, Account], entries: Sequence[Entry]) -> None:
        """Clicks by app are kept for all days together: what the hits say is what was added, and
        besides what a replay added that did not come to writing them anew."""
        key = self._keys.hits_replayed()
        added = await self._store.table("HGETALL", key)
        told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for one in entries:
            if one.old == "click" and one.app:
                told[one.day][one.app] += 1
        for day, account in accounts.items():
            for app in {*told[day], *account.apps}:
                name, number = f"{self._link}/{day}/{app}", account.apps[app] - told[day][app]
                before = int(added.get(name, 0))
                new = str(number) if number else ""
                mend_field(self.effects, key, name, added.get(name, ""), new)
                self._sums.add("", f"app:{app}", number - before)

    async def _rules(self, days: Sequence[str]) -> None:
        key, version = self._keys.link_rules(self._link), str(self._judge.version)
        old = await self._store.table("HGETALL", key)
        for day in days:
            mend_field(self.effects, key, day, old.get(day, ""), version)

    # who ever clicked

    async def _facts(
        self, accounts: Mapping[str, Account], people: Mapping[str, Table], others: Sequence[str]
    ) -> None:
        before, after = members(*people.values()), members(*(a.people for a in accounts.values()))
        ways = {
            name.split("/")[3].partition(":")[0] for table in self._cells.values() for name in table
        }
        for account in accounts.values():
            for way, led in account.ways.items():
                after[f"w{way}"] |= led
                ways.add(way)
        for way in ways - {"0"}:
            before[f"w{way}"] = before["all"]  # the way of a day's first click is all that is kept
        clickers = Clickers(self._store, self._link, self._links, self.effects)
        changes = await clickers.turn(before, after, lambda: self._elsewhere(others))
        for scope, number in changes.items():
            match scope[0]:
                case "a":
                    self._sums.add("", "members", number)
                case "s":
                    self._sums.add("step", f"{scope[1:]}:members", number)
                case "g":
                    self._sums.add("group", f"{scope[1:]}:members", number)
        for scope, number in clickers.of_steps.items():
            self._sums.share("step", f"{scope[1:]}:members", number)

    async def _elsewhere(self, days: Sequence[str]) -> Members | None:
        """Who clicked on other days, by place; None when that is not known any more."""
        found: Members = defaultdict(set)
        for day in days:
            there = await self._others([day])
            if not there and self._sums.number("day", f"{day}:clicks"):
                return None
            fields = [f"{one.step}/{one.group}/{one.member}" for one in there]
            for scope, some in members(fields).items():
                found[scope] |= some
        return found

    async def _ends(self, accounts: Mapping[str, Account], others: Sequence[str]) -> None:
        """The first and the last click there ever was."""
        firsts = [person.first for a in accounts.values() for person in a.people.values()]
        lasts = [account.last for account in accounts.values() if account.last]
        for name, found, end in (("first", firsts, min), ("last", lasts, max)):
            old = self._sums.said("", name)
            if old and self._day(int(float(old))) not in accounts:
                found.append(int(float(old)))
            elif others:  # of other days only the first click of each is kept
                found += [one.first for one in await self._others(others)]
            self._sums.put("", name, str(end(found)) if found else "")

    # reading

    async def _all(self, key: Callable[..., str], days: Sequence[str]) -> dict[str, Table]:
        asked = (self._store.table("HGETALL", key(self._link, day)) for day in days)
        return dict(zip(days, await asyncio.gather(*asked), strict=True))

    async def _others(self, days: Sequence[str]) -> list[Clicked]:
        return await self._book.people(self._link, [date.fromisoformat(day) for day in days])

    def _day(self, at: int) -> str:
        return utc(at).astimezone(self._judge.zone).date().isoformat()

    def _within(self, day: str, days: int) -> bool:
        today = utc(self._store.clock.now()).astimezone(self._judge.zone).date()
        return (today - date.fromisoformat(day)).days < days


def _less(new: Mapping[str, int], old: Table) -> list[tuple[str, int]]:
    """By how much each is more than it was; what stayed is left out."""
    changes = ((name, new.get(name, 0) - int(old.get(name, 0))) for name in {*new, *old})
    return [(name, number) for name, number in changes if number]
