"""The frame around every page: who asks, whether they may, and what all answers carry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from urllib.parse import urlencode

import structlog
from aiohttp import web
from multidict import MultiDict

from bot.clock import Clock
from bot.console.formats import Formats
from bot.console.operators import Operator, Operators, Role
from bot.console.page import Page
from bot.console.sessions import IDLE, Sessions
from bot.console.templating import environment
from bot.console.words import Words
from bot.i18n import Translator
from bot.i18n.mark import msgid
from bot.settings.server import WebSettings
from bot.store.line import StoreError
from bot.web.assets import Assets
from bot.web.headers import protect
from bot.web.language import preferred
from bot.web.peer import is_https, same_origin

log = structlog.get_logger(__name__)

COOKIE = "muster_session"
LARGEST_FORM = 64 * 1024
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
FREE = frozenset({"/account", "/account/password", "/logout"})
"""Where somebody may go whose password must be changed."""

Handler = Callable[[Page], Awaitable[web.StreamResponse]]
RawHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Turned(Exception):
    """The request is answered otherwise: with a redirect or an error page."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


Banner = Callable[[], Awaitable[str]]
"""A msgid to show above every page, or nothing."""


async def nothing_to_say() -> str:
    """No banner."""
    return ""


Seen = Callable[[web.Request], Awaitable[None]]
"""Told of every request by an operator."""


async def unnoticed(_: web.Request) -> None:
    """Tells nobody."""


