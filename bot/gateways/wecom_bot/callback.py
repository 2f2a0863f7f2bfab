"""The door: WeCom's calls to ``/gateways/<name>``, encrypted JSON (documents 101027, 101033)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.gateways.adapter import Inlet
from bot.gateways.frames import FrameError, TooLargeError, body_of, load
from bot.gateways.wecom.crypto import Crypto, CryptoError, timely
from bot.gateways.wecom_bot.answers import Answers
from bot.gateways.wecom_bot.payload import payload_of
from bot.gateways.wecom_bot.reader import Reader
from bot.gateways.wecom_bot.settings import WeComBotSettings
from bot.model.event import BaseEvent, ChatOpened, MessageReceived
from bot.store.line import StoreError

log = structlog.get_logger(__name__)


class Door:
    """Lets in what WeCom signed, and answers it."""

    def __init__(
        self,
        inlet: Inlet,
        settings: WeComBotSettings,
        reader: Reader,
        answers: Answers,
    ) -> None:
        assert settings.token is not None  # as the settings check
        assert settings.aes_key is not None
        self._inlet = inlet
        self._reader = reader
        self._window = settings.replay_window
        # A bot of the company's own has an empty receive id, which is checked all the same.
        self._crypto = Crypto(settings.token, settings.aes_key, "")
        self.answers = answers

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to a call; raises the HTTP error to refuse it with."""
        try:
            if request.method == "GET":
                return self._verified(request)
            if request.method != "POST":
                raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
            sealed = load(await body_of(request.content)).get("encrypt")
            raw = load(self._opened(request, str(sealed)))
            said = await self._told(raw)
        except TooLargeError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        except CryptoError as error:
            log.warning("wecom_bot.refused", gateway=self._inlet.gateway, reason=str(error))
            raise web.HTTPForbidden(text="not signed for this bot") from None
        except FrameError as error:
            log.warning("wecom_bot.skipped", gateway=self._inlet.gateway, reason=str(error))
            raise web.HTTPBadRequest(text=str(error)) from None
        except StoreError as error:
            raise self._later(error) from None
        self._inlet.alive()
        return self._sealed(request, said) if said else web.Response()

    def _verified(self, request: web.Request) -> web.Response:
        # A plus that was not escaped arrives as a blank.
        echo = self._opened(request, request.query.get("echostr", "").replace(" ", "+"))
        self._inlet.alive()
        return web.Response(body=echo)

    def _opened(self, request: web.Request, encrypt: str) -> bytes:
        query = request.query
        signature, timestamp = query.get("msg_signature", ""), query.get("timestamp", "")
        self._crypto.check(signature, timestamp, query.get("nonce", ""), encrypt)
        if not timely(timestamp, self._inlet.clock.now(), self._window):
            raise CryptoError("the timestamp is too far from our clock")
        return self._crypto.open(encrypt)

    def _sealed(self, request: web.Request, said: Mapping[str, Any]) -> web.Response:
        nonce, timestamp = request.query.get("nonce", ""), str(self._inlet.clock.now() // 1000)
        message = json.dumps(said, ensure_ascii=False).encode()
        encrypt, signature = self._crypto.encrypt(message, timestamp, nonce)
        return web.json_response(
            {
                "encrypt": encrypt,
                "msgsignature": signature,
                "timestamp": int(timestamp),
                "nonce": nonce,
            }
        )

    async def _told(self, raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What to say to what WeCom tells; None for nothing. Returns when it is on disk."""
        payload = payload_of(raw)
        if payload.msgtype == "stream":
            return await self.answers.poll(payload.stream.id)
        event = await self._reader.event(raw, payload)
        if event is None:
            return None
        if isinstance(event, MessageReceived):
            # Before it is kept: the answer may be faster than we return from there.
            where, later = event.conversation, payload.response_url
            stream = await self.answers.open(where, event.id, later)
            await self._keep(event)
            return stream
        if isinstance(event, ChatOpened):
            return await self._greeted(event)
        await self._keep(event)
        return None

    async def _greeted(self, event: BaseEvent) -> Mapping[str, Any] | None:
        name = await self.answers.await_greeting(event.conversation, event.id)
        text = await self.answers.greeting(name) if await self._keep(event) else ""
        return {"msgtype": "text", "text": {"content": text}} if text else None

    async def _keep(self, event: BaseEvent) -> bool:
        try:
            return await self._inlet.accept(event)
        except ValueError:
            raise web.HTTPBadRequest(text="this event cannot be kept") from None
        except Exception as error:  # whatever it is, the inbox has not got it
            raise self._later(error) from None

    def _later(self, error: Exception) -> web.HTTPException:
        log.warning("wecom_bot.inbox_away", gateway=self._inlet.gateway, reason=str(error))
        return web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
