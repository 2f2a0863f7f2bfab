"""Group welcomes: texts that platforms show to who joins a group, written and watched here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from aiohttp import web

from bot.console.cards import Need
from bot.console.frame import Frame
from bot.console.page import Page
from bot.gateways.adapters import ADAPTERS
from bot.group_welcomes.group_welcomes import STALE, GroupWelcomes, Meddled, NoSuchWelcome
from bot.group_welcomes.kept import Kept, State
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.group_welcome import NAME, Attachment, GroupWelcome
from bot.model.message import File, Image, LinkCard, MiniProgram, Video

LONGEST = 10_000
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "": msgid("nothing"),
        "image": msgid("a picture"),
        "link_card": msgid("a link card"),
        "mini_program": msgid("a mini program"),
        "file": msgid("a file"),
        "video": msgid("a film"),
    }
)
"""What can be attached."""
STANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "making": (msgid("being made"), "warn"),
        "there": (msgid("at the platform"), "good"),
        "behind": (msgid("an older text is there"), "bad"),
        "unmade": (msgid("not made"), "bad"),
        "doubt": (msgid("in doubt"), "warn"),
        "gone": (msgid("deleted there"), "bad"),
        "edited": (msgid("edited elsewhere"), "warn"),
    }
)
"""How one stands, and how that looks."""
DONE: Mapping[State, str] = MappingProxyType(
    {
        "making": msgid("It is being made."),
        "there": msgid("It is at the platform now. A person must choose it for each group."),
        "behind": msgid("It is kept here; the platform still has the older text."),
        "unmade": msgid("It is kept here; the platform did not take it."),
        "doubt": msgid("It is kept here; nobody knows whether the platform has it."),
        "gone": msgid("It is kept here; the platform has it no more."),
    }
)
"""What is said once something was tried."""
MEDDLED = msgid("Somebody else is changing it right now. Look again.")


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields."""

    gateway: str = ""
    text: str = ""
    kind: str = ""
    url: str = ""
    title: str = ""
    description: str = ""
    picture: str = ""
    app: str = ""
    path: str = ""
    tell: bool = True

    @classmethod
    def of(cls, kept: Kept) -> Form:
        """From one that is kept."""
        form = cls(kept.gateway, kept.wanted.text)
        match kept.wanted.attachment:
            case LinkCard(url=url, title=title, description=said, image=image):
                return replace(
                    form,
                    kind="link_card",
                    url=url,
                    title=title,
                    description=said,
                    picture=image or "",
                )
            case MiniProgram(app=app, path=path, title=title, picture=picture):
                return replace(
                    form,
                    kind="mini_program",
                    app=app,
                    path=path,
                    title=title,
                    picture=picture or "",
                )
            case File(url=url, name=name):
                return replace(form, kind="file", url=url, title=name)
            case Image(kind=kind, url=url, alt=alt) | Video(kind=kind, url=url, alt=alt):
                return replace(form, kind=kind, url=url, title=alt)
        return form

    @classmethod
    def posted(cls, page: Page) -> Form:
        """From the fields of a POST."""
        return cls(
            gateway=page.field("gateway"),
            text=page.field("text", LONGEST).replace("\r\n", "\n"),
            kind=page.field("attachment"),
            url=page.field("url", LONGEST),
            title=page.field("title", LONGEST),
            description=page.field("description", LONGEST),
            picture=page.field("picture", LONGEST),
            app=page.field("app", LONGEST),
            path=page.field("path", LONGEST),
            tell=page.field("tell") == "on",
        )

    @property
    def welcome(self) -> GroupWelcome:
        """What the fields say."""
        return GroupWelcome(text=self.text, attachment=self._attachment())

    def _attachment(self) -> Attachment | None:
        url, title, picture = self.url, self.title, self.picture or None
        match self.kind:
            case "image":
                return Image(url=url, alt=title)
            case "link_card":
                return LinkCard(url=url, title=title, description=self.description, image=picture)
            case "mini_program":
                return MiniProgram(app=self.app, path=self.path, title=title, picture=picture)
            case "file":
                return File(url=url, name=title)
            case "video":
                return Video(url=url, alt=title)
        return None