class Frame:
    """Makes web handlers of page handlers.

    Not a middleware: the tracked links of the same server must not pay for it.
    """

    def __init__(
        self,
        operators: Operators,
        sessions: Sessions,
        translator: Translator,
        clock: Clock,
        assets: Assets,
        settings: WebSettings,
        language: str,
        zone: str,
        banner: Banner = nothing_to_say,
        seen: Seen = unnoticed,
    ) -> None:
        self._banner = banner
        self._seen = seen
        self._operators = operators
        self._sessions = sessions
        self._translator = translator
        self._clock = clock
        self._assets = assets
        self._settings = settings
        self._language = language
        self._zone = zone
        self._environment = environment()
        self._paths: set[str] = set()

    def show(self, path: str) -> None:
        """Let the menu name a page that is not ours."""
        self._paths.add(path)

    def get(
        self, path: str, handler: Handler, role: Role = "viewer", *, menu: bool = True
    ) -> web.RouteDef:
        """A page; the menu shows it if it knows the path, and is to."""
        if menu:
            self._paths.add(path)
        return web.get(path, self.page(handler, role))

    def post(
        self,
        path: str,
        handler: Handler,
        role: Role = "manager",
        largest: int = LARGEST_FORM,
    ) -> web.RouteDef:
        """A form's target: CSRF token and origin are checked before ``handler`` is called.

        ``largest``: the bytes it may have.
        """
        return web.post(path, self.page(handler, role, largest))

    def page(
        self, handler: Handler, role: Role | None = "viewer", largest: int = LARGEST_FORM
    ) -> RawHandler:
        """Wrap a handler; ``role`` None lets in people who have not logged in."""

        async def answer(request: web.Request) -> web.StreamResponse:
            page = self._page(request)
            try:
                await self._enter(page, role, largest)
                response = await handler(page)
                if role is not None:
                    await self._renew(page, response)
            except Turned as turned:
                response = self._turn(page, turned)
            except web.HTTPNotFound:
                response = self._error(page, 404, msgid("This page is not here."))
            except web.HTTPRequestEntityTooLarge:
                response = self._error(page, 413, msgid("That is too much for one form."))
            except web.HTTPException:
                raise
            except StoreError as error:
                log.warning("console.store_away", path=request.path, reason=str(error))
                response = self._error(
                    page, 503, msgid("The store does not answer. Nothing is lost; try again soon.")
                )
            except Exception:  # supervision boundary: a page that fails must say so kindly
                log.exception("console.failed", path=request.path)
                response = self._error(
                    page, 500, msgid("Something went wrong here. The log says more.")
                )
            if "Cache-Control" not in response.headers:
                response.headers["Cache-Control"] = "no-store"
            return protect(response, "'self' data:")

        return answer

    async def sign_in(self, page: Page, operator: Operator, response: web.Response) -> None:
        """Begin a new session in place of the one there was."""
        if page.token:
            await self._sessions.close(page.token)
        self._keep(page, await self._sessions.open(operator), response)

    async def sign_out(self, page: Page, response: web.Response) -> None:
        """End the session."""
        await self._sessions.close(page.token)
        response.del_cookie(COOKIE, path="/")

    # steps

    async def _enter(self, page: Page, role: Role | None, largest: int) -> None:
        request = page.request
        token = request.cookies.get(COOKIE, "")
        session = await self._sessions.find(token) if token else None
        operator = await self._operators.find(session.operator) if session else None
        if session and operator and operator.epoch == session.epoch:
            page.signed_in, page.session, page.token = operator, session, token
            page.words, page.formats = self._tongue(request, operator)
            page.banner = await self._banner()
            await self._seen(request)
        if role is not None:
            self._judge(page, role)
        if request.method == "POST":
            await self._read_form(page, largest)

    def _judge(self, page: Page, role: Role) -> None:
        if page.signed_in is None:
            raise Turned(303, "/login")
        if page.signed_in.must_change and page.request.path not in FREE:
            raise Turned(303, "/account")
        if not page.signed_in.may(role):
            raise Turned(403, msgid("Your role does not let you do this."))

    async def _read_form(self, page: Page, largest: int) -> None:
        request = page.request
        if not same_origin(request, self._settings.public_url):
            raise Turned(403, msgid("The form came from another site."))
        if request.content_type not in FORMS:
            raise Turned(415, msgid("This is not a form."))
        if (request.content_length or 0) > largest:
            raise Turned(413, msgid("That is too much for one form."))
        try:
            fields = await request.clone(client_max_size=largest).post()
        except (ValueError, LookupError):  # not the characters it says it is written in
            raise Turned(415, msgid("This is not a form.")) from None
        page.form = MultiDict((k, v) for k, v in fields.items() if isinstance(v, str))
        for name, value in fields.items():
            if isinstance(value, web.FileField):
                with value.file as file:
                    page.files[name] = value.filename, file.read()
        if page.session and not compare_digest(
            page.form.get("csrf", "").encode("utf-8", "replace"), page.session.csrf.encode()
        ):
            raise Turned(403, msgid("The form was too old. Go back, reload the page, try again."))

    async def _renew(self, page: Page, response: web.StreamResponse) -> None:
        new = COOKIE in response.cookies
        if page.session and not new and await self._sessions.renew(page.token, page.session):
            self._keep(page, page.token, response)

    def _keep(self, page: Page, token: str, response: web.StreamResponse) -> None:
        response.set_cookie(
            COOKIE,
            token,
            max_age=IDLE,
            httponly=True,
            samesite="Lax",
            secure=page.secure,
            path="/",
        )

    # answers

    def _turn(self, page: Page, turned: Turned) -> web.Response:
        if turned.status != 303:
            return self._error(page, turned.status, turned.why)
        if turned.why == "/login" and page.request.method == "GET" and page.request.path != "/":
            return page.redirect(f"/login?{urlencode({'next': page.request.path_qs})}")
        return page.redirect(turned.why)

    def _error(self, page: Page, status: int, why: str) -> web.Response:
        return page.render("error.html", status, code=status, why=why)

    def _page(self, request: web.Request) -> Page:
        words, formats = self._tongue(request, None)
        return Page(
            request=request,
            words=words,
            formats=formats,
            form=MultiDict(),
            signed_in=None,
            session=None,
            token="",
            environment=self._environment,
            assets=self._assets,
            paths=frozenset(self._paths),
            secure=is_https(request, self._settings.trusted_proxies),
        )

    def _tongue(self, request: web.Request, operator: Operator | None) -> tuple[Words, Formats]:
        accepted = request.headers.get("Accept-Language", "")
        chosen = operator.language if operator else None
        language = chosen or preferred(accepted, self._language)
        return (
            Words(self._translator, language),
            Formats(language, self._zone, self._clock.now()),
        )
