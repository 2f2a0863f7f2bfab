"""What WeCom answers over HTTP, to calls with a token and to those of group robots."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from io import BytesIO
from typing import Any

import aiohttp

from bot.gateways.wecom.errors import BUSY, NO_ANSWER, WeComError

LONGEST_MESSAGE = 300


async def answer_to(
    request: AbstractAsyncContextManager[aiohttp.ClientResponse], secrets: Iterable[str]
) -> dict[str, Any]:
    """The answer to a request; raises WeComError, whose text has none of the ``secrets``."""
    try:
        async with request as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        # Not the error's text: it may say the address, and so the secret.
        sent = not isinstance(error, aiohttp.ClientConnectorError)
        raise WeComError(NO_ANSWER, f"no answer ({type(error).__name__})", sent=sent) from None
    if not isinstance(answer, dict):
        raise WeComError(NO_ANSWER, "no answer that can be read", sent=True)
    if errcode := _number(answer.get("errcode", 0)):
        said = str(answer.get("errmsg", ""))
        for secret in secrets:
            said = said.replace(secret, "…")
        raise WeComError(errcode, said[:LONGEST_MESSAGE], sent=errcode == BUSY)
    return answer


def file_form(filename: str, data: bytes) -> aiohttp.FormData:
    """A file as WeCom takes it, in the field ``media``."""
    form = aiohttp.FormData(quote_fields=False)  # names as they are, in UTF-8
    form.add_field(
        "media", BytesIO(data), filename=filename, content_type="application/octet-stream"
    )
    return form


def _number(errcode: object) -> int:
    """The code as a number; that of a busy system when it is none."""
    try:
        return int(str(errcode))
    except ValueError:
        return BUSY
