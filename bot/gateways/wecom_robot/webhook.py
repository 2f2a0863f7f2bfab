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

from bot.gateways.wecom.answer import answer_to, file_form

PATIENCE = 3.0
"""Seconds an answer may take."""
UPLOAD_PATIENCE = 12.0
"""Seconds an upload may take: with fetching the file it stays below what a sender waits."""


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
        form = file_form(filename, data)
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
        request = self._session().post(
            f"{self._url}/cgi-bin/webhook/{call}",
            params={"key": secret, **params},
            data=data,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=patience),
        )
        return await answer_to(request, [secret])