class GroupWelcomePages:
    """``/group-welcomes``."""

    def __init__(
        self, frame: Frame, room: GroupWelcomes, keeping: Callable[[], Sequence[str]]
    ) -> None:
        """``keeping`` names the gateways that keep such texts, connected here or not."""
        self._frame = frame
        self._room = room
        self._keeping = keeping

    def routes(self) -> list[web.RouteDef]:
        """The list, one, and what can be done with it."""
        frame, one = self._frame, "/group-welcomes/{ident}"
        return [
            frame.get("/group-welcomes", self.index, menu=bool(self._keeping())),
            frame.post("/group-welcomes", self.add),
            frame.post("/group-welcomes/look", self.look_at_all),
            frame.get(one, self.show),
            frame.post(one, self.edit),
            frame.post(f"{one}/push", self.push),
            frame.post(f"{one}/end", self.end),
            frame.post(f"{one}/forget", self.forget),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """On the overview: one that is not as it should be."""
        for kept in await self._room.all():
            if (stands := _stands(kept)) not in ("there", "making"):
                word = page.words.say(STANDS[stands][0])
                said = msgid("Group welcome “{title}”: {state}")
                text = page.words.say(said, title=kept.wanted.title, state=word)
                return Need(text, f"/group-welcomes/{kept.id}", STANDS[stands][1])
        return None

    # all

    async def index(self, page: Page) -> web.StreamResponse:
        """Every one."""
        return await self._list(page, Form(), {})

    async def add(self, page: Page) -> web.StreamResponse:
        """Make one."""
        form = Form.posted(page)
        try:
            kept = await self._room.make(
                form.gateway, form.welcome, page.operator.name, tell=form.tell
            )
        except Problems as problems:
            return await self._list(page, form, _by_field(problems))
        return _back(page, kept)

    async def look_at_all(self, page: Page) -> web.StreamResponse:
        """See what the platforms have."""
        await self._room.look_at_all()
        return page.redirect("/group-welcomes", msgid("Compared with what the platforms have."))

    async def _list(self, page: Page, form: Form, errors: dict[str, str]) -> web.Response:
        gateways = self._room.gateways()
        return page.render(
            "group_welcomes.html",
            422 if errors else 200,
            rows=[(kept, STANDS[_stands(kept)]) for kept in await self._room.all()],
            gateways=[*gateways],
            keeping=self._keeping(),
            could=[name for name, one in ADAPTERS.items() if one.group_welcome_steps],
            steps={name: one.group_welcome_steps for name, one in gateways.items()},
            kinds=KINDS,
            name=NAME,
            form=form,
            errors=errors,
        )

    # one

    async def show(self, page: Page) -> web.StreamResponse:
        """One, compared with the platform's unless that was done just now."""
        kept = await self._found(page)
        kept = await self._room.look(kept.id, older=STALE)
        return await self._one(page, kept, Form.of(kept), {})

    async def edit(self, page: Page) -> web.StreamResponse:
        """Change it."""
        form, kept = Form.posted(page), await self._found(page)
        try:
            kept = await self._room.change(kept.id, form.welcome, page.operator.name)
        except Problems as problems:
            return await self._one(page, kept, form, _by_field(problems))
        except Meddled:
            return page.redirect(f"/group-welcomes/{kept.id}", MEDDLED)
        return _back(page, kept)

    async def push(self, page: Page) -> web.StreamResponse:
        """Try again what the platform has not."""
        kept = await self._found(page)
        try:
            kept = await self._room.push(kept.id, page.operator.name)
        except Meddled:
            return page.redirect(f"/group-welcomes/{kept.id}", MEDDLED)
        return _back(page, kept)

    async def end(self, page: Page) -> web.StreamResponse:
        """Take it away there and here."""
        kept = await self._found(page)
        try:
            left = await self._room.end(kept.id, page.operator.name)
        except Meddled:
            return page.redirect(f"/group-welcomes/{kept.id}", MEDDLED)
        if left:
            said = msgid("The platform did not delete it.")
            return page.redirect(f"/group-welcomes/{kept.id}", said)
        return page.redirect("/group-welcomes", msgid("It is deleted."))

    async def forget(self, page: Page) -> web.StreamResponse:
        """Drop it here alone."""
        kept = await self._found(page)
        try:
            await self._room.forget(kept.id, page.operator.name)
        except Meddled:
            return page.redirect(f"/group-welcomes/{kept.id}", MEDDLED)
        return page.redirect("/group-welcomes", msgid("It is forgotten here."))

    async def _found(self, page: Page) -> Kept:
        try:
            return await self._room.get(page.request.match_info["ident"])
        except NoSuchWelcome:
            raise web.HTTPNotFound from None

    async def _one(
        self, page: Page, kept: Kept, form: Form, errors: dict[str, str]
    ) -> web.Response:
        adapter = self._room.gateways().get(kept.gateway)
        return page.render(
            "group_welcome.html",
            422 if errors else 200,
            one=kept,
            stands=_stands(kept),
            stand=STANDS[_stands(kept)],
            steps={kept.gateway: adapter.group_welcome_steps} if adapter else {},
            kinds=KINDS,
            name=NAME,
            form=form,
            errors=errors,
        )


def _stands(kept: Kept) -> str:
    return "edited" if kept.edited else kept.state


def _back(page: Page, kept: Kept) -> web.Response:
    return page.redirect(f"/group-welcomes/{kept.id}", DONE[kept.state])


def _by_field(problems: Problems) -> dict[str, str]:
    """The first complaint about each field; '' for the whole."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        found.setdefault(problem.key, problem.said)
    return found
