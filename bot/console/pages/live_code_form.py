"""The form of a live code: making and changing one, with shifts as rows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.console.audit import Audit
from bot.console.frame import Frame
from bot.console.live_code_words import KINDS, weekdays
from bot.console.page import Page
from bot.console.pages.live_code_fields import NEW, GroupNames, LiveCodeForm
from bot.gateways.adapter import Adapter
from bot.i18n.mark import msgid
from bot.live_codes.live_codes import LiveCodes
from bot.located import Problems
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.delivery import SendError
from bot.model.live_code import LiveCode
from bot.model.phrase import Phrase
from bot.store.members import Members

SPARE = 2
"""Empty fields for further staff."""
PATIENCE = 5.0
"""Seconds a gateway may take to name its staff; without them they are written by hand."""
_AT = re.compile(r"(\w+)(?:\[(\d+)\](?:\.(\w+))?)?")
Gateways = Callable[[], Mapping[str, Capabilities]]
"""What each gateway can do."""
Adapters = Callable[[], Mapping[str, Adapter]]
"""Those this node is connected with."""


class LiveCodeForms:
    """``/live-codes/new`` and ``/live-codes/{id}/edit``."""

    def __init__(
        self,
        frame: Frame,
        room: LiveCodes,
        members: Members,
        audit: Audit,
        gateways: Gateways,
        adapters: Adapters,
    ) -> None:
        self._frame = frame
        self._room = room
        self._members = members
        self._audit = audit
        self._gateways = gateways
        self._adapters = adapters

    def routes(self) -> list[web.RouteDef]:
        """To stand before the pages of single codes, whose path fits all."""
        frame = self._frame
        return [
            frame.get(f"/live-codes/{NEW}", self.new, "manager"),
            frame.post(f"/live-codes/{NEW}", self.make),
            frame.get("/live-codes/{id}/edit", self.form, "manager"),
            frame.post("/live-codes/{id}/edit", self.change),
        ]

    async def new(self, page: Page) -> web.StreamResponse:
        """An empty form."""
        able = self._able()
        if not able:
            return page.redirect("/live-codes")
        kinds = next(iter(able.values())).live_codes
        form = LiveCodeForm(gateway=next(iter(able)), kind=next(k for k in KINDS if k in kinds))
        return await self._show(page, form)

    async def make(self, page: Page) -> web.StreamResponse:
        """Make it, or say beside each field what is wrong."""
        form = await self._posted(page)
        if page.field("do") not in ("", "save"):
            return await self._show(page, form.changed(page.field("do")))
        if await self._room.get(form.id):
            taken = msgid("Another live code has this id.")
            return await self._show(page, form, errors={"id": taken})
        done = msgid("The live code is made. Its picture can be printed.")
        return await self._put(page, form, None, done)

    async def form(self, page: Page) -> web.StreamResponse:
        """A code as it is."""
        old = await self._old(page)
        return await self._show(page, LiveCodeForm.of(old), old)

    async def change(self, page: Page) -> web.StreamResponse:
        """Change it, or say beside each field what is wrong."""
        old = await self._old(page)
        form = await self._posted(page)
        form = replace(form, id=old.id, gateway=old.gateway, kind=old.kind, channel=old.channel)
        if page.field("do") not in ("", "save"):
            return await self._show(page, form.changed(page.field("do")), old)
        done = msgid("The live code is changed. What was printed leads to it.")
        return await self._put(page, form, old, done)

    # inside

    def _able(self) -> dict[str, Capabilities]:
        """The gateways that can make live codes."""
        return {name: can for name, can in self._gateways().items() if can.live_codes}

    async def _old(self, page: Page) -> LiveCode:
        found = await self._room.get(page.request.match_info["id"])
        if found is None or found[0].ended:
            raise web.HTTPNotFound
        return found[0]

    async def _posted(self, page: Page) -> LiveCodeForm:
        form = LiveCodeForm.posted(page)
        names = await self._names(form.gateway)
        return replace(form, groups=tuple(names.ident(said) for said in form.groups))

    async def _names(self, gateway: str) -> GroupNames:
        """The groups of a gateway, or of all that can make live codes while none is chosen."""
        wanted = [gateway] if gateway else [*self._able()]
        return GroupNames(
            {
                group.conversation.group or "": group.name
                for group in await self._members.groups()
                if group.conversation.gateway in wanted and not group.gone
            }
        )

    async def _put(
        self, page: Page, form: LiveCodeForm, old: LiveCode | None, done: str
    ) -> web.Response:
        try:
            code = form.code()
            (await self._names(code.gateway)).check(code.groups)
            await self._room.put(code, page.operator.name)
        except Problems as problems:
            return await self._show(page, form, old, _by_field(problems))
        except SendError as error:
            reason = Phrase.of(error.reason)
            refused = Phrase("{gateway} did not take it: {why}", gateway=form.gateway, why=reason)
            return await self._show(page, form, old, {"": refused})
        before, after = _differing(old, code)
        what = "live_code.changed" if old else "live_code.made"
        await self._audit.write(page.operator.name, what, code.id, before, **after)
        return page.redirect(f"/live-codes/{code.id}", done)

    async def _staff(self, gateway: str) -> Sequence[Account]:
        """Whom a gateway names, as far as it answers soon."""
        adapter = self._adapters().get(gateway)
        if adapter is None:
            return []
        try:
            async with asyncio.timeout(PATIENCE):
                return await adapter.staff()
        except (SendError, TimeoutError):
            return []

    async def _show(
        self,
        page: Page,
        form: LiveCodeForm,
        old: LiveCode | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> web.Response:
        able = self._able()
        names = await self._names(form.gateway)
        can = able.get(form.gateway, Capabilities())
        kinds = {kind for one in able.values() for kind in one.live_codes}
        return page.render(
            "live_codes_form.html",
            422 if errors else 200,
            form=form,
            old=old,
            errors=errors or {},
            gateways=[*able],
            kinds={kind: word for kind, word in KINDS.items() if kind in kinds},
            weekdays=weekdays(page.words),
            staff=[one for name in able for one in await self._staff(name)],
            names=names,
            rooms=max(can.live_groups, len(form.groups)),
            spare=SPARE,
        )


def _by_field(problems: Problems) -> dict[str, str]:
    """The first complaint about each field: ``staff``, ``start-1`` of a shift …; '' for all."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        at = _AT.match(problem.key)
        name = at[1] if at else ""
        if at and name == "shifts" and at[2]:
            name = f"{at[3] or 'shift'}-{at[2]}"
        found.setdefault(name, problem.said)
    return found


def _differing(old: LiveCode | None, new: LiveCode) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after of the fields that are not the same, for the audit."""
    before = old.model_dump(mode="json", exclude={"id"}) if old else {}
    after = new.model_dump(mode="json", exclude={"id"}, exclude_defaults=old is None)
    names = [name for name, value in after.items() if before.get(name) != value]
    return {name: before[name] for name in names if old}, {name: after[name] for name in names}
