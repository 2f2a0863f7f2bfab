"""Live codes as console and handlers use them: made, changed, ended, looked at, counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.clock import Days
from bot.delivery.journal import Entry, record
from bot.live_codes.alerts import Alerts
from bot.live_codes.checks import Around, check, check_gateway, unable
from bot.live_codes.health import health
from bot.live_codes.platform import Platform
from bot.live_codes.roster import receivers
from bot.live_codes.scans import DayCount, Scans
from bot.live_codes.standing import Book, Standing, digest
from bot.located import Problems
from bot.model.capabilities import Capabilities
from bot.model.delivery import Retry, SendError
from bot.model.live_code import LiveCode, LiveCodeGone, LiveCodeState
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.members import Group, Members
from bot.store.store import Store

__all__ = ["DayCount", "LiveCodes"]

LOOK = 600_000
"""Ms between looks at what the platform has."""
REPAIR = 60_000
"""Ms until it is asked again after it failed."""
AT_ONCE = 5
"""Codes minded together."""
PAUSE = 5_000
"""Ms between two times of minding."""


class LiveCodes:
    """The workspace's live codes.

    Any node may mind them: whoever changes one holds its lease, and sees first whether another
    node has done it already.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        platform: Platform,
        alerts: Alerts,
        gateways: Collection[str],
        capabilities: Callable[[str], Capabilities],
        zone: ZoneInfo,
    ) -> None:
        """``zone``: the workspace's, in which shifts and days are."""
        self._store = store
        self._members = members
        self._platform = platform
        self._alerts = alerts
        self._gateways = gateways
        self._capabilities = capabilities
        self._zone = zone
        self._book = Book(store)
        self._scans = Scans(store, Days(zone.key))
        self._minded: int | None = None

    # reading

    async def all(self) -> list[tuple[LiveCode, LiveCodeState | None]]:
        """Every code and how it stands, by title; ended ones last."""
        codes, standings = await self._book.codes(), await self._book.standings()
        ordered = sorted(codes.values(), key=lambda c: (c.ended, c.title.casefold(), c.id))
        states = await asyncio.gather(*(self._state(c, standings.get(c.id)) for c in ordered))
        return list(zip(ordered, states, strict=True))

    async def get(self, ident: str) -> tuple[LiveCode, LiveCodeState | None] | None:
        """One code and how it stands; None when there is none of that id."""
        code = await self._book.code(ident)
        if code is None:
            return None
        return code, await self._state(code, await self._book.standing(ident))

    async def counts(self, ident: str, since: int, until: int) -> list[DayCount]:
        """What it brought each day from ``since`` until before ``until`` (UTC ms); raises KeyError.

        Without the days and staff to whom nobody came.
        """
        return await self._scans.counts(await self._code(ident), since, until)

    # changing

    async def put(self, code: LiveCode, by: str) -> None:
        """Make or change a code, also on its platform; raises Problems, SendError."""
        code = code.model_copy(update={"ended": False})
        check_gateway(code, {name: self._capabilities(name) for name in self._gateways})
        async with self._book.held(code.id):
            around = await self._around(code)
            check(code, around)
            standing = await self._platform.look(code, await self._book.standing(code.id))
            standing = await self._brought(code, around.codes.get(code.id), standing)
            with suppress(SendError):  # the next look tells
                standing = await self._platform.look(code, standing)
            effects = Effects(self._store.keys)
            self._book.put(effects, code)
            what = "live_code.saved" if code.id in around.codes else "live_code.made"
            self._note(effects, code, what, by)
            await self._keep(effects, code, standing)

    async def end(self, ident: str, by: str) -> None:
        """Take a code off its platform; what it brought stays. Raises SendError, KeyError."""
        async with self._book.held(ident):
            code, standing = await self._code(ident), await self._book.standing(ident)
            if code.ended:
                return
            if code.gateway in self._gateways:  # else nobody can be asked any more
                await self._platform.end(code, standing)
            effects, ended = Effects(self._store.keys), code.model_copy(update={"ended": True})
            self._book.put(effects, ended)
            self._note(effects, code, "live_code.ended", by)
            await self._keep(effects, ended, standing.model_copy(update={"unwell": ()}))

    async def check(self, ident: str) -> None:
        """Look at it on its platform now; raises SendError, which it keeps, and KeyError."""
        async with self._book.held(ident):
            code, standing = await self._code(ident), await self._book.standing(ident)
            if code.ended:
                return
            try:
                standing = _well(await self._platform.look(code, standing))
            except SendError as error:
                failed = await self._failed(ident, standing, error)
                await self._keep(Effects(self._store.keys), code, failed)
                raise
            await self._keep(Effects(self._store.keys), code, standing)

    # minding

    async def tick(self) -> None:
        """Do what the time asks for; called every second on every node."""
        now = self._now()
        if self._minded is not None and 0 <= now - self._minded < PAUSE:
            return
        self._minded = now
        standings, gate = await self._book.standings(), asyncio.Semaphore(AT_ONCE)

        async def mind(code: LiveCode, standing: Standing) -> None:
            async with gate:
                if await self._is_due(code, standing):
                    with suppress(Retry):  # somebody is at it
                        async with self._book.held(code.id, patient=False):
                            await self._mind(code.id)

        codes = (await self._book.codes()).values()
        able = [c for c in codes if not c.ended and self._platform.has(c.gateway)]
        await asyncio.gather(*(mind(c, standings[c.id]) for c in able if c.id in standings))

    async def _is_due(self, code: LiveCode, standing: Standing) -> bool:
        now = self._now()
        if now < standing.again:
            return False
        if _unseen(standing, now):
            return True
        ill = await self._health(code, standing)
        return tuple(map(str, ill)) != standing.unwell or await self._wants(code, standing)

    async def _wants(self, code: LiveCode, standing: Standing) -> bool:
        """Whether the platform must be told something; of a code that is lost nothing."""
        if standing.lost:
            return False
        staff = await self._receivers(code, standing)
        able = bool(staff) or code.kind == "group"
        return able and standing.told != digest(code, staff)

    async def _mind(self, ident: str) -> None:
        """Look at it, and tell its platform who receives now, as far as that is due."""
        code, standing = await self._book.code(ident), await self._book.standing(ident)
        if code is None or code.ended or not await self._is_due(code, standing):
            return
        try:
            if _unseen(standing, self._now()):
                standing = await self._platform.look(code, standing)
            if not standing.platform_id or await self._wants(code, standing):
                standing = await self._brought(code, code, standing)
            standing = _well(standing)
        except LiveCodeGone:
            standing = standing.model_copy(update={"lost": True})
        except Problems:  # nobody can receive: its health says so
            standing = standing.model_copy(update={"again": self._now() + REPAIR})
        except SendError as error:
            standing = await self._failed(ident, standing, error)
        await self._keep(Effects(self._store.keys), code, standing)

    async def _failed(self, ident: str, standing: Standing, error: SendError) -> Standing:
        """What was noted before it failed stands, and what was seen."""
        wait = max(REPAIR, int(error.after * 1000) if isinstance(error, Retry) else 0)
        noted = await self._book.standing(ident)
        return standing.model_copy(
            update={
                "told": noted.told,
                "making": noted.making,
                "platform_id": noted.platform_id,
                "problem": Phrase.of(error.reason),
                "again": self._now() + wait,
            }
        )

    # inside

    async def _brought(self, code: LiveCode, old: LiveCode | None, standing: Standing) -> Standing:
        """Told to the platform, unless it knows; raises SendError, Problems."""
        staff = await self._receivers(code, standing)
        if code.kind == "contact" and not staff:
            raise unable("staff")
        told = digest(code, staff)
        if standing.told == told and not standing.lost:
            return standing
        made = [one for one in standing.groups if old and one not in old.groups]
        if code.new_group and made:  # by the platform: they stay
            most = self._capabilities(code.gateway).live_groups
            groups = tuple(dict.fromkeys([*code.groups, *made]))[-most:]
            code = code.model_copy(update={"groups": groups})
        standing = await self._platform.bring(code, standing, staff)
        return standing.model_copy(update={"told": told})

    async def _keep(self, effects: Effects, code: LiveCode, standing: Standing) -> None:
        """Write how it stands, and tell of what went wrong."""
        ill = await self._health(code, standing)
        self._alerts.tell(effects, code, ill, standing.unwell, self._now())
        told = standing.model_copy(update={"unwell": tuple(map(str, ill))})
        self._book.stand(effects, code, told)
        await self._store.apply(effects)

    async def _health(self, code: LiveCode, standing: Standing) -> tuple[Phrase, ...]:
        added = await self._added(code)
        groups = await self._groups(code.gateway) if code.kind == "group" else []
        names = {str(one.conversation.group): one.name for one in groups}
        return health(code, standing, self._local(), added, names)

    async def _state(self, code: LiveCode, standing: Standing | None) -> LiveCodeState | None:
        if standing is None or standing == Standing():
            return None
        added = await self._scans.today(code) if code.kind == "contact" else {}
        return LiveCodeState(
            platform_id=standing.platform_id,
            image=standing.image,
            staff=standing.staff,
            added_today=added,
            health=await self._health(code, standing),
            checked=standing.checked,
            problem=standing.problem,
        )

    async def _around(self, code: LiveCode) -> Around:
        contact = code.kind == "contact"
        staff = await self._platform.staff(code.gateway) if contact else []
        known = [] if contact else await self._groups(code.gateway)
        groups = [str(one.conversation.group) for one in known if not one.gone]
        can = self._capabilities(code.gateway)
        return Around(await self._book.codes(), can, staff, groups)

    async def _groups(self, gateway: str) -> list[Group]:
        found = await self._members.groups()
        return [one for one in found if one.conversation.gateway == gateway]

    async def _receivers(self, code: LiveCode, standing: Standing) -> tuple[str, ...]:
        if code.kind == "group":
            return ()
        return receivers(code, self._local(), await self._added(code), standing.idle)

    async def _added(self, code: LiveCode) -> dict[str, int]:
        """The day's new contacts, where somebody asks for them."""
        return {} if code.daily_cap is None else {**await self._scans.today(code)}

    async def _code(self, ident: str) -> LiveCode:
        code = await self._book.code(ident)
        if code is None:
            raise KeyError(ident)
        return code

    def _note(self, effects: Effects, code: LiveCode, what: str, by: str) -> None:
        source = f"operator {by}" if by else ""
        record(effects, Entry(at=self._now(), what=what, source=source, text=code.title))

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self._now() / 1000, self._zone)

    def _now(self) -> int:
        return self._store.clock.now()


def _well(standing: Standing) -> Standing:
    return standing.model_copy(update={"problem": Phrase(""), "again": 0})


def _unseen(standing: Standing, now: int) -> bool:
    """Whether it is time to look: also when a call failed, for that may be the staff's fault."""
    stale = now - standing.checked >= LOOK
    return stale or bool(standing.problem) or not standing.platform_id
