"""WeCom's API: calls with an access token, within the limits, and never in vain.

Facts from developer.work.weixin.qq.com/document/path/91039 (tokens) and 90313 (codes).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from random import Random
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.clock import Clock
from bot.gateways.wecom.answer import answer_to, file_form
from bot.gateways.wecom.errors import (
    HELD_ALL,
    HELD_PATH,
    HOLD,
    LONGEST_HOLD,
    REFUSED,
    STALE,
    WeComError,
)
from bot.gateways.wecom.limits import Limits
from bot.gateways.wecom.pages import pages
from bot.gateways.wecom.tokens import Tokens
from bot.store.line import StoreError
from bot.store.store import Store

__all__ = ["HOLD", "REFUSED", "WeComApi", "WeComError"]

PATIENCE = 3.0
"""Seconds an answer may take."""
UPLOAD_PATIENCE = 60.0
"""Seconds an upload may take."""
SECRETS = ("corpsecret", "access_token")
"""Parameters WeCom's messages may repeat."""
COUNTED = frozenset({"externalcontact/mark_tag", "externalcontact/remark"})
"""Calls of which only some may be under way at once; more are answered 45033."""
UNHELD = frozenset({"auth/getuserinfo"})
"""Asked for visitors only, whose code ends in 5 minutes, and never again by ourselves."""
ALL = "*"
MENDED = HELD_ALL | HELD_PATH - {45009}
"""Refusals that end when an operator has done something."""


class WeComApi:
    """Calls one app's API; ``url`` is where it is, without a slash at its end.

    With a ``store`` the token is shared between nodes. Calls that cannot succeed for a while
    (45009, 48002, 60020) are refused here, first for a minute, then longer, up to an hour.
    """

    def __init__(
        self,
        url: str,
        corp_id: str,
        secret: SecretStr,
        clock: Clock,
        store: Store | None = None,
        limits: Limits | None = None,
        random: Random | None = None,
        at_once: int = 5,
    ) -> None:
        """``at_once``: calls of one path under way together, of those that are counted so."""
        self._url = url.rstrip("/")
        self._corp_id = corp_id
        self._secret = secret
        self._clock = clock
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        self._tokens = Tokens(self._gettoken, corp_id, secret, clock, store, random)
        self._holds: dict[str, tuple[WeComError, int, int]] = {}
        self._lanes = {path: asyncio.Semaphore(at_once) for path in COUNTED}

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        """The answer of ``GET /cgi-bin/<path>``; raises WeComError."""
        return await self._call("GET", path, params)

    async def post(self, path: str, body: Mapping[str, Any], **params: str) -> dict[str, Any]:
        """The answer of ``POST /cgi-bin/<path>`` with a JSON body; raises WeComError."""
        return await self._call("POST", path, params, json=dict(body))

    async def rows(
        self, path: str, name: str, body: Mapping[str, Any], limit: int
    ) -> list[dict[str, Any]]:
        """All that ``POST /cgi-bin/<path>`` lists as ``name``, ``limit`` a page.

        Raises WeComError.
        """
        listed = pages(lambda at: self.post(path, {**body, "limit": limit, **at}))
        return [row async for page in listed for row in page.get(name) or ()]

    async def upload(self, path: str, filename: str, data: bytes, **params: str) -> dict[str, Any]:
        """The answer to a file in the form field ``media``; raises WeComError."""
        return await self._call("POST", path, params, upload=(filename, data))

    def forgive(self) -> None:
        """Ask again at once what was refused: an operator has mended it. Limits are kept."""
        self._tokens.forgive()
        self._holds = {p: h for p, h in self._holds.items() if h[0].errcode not in MENDED}

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def _call(
        self, method: str, path: str, params: Mapping[str, str], **content: Any
    ) -> dict[str, Any]:
        self._look_held(path)
        if self._limits:
            await self._wait_for(self._limits, path)
        async with self._lanes.get(path, nullcontext()):
            try:
                answer = await self._with_token(method, path, params, content)
            except WeComError as error:
                self._hold(path, error)
                raise
        self._let_go(path)
        return answer

    async def _with_token(
        self, method: str, path: str, params: Mapping[str, str], content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer; once more with another token where this one ended early."""
        token = await self._tokens.current()
        try:
            return await self._ask(method, path, {"access_token": token, **params}, **content)
        except WeComError as error:
            if error.errcode not in STALE:
                raise
        await self._tokens.drop(token)
        token = await self._tokens.current()
        return await self._ask(method, path, {"access_token": token, **params}, **content)

    async def _gettoken(self) -> dict[str, Any]:
        secret = {"corpid": self._corp_id, "corpsecret": self._secret.get_secret_value()}
        return await self._ask("GET", "gettoken", secret)

    # what is not asked

    async def _wait_for(self, limits: Limits, path: str) -> None:
        """Raises 45009 of our own where one call more would break WeCom's limit."""
        try:
            wait = await limits.call(path)
        except StoreError:  # uncounted is better than unsent
            return
        if wait:
            raise WeComError(45009, "our own limit for this call is reached", after=wait)

    def _look_held(self, path: str) -> None:
        now = self._clock.now()
        for key in () if path in UNHELD else (path, ALL):
            if held := self._holds.get(key):
                error, until, _ = held
                if now < until:
                    wait = (until - now) / 1000
                    raise WeComError(error.errcode, error.errmsg, after=wait)

    def _hold(self, path: str, error: WeComError) -> None:
        """Ask no more for a while; what is ``after`` already is held by the tokens."""
        if error.errcode not in HELD_PATH | HELD_ALL or error.after or path in UNHELD:
            return
        key, now = ALL if error.errcode in HELD_ALL else path, self._clock.now()
        _, until, times = self._holds.get(key, (error, 0, 0))
        if now >= until:  # else one of several that were under way together
            until = now + min(LONGEST_HOLD, HOLD * 2**times)
            self._holds[key] = (error, until, times + 1)
        error.after = (until - now) / 1000

    def _let_go(self, path: str) -> None:
        self._holds.pop(path, None)
        self._holds.pop(ALL, None)

    # what is

    async def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        json: Any = None,
        upload: tuple[str, bytes] | None = None,
    ) -> dict[str, Any]:
        patience = UPLOAD_PATIENCE if upload else PATIENCE
        request = self._client().request(
            method,
            f"{self._url}/cgi-bin/{path}",
            params=params,
            json=json,
            data=file_form(*upload) if upload else None,
            timeout=aiohttp.ClientTimeout(total=patience),
        )
        return await answer_to(request, [params[name] for name in SECRETS if params.get(name)])

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session
