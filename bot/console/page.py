"""Page: one request by one operator, and the ways to answer it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from aiohttp import web
from jinja2 import Environment
from markupsafe import Markup
from multidict import MultiDict

from bot.console.formats import Formats
from bot.console.operators import Operator, Role
from bot.console.sessions import Session
from bot.console.words import Words
from bot.web.assets import Assets

NOTICE = "muster_notice"
Query = str | int | None


@dataclass(slots=True)
class Page:
    """What a handler is given; ``form`` holds a POST's fields, already proven to be ours."""

    request: web.Request
    words: Words
    formats: Formats
    form: MultiDict[str]
    signed_in: Operator | None
    session: Session | None
    token: str
    environment: Environment
    assets: Assets
    paths: frozenset[str]
    secure: bool
    banner: str = ""
    """A msgid shown above everything."""
    files: dict[str, tuple[str, bytes]] = dataclasses.field(default_factory=dict)
    """The files a POST brought, by field: what each is called, and its content."""

    @property
    def operator(self) -> Operator:
        """Who asks; only on pages that ask for a role."""
        if self.signed_in is None:
            raise web.HTTPForbidden
        return self.signed_in

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.words.language

    def may(self, role: Role) -> bool:
        """Whether the operator's role includes ``role``."""
        return self.signed_in is not None and self.signed_in.may(role)

    def arg(self, name: str, longest: int = 200) -> str:
        """A query parameter, stripped and cropped; '' when it is missing."""
        return self.request.query.get(name, "").strip()[:longest]

    def field(self, name: str, longest: int = 200) -> str:
        """A form field, stripped and cropped; '' when it is missing."""
        return self.form.get(name, "").strip()[:longest]

    def number(self, name: str) -> int:
        """A path part that is a number; not found when it is none."""
        part = self.request.match_info.get(name, "")
        if not (part.isascii() and part.isdigit() and len(part) < 16):
            raise web.HTTPNotFound
        return int(part)

    def here(self, **changes: Query) -> str:
        """This page's address with other query parameters; None takes one away."""
        query = {**self.request.query, **changes}
        kept = {k: str(v) for k, v in query.items() if v not in (None, "")}
        return f"{self.request.path}?{urlencode(kept)}" if kept else self.request.path

    def render(self, template: str, status: int = 200, **data: Any) -> web.Response:
        """The answer made from a template."""
        notice = unquote(self.request.cookies.get(NOTICE, ""))
        text = self.part(template, notice=notice, **data)
        response = web.Response(text=text, status=status, content_type="text/html")
        if notice:
            response.del_cookie(NOTICE, path="/")
        return response

    def part(self, template: str, **data: Any) -> Markup:
        """What a template makes in this reader's language, for this page or as a part of it."""
        return Markup(  # noqa: S704 - the environment escapes
            self.environment.get_template(template).render(
                page=self,
                _=self.words.say,
                n_=self.words.count,
                fmt=self.formats,
                asset=self.assets.url,
                csrf=self.session.csrf if self.session else "",
                operator=self.signed_in,
                **data,
            )
        )

    def redirect(self, path: str, notice: str = "") -> web.Response:
        """Go on to a page of ours; ``notice`` is a msgid shown there once."""
        response = web.Response(status=303, headers={"Location": local(path)})
        if notice:
            response.set_cookie(
                NOTICE,
                quote(notice),
                max_age=60,
                httponly=True,
                samesite="Lax",
                secure=self.secure,
                path="/",
            )
        return response


def local(path: str) -> str:
    """``path`` when it is one of this site, else the front page.

    Browsers read a backslash as a slash and drop tabs and line ends, so none may be there.
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    if not plain or "\\" in path or not path.isprintable():
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else path
