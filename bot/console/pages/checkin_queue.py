"""The approval queue: what members showed for their check-ins, to take or to refuse."""

from __future__ import annotations

from aiohttp import web

from bot.checkins.checkins import CheckIns
from bot.console.cards import Need
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.store.store import Store

PAGE = 20
PATH = "/check-ins/approvals"
LATE = msgid("Somebody else decided it just now.")


class CheckInQueue:
    """Oldest first; each is decided with one tap or key."""

    def __init__(self, frame: Frame, room: CheckIns, store: Store, directory: Directory) -> None:
        self._frame = frame
        self._room = room
        self._store = store
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins/approvals`` and its two buttons."""
        return [
            self._frame.get(PATH, self.index),
            self._frame.post(f"{PATH}/approve", self.approve),
            self._frame.post(f"{PATH}/refuse", self.refuse),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """For the overview: how many wait."""
        count = await self._count()
        if not count:
            return None
        one, many = (
            msgid("{n} check-in waits for approval"),
            msgid("{n} check-ins wait for approval"),
        )
        return Need(page.words.count(one, many, count), PATH, "warn")

    async def index(self, page: Page) -> web.StreamResponse:
        """What waits."""
        return await self._show(page)

    async def approve(self, page: Page) -> web.StreamResponse:
        """It counts."""
        done = await self._room.approve(page.field("key"), page.operator.name)
        return page.redirect(_back(page), msgid("It is approved.") if done else LATE)

    async def refuse(self, page: Page) -> web.StreamResponse:
        """It is taken away again, with a reason."""
        if not page.field("reason"):
            return await self._show(page, page.field("key"))
        done = await self._room.refuse(page.field("key"), page.operator.name, page.field("reason"))
        return page.redirect(_back(page), msgid("It is refused.") if done else LATE)

    async def _show(self, page: Page, without_reason: str = "") -> web.StreamResponse:
        start = offset(page.arg("after") or page.field("after"))
        found, count = await self._room.pending(start, PAGE), await self._count()
        return page.render(
            "checkin_queue.html",
            422 if without_reason else 200,
            rows=found,
            count=count,
            titles={one.name: one.title(page.words.say) for one in self._room.programmes},
            without_reason=without_reason,
            people=await self._directory.people(one.member for one in found),
            places=await self._directory.places(one.conversation for one in found),
            after=start,
            more=page.here(after=start + PAGE) if start + PAGE < count else "",
        )

    async def _count(self) -> int:
        return int(await self._store.call("ZCARD", self._store.keys.checkin_pending()))


def _back(page: Page) -> str:
    after = offset(page.field("after"))
    return f"{PATH}?after={after}" if after else PATH
