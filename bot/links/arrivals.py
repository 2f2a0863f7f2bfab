"""Arrivals: conversions told by a visit to a signed address, ``GET /v/<kind>``."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from pydantic import BeforeValidator, Field, ValidationError

from bot.i18n.mark import msgid
from bot.links.conversions import (
    AHEAD,
    CURRENCY,
    EARLIEST,
    KIND,
    MOST,
    REMEMBERED,
    AnotherOne,
    Conversions,
    Gone,
    Told,
    Unattributed,
)
from bot.links.destinations import LONGEST, BadDestination, location
from bot.links.links import Links
from bot.links.pages import Translate
from bot.links.signing import SigningKey, SigningKeys, host_of, sign
from bot.model.base import Frozen
from bot.store.line import StoreError
from bot.web.language import preferred

PATH = "/v/"
LARGEST = 7000
"""Letters the path and query may have."""
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one transparent pixel."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

Outcome = Literal[
    "recorded",
    "repeated",
    "malformed",
    "oversized",
    "unsigned",
    "destination",
    "unknown code",
    "other content",
    "erased",
    "store away",
]
Count = Callable[[Outcome], None]

log = structlog.get_logger(__name__)


def _plain(value: object) -> object:
    """A decimal as people write it; pydantic alone would also read "1_0", "1e2" and "NaN"."""
    plain = str(value).removeprefix("-").replace(".", "", 1)
    if not (plain.isascii() and plain.isdecimal()):
        raise ValueError("expected a number such as 12.00")
    return value


class Claim(Frozen):
    """What the address of a visit says; ``at`` is in UTC seconds, 0 for now."""

    kind: str = Field(pattern=KIND)
    key: str = Field(pattern=r"^[0-9a-f]{8}$")
    sig: str = Field(pattern=r"^[0-9a-fA-F]{64}$")
    name: str = Field(pattern=r"^[!-~]{1,200}$")
    code: str = Field(min_length=1, max_length=500)
    value: Annotated[Decimal, BeforeValidator(_plain)] = Field(
        default=Decimal(0), ge=-MOST, le=MOST, decimal_places=4
    )
    currency: str = Field(default="", pattern=CURRENCY)
    at: str = Field(default="", pattern=r"^([0-9]{1,12})?$")
    to: str = Field(default="", max_length=LONGEST)

    @property
    def told(self) -> Told:
        """The conversion; of the same name as one told over the API under this id."""
        return Told(
            name=f"id:{self.name}",
            kind=self.kind,
            value=self.value,
            currency=self.currency,
            code=self.code,
            at=int(self.at) * 1000 if self.at else None,
        )


class Turned(Exception):
    """A visit nothing is recorded of: a status, why (a msgid), and more for who builds the shop."""

    def __init__(self, status: int, outcome: Outcome, why: str, more: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.outcome = outcome
        self.why = why
        self.more = more


class Arrivals:
    """Records what signed addresses tell, and sends the visitor on.

    ``count`` is told what became of each visit.
    """

    def __init__(
        self,
        conversions: Conversions,
        keys: SigningKeys,
        links: Links,
        now: Callable[[], int],
        translate: Translate,
        count: Count = lambda outcome: None,
    ) -> None:
        self._conversions = conversions
        self._keys = keys
        self._links = links
        self._now = now
        self._translate = translate
        self._count = count

    def routes(self) -> list[web.RouteDef]:
        """Where visits are."""
        return [web.get(PATH + "{kind}", self.answer, allow_head=False)]

    async def answer(self, request: web.Request) -> web.Response:
        """A 302 to where the address says, an image or 204 when it says nowhere; else why not."""
        try:
            outcome, response = await self._arrive(request)
        except Turned as turned:
            outcome, response = turned.outcome, self._refusal(request, turned)
        except StoreError as error:
            log.warning("conversion.store_away", reason=str(error))
            why = msgid("This cannot be recorded now. Please try again in a minute.")
            outcome = "store away"
            response = self._refusal(request, Turned(503, outcome, why))
            response.headers["Retry-After"] = "5"
        self._count(outcome)
        return response

    async def _arrive(self, request: web.Request) -> tuple[Outcome, web.Response]:
        if len(request.path_qs) > LARGEST or len(request.raw_path) > LARGEST:
            raise Turned(414, "oversized", msgid("This address is too long."))
        fields = _fields(request)
        key = await self._key(request.match_info["kind"], fields)
        claim = _claim(request.match_info["kind"], fields, self._now())
        onward = await self._onward(claim, key)
        new = await self._record(claim, key)
        outcome: Outcome = "recorded" if new else "repeated"
        if onward:
            return outcome, web.Response(status=302, headers={"Location": onward, **_HEADERS})
        accepted = request.headers.get("Accept", "")
        if "image/" in accepted and "text/html" not in accepted:
            return outcome, web.Response(body=PIXEL, content_type="image/gif", headers=_HEADERS)
        return outcome, web.Response(status=204, headers=_HEADERS)

    async def _key(self, kind: str, fields: Mapping[str, str]) -> SigningKey:
        """The key that signed; an unknown one and a wrong signature are answered alike."""
        found = await self._keys.find(fields.get("key", ""))
        wanted = sign(found[1], kind, fields) if found else ""
        given = fields.get("sig", "").lower().encode("utf-8", "surrogatepass")
        if not found or not hmac.compare_digest(wanted.encode(), given):
            raise Turned(403, "unsigned", msgid("This address is not signed by a key of ours."))
        return found[0]

    async def _onward(self, claim: Claim, key: SigningKey) -> str:
        """The destination as a header has it, '' for none; its host must be one we know."""
        if not claim.to:
            return ""
        why = msgid("This address leads to a site that is not registered here.")
        try:
            host = host_of(claim.to)
        except BadDestination as error:
            raise Turned(422, "destination", why, f"to: {error}") from None
        if host not in key.hosts and host not in await self._hosts(claim.code):
            raise Turned(422, "destination", why, f"to: {host} is no host of the link or the key")
        return location(claim.to.strip())

    async def _hosts(self, code: str) -> Collection[str]:
        """The hosts the code's link leads to."""
        found = self._conversions.code(code)
        try:
            link = await self._links.look_up(found.link) if found else None
        except TimeoutError as error:
            raise StoreError("the store took too long to say where a link leads") from error
        urls = [link.url, *(branch.url for branch in link.branches)] if link else []
        return {urlsplit(location(url)).hostname or "" for url in urls}

    async def _record(self, claim: Claim, key: SigningKey) -> bool:
        try:
            _, new = await self._conversions.record(claim.told, key.actor)
        except Unattributed as error:
            why = msgid("The link this came from is not known here.")
            raise Turned(422, "unknown code", why, f"code: {error}") from None
        except AnotherOne:
            why = msgid("Something else was recorded under this name before.")
            raise Turned(409, "other content", why, "name: used for other content") from None
        except Gone:
            why = msgid("It was recorded, and has been erased since.")
            raise Turned(410, "erased", why) from None
        return new

    def _refusal(self, request: web.Request, turned: Turned) -> web.Response:
        language = preferred(request.headers.get("Accept-Language", ""), "en")
        lines = [self._translate(language, turned.why), *([turned.more] if turned.more else [])]
        text = "\n".join(lines) + "\n"
        return web.Response(status=turned.status, text=text, headers=_HEADERS)


def _fields(request: web.Request) -> dict[str, str]:
    """The parameters, decoded; each may be there once, on one line."""
    fields: dict[str, str] = {}
    why = msgid("This address cannot be read.")
    for name, value in request.query.items():
        if name in fields:
            raise Turned(400, "malformed", why, f"{name}: is there twice")
        if name not in Claim.model_fields or name == "kind":
            raise Turned(400, "malformed", why, f"{name[:40]!r}: no such parameter")
        if not value.isprintable():
            raise Turned(400, "malformed", why, f"{name}: has a control character")
        fields[name] = value
    return fields


def _claim(kind: str, fields: Mapping[str, str], now: int) -> Claim:
    why = msgid("This address cannot be read.")
    try:
        claim = Claim(kind=kind, **fields)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        more = f"{first['loc'][0]}: {first['msg']}"
        raise Turned(400, "malformed", why, more) from None
    if claim.value and not claim.currency:
        raise Turned(400, "malformed", why, "currency: expected with a value")
    at = int(claim.at) * 1000 if claim.at else now
    if not max(EARLIEST, now - REMEMBERED * 1000) < at <= now + AHEAD:
        more = "at: expected UTC seconds of the last 400 days"
        raise Turned(400, "malformed", why, more)
    return claim
