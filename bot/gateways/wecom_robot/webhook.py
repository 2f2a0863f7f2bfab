"""A robot's webhook: its key is the only secret, and stands in the address.

Facts from developer.work.weixin.qq.com/document/path/99110.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.gateways.wecom.errors import BUSY, WeComError

PATIENCE = 3.0
"""Seconds an answer may take."""
UPLOAD_PATIENCE = 12.0
"""Seconds an upload may take: with fetching the file it stays below what a sender waits."""
LONGEST_MESSAGE = 300


class Webhook:
    """Calls ``/cgi-bin/webhook/…`` at ``url``; errors and logs never hold a key."""

    def __init__(self, url: str, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._url = url
        self._session = session

    async def send(self, key: SecretStr, body: Mapping[str, Any]) -> None:
        """Send one message; raises WeComError."""
        headers = {"Content-Type": "application/json"}
        data = BytesIO(json.dumps(body, ensure_ascii=False).encode())
        await self._ask("send", key, PATIENCE, data=data, headers=headers)

    async def upload(self, key: SecretStr, filename: str, data: bytes) -> str:
        """The media_id of a file, which only this robot can use; raises WeComError."""
        form = aiohttp.FormData(quote_fields=False)  # names as they are, in UTF-8
        form.add_field(
            "media", BytesIO(data), filename=filename, content_type="application/octet-stream"
        )
        answer = await self._ask("upload_media", key, UPLOAD_PATIENCE, data=form, type="file")
        return str(answer.get("media_id", ""))

    async def _ask(
        self,
        call: str,
        key: SecretStr,
        patience: float,
        data: Any,
        headers: Mapping[str, str] | None = None,
        **params: str,
    ) -> dict[str, Any]:
        secret = key.get_secret_value()
        try:
            async with self._session().post(
                f"{self._url}/cgi-bin/webhook/{call}",
                params={"key": secret, **params},
                data=data,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=patience),
            ) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # Not the error's text: it may say the address, and so the key.
            sent = not isinstance(error, aiohttp.ClientConnectorError)
            raise WeComError(0, f"no answer ({type(error).__name__})", sent=sent) from None
        if not isinstance(answer, dict):
            raise WeComError(0, "no answer that can be read", sent=True)
        code = answer.get("errcode", 0)
        if code not in (0, "0"):
            errcode = int(code) if str(code).lstrip("-").isdecimal() else BUSY
            said = str(answer.get("errmsg", "")).replace(secret, "…")[:LONGEST_MESSAGE]
            raise WeComError(errcode, said, sent=errcode == BUSY)
        return answer
