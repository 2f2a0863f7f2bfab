"""Tasks: messages staff must send by hand, to copy, and to say done, leave out or put off."""

from __future__ import annotations

from aiohttp import web

from bot.console.audit import Audit
from bot.console.cards import Need
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.sop.outcomes.errand import Wish
from bot.sop.outcomes.errands import Errands
from bot.sop.outcomes.tasks import Task
from bot.sop.outcomes.tasks import Tasks as Book

PAGE = 25
LOOK = 5_000
"""Open tasks the page knows of, the earliest due."""
NOBODY = "-"
"""In addresses: tasks nobody owns."""
HOURS = (1, 3, 24)
HOUR = 3_600_000
LONGEST_ID = 300


class Tasks:
    """The page of open tasks."""

    def __init__(
        self, frame: Frame, book: Book, directory: Directory, audit: Audit, errands: Errands
    ) -> None:
        self._frame = frame
        self._book = book
        self._directory = directory
        self._audit = audit
        self._errands = errands

    def routes(self) -> list[web.RouteDef]:
        """``/tasks`` with its decisions."""
        return [
            self._frame.get("/tasks", self.index),
            self._frame.post("/tasks/done", self.done),
            self._frame.post("/tasks/skip", self.skip),
            self._frame.post("/tasks/postpone", self.postpone),
            self._frame.post("/tasks/remind", self.remind),
            self._frame.post("/tasks/withdraw", self.withdraw),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """For the overview: how many wait for somebody."""
        if not (count := await self._book.count()):
            return None
        one, many = msgid("{n} task waits for staff"), msgid("{n} tasks wait for staff")
        return Need(page.words.count(one, many, count), "/tasks", "warn")

    async def index(self, page: Page) -> web.StreamResponse:
        """Open tasks, the earliest due first; by words, staff member, SOP and lateness."""
        start = offset(page.arg("after"))
        found = await self._book.open(0, LOOK)
        owners = sorted({task.owner or NOBODY for task in found})
        sops = sorted({task.sop for task in found})
        every = [task for task in found if _fits(page, task)]
        shown, total = every[start : start + PAGE], len(every)
        return page.render(
            "tasks.html",
            rows=shown,
            total=total,
            late=sum(task.due < page.formats.now for task in every),
            owners=[(one, _called(page, one)) for one in owners],
            sops=[(one, one) for one in sops],
            filtered=any(page.arg(name) for name in ("q", "owner", "sop", "late")),
            hours=HOURS,
            now=page.formats.now,
            errands=await self._errands.of([task.id for task in shown]),
            people=await self._directory.people(task.member for task in shown),
            places=await self._directory.places(task.to.key for task in shown),
            more=page.here(after=start + PAGE) if start + PAGE < total else "",
        )

    async def done(self, page: Page) -> web.StreamResponse:
        """Somebody sent it."""
        ident = page.field("id", LONGEST_ID)
        closed = await self._book.done(ident, page.operator.name)
        return await self._told(page, closed, "task.done", msgid("Done."))

    async def skip(self, page: Page) -> web.StreamResponse:
        """It is not to be sent."""
        ident = page.field("id", LONGEST_ID)
        closed = await self._book.skip(ident, page.operator.name)
        return await self._told(page, closed, "task.skipped", msgid("It is left out."))

    async def postpone(self, page: Page) -> web.StreamResponse:
        """Due some hours from now instead."""
        hours = offset(page.field("hours"))
        if hours not in HOURS:
            raise web.HTTPNotFound
        until = page.formats.now + hours * HOUR
        ident = page.field("id", LONGEST_ID)
        moved = await self._book.postpone(ident, until, page.operator.name)
        due = page.formats.exact(until)
        return await self._told(page, moved, "task.postponed", msgid("It is put off."), due=due)

    async def remind(self, page: Page) -> web.StreamResponse:
        """The staff member who has it in their app is reminded."""
        return await self._wished(page, "remind", msgid("They will be reminded."))

    async def withdraw(self, page: Page) -> web.StreamResponse:
        """It is taken back from their app, and waits here for somebody."""
        return await self._wished(page, "withdraw", msgid("It is being taken back."))

    async def _wished(self, page: Page, what: Wish, notice: str) -> web.StreamResponse:
        ident = page.field("id", LONGEST_ID)
        if not await self._errands.wish(ident, what, page.operator.name):
            return page.redirect("/tasks", msgid("Somebody else closed it already."))
        await self._audit.write(page.operator.name, f"errand.{what}", ident)
        return page.redirect("/tasks", notice)

    async def _told(
        self, page: Page, happened: bool, what: str, notice: str, **after: str
    ) -> web.StreamResponse:
        if not happened:
            return page.redirect("/tasks", msgid("Somebody else closed it already."))
        ident = page.field("id", LONGEST_ID)
        await self._audit.write(page.operator.name, what, ident, before={"state": "open"}, **after)
        return page.redirect("/tasks", notice)


def _called(page: Page, owner: str) -> str:
    return page.words.say(msgid("nobody in particular")) if owner == NOBODY else owner


def _fits(page: Page, task: Task) -> bool:
    """Whether a task is among those asked for."""
    owner, sop = page.arg("owner"), page.arg("sop")
    searched = f"{task.sop} {task.to.key} {task.title} {task.text}".casefold()
    return (
        page.arg("q").casefold() in searched
        and owner in ("", task.owner or NOBODY)
        and sop in ("", task.sop)
        and (not page.arg("late") or task.due < page.formats.now)
    )
