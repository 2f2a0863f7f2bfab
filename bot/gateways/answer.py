"""The answer of an adapter, which may be anybody's: late, or an error nobody foresaw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from bot.i18n.mark import msgid
from bot.model.delivery import InDoubt, SendError
from bot.model.phrase import Phrase

log = structlog.get_logger(__name__)

NO_ANSWER = msgid("The platform did not answer.")

Answer = TypeVar("Answer")


async def answer_of(asked: Awaitable[Answer], seconds: float) -> Answer:
    """What it says within ``seconds``; raises SendError, InDoubt for all that is none."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except SendError:
        raise
    except TimeoutError:
        raise InDoubt(Phrase(NO_ANSWER)) from None
    except Exception as error:  # supervision boundary: an adapter may be anybody's
        log.exception("adapter.failed")
        raise InDoubt(type(error).__name__) from error
