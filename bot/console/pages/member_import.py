"""Imports of members: a file goes up, its columns are told apart, and what it did comes down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.row_files import send_rows
from bot.i18n.mark import msgid
from bot.members.import_columns import (
    ACCOUNT,
    ATTRIBUTE,
    LEFT_OUT,
    NAME,
    NUMBER,
    PHONE,
    TAGS,
    WrongColumns,
)
from bot.members.import_preview import Look, Preview
from bot.members.import_results import columns as result_columns
from bot.members.import_results import rows as result_rows
from bot.members.import_rows import Rule, free_text
from bot.members.import_sheet import Unreadable
from bot.members.import_table import LARGEST
from bot.members.imports import STATES, Import, Imports, NoSuchImport, WrongState
from bot.model.phrase import Phrase
from bot.store.members import Members
from bot.store.store import Store

SHOWN = 12
"""Rows shown of a file, the wrong ones first."""
TARGETS: dict[str, str] = {
    LEFT_OUT: msgid("– leave out –"),
    NUMBER: msgid("Number: who is meant"),
    PHONE: msgid("Phone number: who is meant"),
    NAME: msgid("Name"),
    TAGS: msgid("Tags"),
}
ROOM = 100_000
"""Bytes of a form beside its file."""


class MemberImports:
    """``/members/imports`` and what hangs on it; for managers."""

    def __init__(
        self,
        frame: Frame,
        imports: Imports,
        store: Store,
        members: Members,
        rule: Callable[[], Rule] = lambda: free_text,
    ) -> None:
        self._frame = frame
        self._imports = imports
        self._store = store
        self._members = members
        self._rule = rule

    def routes(self) -> list[web.RouteDef]:
        """The list with its form; one import, its progress, and the file of its results."""
        one = "/members/imports/{number}"
        return [
            self._frame.get("/members/imports", self.index, "manager"),
            self._frame.post("/members/imports", self.take, "manager", LARGEST + ROOM),
            self._frame.get(one, self.one, "manager"),
            self._frame.get(f"{one}/progress", self.progress, "manager"),
            self._frame.get(f"{one}/results.{{form}}", self.results, "manager"),
            self._frame.post(one, self.act, "manager"),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """The imports of the last weeks, and the form for another."""
        return await self._list(page)

    async def take(self, page: Page) -> web.StreamResponse:
        """Take a file; nothing is done with it before somebody has looked at it."""
        name, body = page.files.get("file", ("", b""))
        if not body:
            return await self._list(page, msgid("Choose a file."), 422)
        try:
            made = await self._imports.take(page.operator.name, name, body)
        except Unreadable as error:
            return await self._list(page, Phrase.of(error), 422)
        return page.redirect(f"/members/imports/{made.id}")

    async def one(self, page: Page) -> web.StreamResponse:
        """What a draft would do, or how far an import is."""
        return await self._show(page, await self._get(page))

    async def progress(self, page: Page) -> web.StreamResponse:
        """How far it is, as a part of the page that renews itself."""
        return page.render(
            "member_import_progress.html", one=await self._get(page), import_states=STATES
        )

    async def results(self, page: Page) -> web.StreamResponse:
        """Every row's outcome as a file; ``?only=refused``."""
        found, say = await self._get(page), page.words.say
        rows = result_rows(found, self._imports, say, page.arg("only") == "refused")
        name, form = f"import-{found.id}", page.request.match_info["form"]
        return await send_rows(page, form, name, result_columns(found, say), rows)

    async def act(self, page: Page) -> web.StreamResponse:
        """Look again with other columns, run, stop or forget."""
        found, what = await self._get(page), page.field("do")
        here, by = f"/members/imports/{found.id}", page.operator.name
        try:
            if found.state == "draft" and what in ("look", "run"):
                chosen = _chosen(page, found)
                create = page.field("create") == "yes"
                found = await self._imports.choose(found.id, chosen, create)
            if what == "run":
                await self._imports.run(found.id, by)
            elif what == "stop":
                await self._imports.stop(found.id, by)
            elif what == "drop":
                await self._imports.drop(found.id)
                return page.redirect("/members/imports", msgid("The import is forgotten."))
        except WrongColumns as error:
            tried = found.model_copy(update={"columns": _chosen(page, found)})
            return await self._show(page, tried, Phrase.of(error), 422)
        except WrongState as error:
            return await self._show(page, await self._get(page), Phrase.of(error), 409)
        return page.redirect(here)

    # inside

    async def _get(self, page: Page) -> Import:
        try:
            return await self._imports.get(page.number("number"))
        except NoSuchImport:
            raise web.HTTPNotFound from None

    async def _list(self, page: Page, problem: str = "", status: int = 200) -> web.StreamResponse:
        rows = await self._imports.all()
        return page.render(
            "member_imports.html",
            status,
            rows=rows,
            problem=problem,
            most=LARGEST // 1_048_576,
            gateways=self._imports.gateways(),
            import_states=STATES,
        )

    async def _show(
        self, page: Page, found: Import, problem: str = "", status: int = 200
    ) -> web.StreamResponse:
        looks = list[Look]()
        if found.state == "draft":
            problem = problem or await self._wrong(found)
            preview = Preview(self._store, self._members, self._imports, self._rule())
            looks = await preview.of(found)
        wrong_first = sorted(looks, key=lambda look: look.did != "refused")
        return page.render(
            "member_import.html",
            status,
            one=found,
            problem=problem,
            targets=self._targets(page, found),
            looks=wrong_first[:SHOWN],
            looked=len(looks),
            sums={did: sum(look.did == did for look in looks) for did in _DID},
            did=_DID,
            import_states=STATES,
        )

    async def _wrong(self, found: Import) -> str:
        """Why the columns of a draft cannot be imported so; '' when they can."""
        try:
            await self._imports.check(found, found.columns)
        except WrongColumns as error:
            return Phrase.of(error)
        return ""

    def _targets(self, page: Page, found: Import) -> list[list[tuple[str, str]]]:
        """What each column can be, with words."""
        say = page.words.say
        accounts = [
            (f"{ACCOUNT}{name}", say(msgid("Account at {gateway}: who is meant"), gateway=name))
            for name in self._imports.gateways()
        ]
        common = [(key, say(word)) for key, word in TARGETS.items()] + accounts
        declared = self._imports.declared()
        words = {name: f"{name} · {one.label}" for name, one in declared.items() if one.label}
        offered: list[list[tuple[str, str]]] = []
        for name, target in zip(found.header, found.columns, strict=True):
            own = [target] if target.startswith(ATTRIBUTE) else []
            named = [one.removeprefix(ATTRIBUTE) for one in (*own, ATTRIBUTE + name)]
            told = [
                (ATTRIBUTE + n, say(msgid("Attribute “{name}”"), name=words.get(n, n)))
                for n in dict.fromkeys([*named, *declared])
            ]
            offered.append([*common, *told])
        return offered


_DID = {
    "new": (msgid("new"), "good"),
    "changed": (msgid("changed"), "warn"),
    "same": (msgid("as it was"), ""),
    "refused": (msgid("refused"), "bad"),
}
"""What would become of a row, and how that looks."""


def _chosen(page: Page, found: Import) -> Sequence[str]:
    return tuple(page.field(f"column{at}") for at in range(len(found.header)))
