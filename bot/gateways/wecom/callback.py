"""Callbacks: what WeCom posts to ``/gateways/<name>``, answered once it is on disk.

Facts from developer.work.weixin.qq.com/document/path/90238 and 91144: the address is verified
with a GET to be answered within a second; a POST not answered with 200 within five seconds is
sent again, about three times.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.gateways.adapter import Inlet
from bot.gateways.deadline import within
from bot.gateways.wecom.crypto import Crypto, CryptoError, WrongRecipient, WrongSignature, timely
from bot.gateways.wecom.events import Report, kind_of, read
from bot.gateways.wecom.notes import Note
from bot.gateways.wecom.settings import WeComSettings
from bot.gateways.wecom.xml import Element, Unreadable, parse
from bot.i18n.mark import msgid
from bot.model.fault import Fault

log = structlog.get_logger(__name__)

LARGEST = 256 * 1024
"""Bytes of a body: a group of 500 who all came at once takes about 50 000."""
PATIENCE = 4.0
"""Seconds a body may take to arrive; WeCom itself gives up after five."""
KINDS = 100
"""Names of unknown kinds that are counted; what comes then is counted as ``other``."""

WRONG_KEY = Fault(
    msgid("WeCom's callbacks cannot be decrypted: the EncodingAESKey here is another."),
    msgid(
        "Set aes_key to the EncodingAESKey of the page in WeCom that has this gateway's address "
        "and start Muster again."
    ),
)
WRONG_COMPANY = Fault(
    msgid("WeCom's callbacks are for another company: the corp id here is another."),
    msgid(
        "Set corp_id to 我的企业 → 企业信息 → 企业 ID and start Muster again, or give the other "
        "company's app a gateway of its own."
    ),
)
WRONG_TIME = Fault(
    msgid("WeCom's callbacks have another time than this server."),
    msgid("Set this server's clock right, best by NTP; or allow more with replay_window."),
)

Keep = Callable[[Note], Awaitable[None]]
"""Takes a note over; returns once it may be forgotten here, and is called again when it raises."""


class Door:
    """Lets in what WeCom sealed for one receive id; the adapter of its AI-bot uses it as well.

    A timestamp further than ``replay_window`` seconds from our clock is refused, 0 allows any.
    """

    def __init__(self, inlet: Inlet, crypto: Crypto, replay_window: float) -> None:
        self.refused = 0
        """Calls that were not WeCom's, or not for us, since the start."""
        self._inlet = inlet
        self._crypto = crypto
        self._window = replay_window

    def verify(self, request: web.Request) -> web.Response:
        """Answer the GET that verifies the address: the words inside, as they are.

        Raises HTTPForbidden or HTTPBadRequest.
        """
        # Base64 has no spaces: one was a plus that was not percent-encoded.
        echo = request.query.get("echostr", "").replace(" ", "+")
        return web.Response(body=self._open(request, echo), content_type="text/plain")

    async def read(self, request: web.Request) -> bytes:
        """The message inside a POST, which is XML or JSON; raises the HTTP error to refuse with."""
        try:
            body = await within(self._inlet.clock, PATIENCE, _body(request))
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the body did not arrive") from None
        try:
            sealed = parse(body).get("Encrypt")
        except Unreadable as error:
            raise self._refusal(web.HTTPBadRequest, str(error)) from None
        return self._open(request, sealed)

    def _open(self, request: web.Request, sealed: str) -> bytes:
        query = request.query
        timestamp = query.get("timestamp", "")
        try:
            self._crypto.check(
                query.get("msg_signature", ""), timestamp, query.get("nonce", ""), sealed
            )
            if not timely(timestamp, self._inlet.clock.now(), self._window):
                self._inlet.lost(WRONG_TIME)
                raise self._refusal(web.HTTPForbidden, "the timestamp is too far from our clock")
            return self._crypto.open(sealed)
        except WrongSignature as error:
            # Anybody can send one, so the gateway's status says nothing of it.
            raise self._refusal(web.HTTPForbidden, str(error)) from None
        except WrongRecipient as error:
            self._inlet.lost(WRONG_COMPANY)
            raise self._refusal(web.HTTPForbidden, str(error)) from None
        except CryptoError as error:
            self._inlet.lost(WRONG_KEY)
            raise self._refusal(web.HTTPBadRequest, str(error)) from None

    def _refusal(self, kind: type[web.HTTPException], reason: str) -> web.HTTPException:
        self.refused += 1
        log.warning("wecom.refused", gateway=self._inlet.gateway, reason=reason)
        return kind(text=reason)


class Callbacks:
    """Answers the callbacks of one app; ``keep`` is given the notes.

    A callback is acknowledged when its events are in the inbox and its notes are kept. One of
    a kind we do not know is acknowledged too, logged, and counted in ``unknown``.

    A callback somebody recorded and plays again is known to the inbox, which remembers for 12
    hours at least, and is refused later: the replay window is half of that to either side. A
    retry of WeCom's is inside, be it signed again or not.
    """

    def __init__(self, inlet: Inlet, settings: WeComSettings, keep: Keep) -> None:
        self.unknown: Counter[str] = Counter()
        self._inlet = inlet
        self._keep = keep
        self._join_scenes = settings.unconfirmed.join_scenes
        crypto = Crypto(settings.token, settings.aes_key, settings.corp_id)
        self._door = Door(inlet, crypto, settings.replay_window)

    @property
    def refused(self) -> int:
        """Calls that were refused since the start: not WeCom's, or sealed or timed wrongly."""
        return self._door.refused

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request; raises the HTTP error that refuses it."""
        if request.method == "GET":
            answer = self._door.verify(request)
            self._inlet.alive()
            return answer
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        report = self._report(await self._door.read(request))
        self._inlet.alive()
        await self._take(report)
        return web.Response()

    def _report(self, plain: bytes) -> Report:
        root = Element("")
        try:
            root = parse(plain)
            report = read(root, self._inlet.gateway, self._join_scenes)
        except Unreadable as error:
            self._log("wecom.unreadable", kind_of(root), reason=str(error))
            raise web.HTTPBadRequest(text=str(error)) from None
        if not report.known:
            self._log("wecom.unknown", report.kind)
            counted = report.kind in self.unknown or len(self.unknown) < KINDS
            self.unknown[report.kind if counted else "other"] += 1
        return report

    async def _take(self, report: Report) -> None:
        """Bring everything to disk, in order and at once; raises HTTPServiceUnavailable."""
        answers = await asyncio.gather(
            *map(self._inlet.accept, report.events), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, (ValueError, TypeError)):
                self._log("event.impossible", report.kind, reason=str(answer))
            elif isinstance(answer, BaseException):
                raise self._later(report, answer)
        for note in report.notes:
            try:
                await self._keep(note)
            except Exception as error:  # whatever it is, the note is not kept
                raise self._later(report, error) from None

    def _later(self, report: Report, error: BaseException) -> web.HTTPException:
        self._log("wecom.not_kept", report.kind, reason=f"{type(error).__name__}: {error}"[:200])
        return web.HTTPServiceUnavailable(text="not kept; send it again")

    def _log(self, what: str, kind: str, **more: str) -> None:
        log.warning(what, gateway=self._inlet.gateway, kind=kind, **more)


async def _body(request: web.Request) -> bytes:
    """The whole body; raises HTTPRequestEntityTooLarge."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, len(body))
    return bytes(body)
