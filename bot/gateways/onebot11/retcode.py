"""Answers to actions: the data, or which kind of failure a return code means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError

UNAUTHORISED = ("1401", "1403")
"""The WebSocket forms of HTTP 401 and 403."""

# Said by failures after which the message was seen to arrive all the same:
# NapCatQQ#1410, #1772 (1200, "Timeout: …") and go-cqhttp#382 (100, "SEND_MSG_API_ERROR").
_ARRIVED_ANYWAY = ("timeout", "send_msg_api_error")


def data_of(answer: Mapping[str, Any]) -> Any:
    """What an action answered with.

    ``async`` means taken but without a result: there is nothing more to learn, so it counts as
    done. Raises Retry, Refused, Misconfigured or InDoubt for a failure.
    """
    code = _code(answer.get("retcode"))
    if answer.get("status") in ("ok", "async") or (code in (0, 1) and "status" not in answer):
        return answer.get("data")
    raise failure(code, _reason(answer, code))


def failure(code: int, reason: str) -> SendError:
    """The error class of a return code.

    Sources: OneBot 11 (1400 to 1404 mirror HTTP), CQHTTP and go-cqhttp (100 to 201), NapCat
    and LLOneBot (200, 1200), and OneBot 12 codes (five digits), which some answer with.
    """
    if any(words in reason.lower() for words in _ARRIVED_ANYWAY):
        return InDoubt(reason)
    match code:
        case 1401 | 1403 | 1404 | 10002 | 10101 | 10102:
            return Misconfigured(reason)
        case 104 | 201 | 1429 | 36000:
            return Retry(reason, after=30.0, scope="account")
        case 20001 | 20002:
            return InDoubt(reason)
        case _ if 33000 <= code < 34000:
            return InDoubt(reason)
    return Refused(reason)


def from_http(status: int, retry_after: str | None = None) -> SendError:
    """The error class of an HTTP status that is not 200."""
    reason = f"the OneBot API answered HTTP {status}"
    match status:
        case 401 | 403 | 404:
            return Misconfigured(reason)
        case 429 | 503:
            seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 10.0
            return Retry(reason, after=min(seconds, 600.0), scope="account")
        case _ if status >= 500:
            return InDoubt(reason)
    return Refused(reason)


def _code(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return -1


def _reason(answer: Mapping[str, Any], code: int) -> str:
    said = (answer.get(key) for key in ("wording", "message", "msg"))
    words = [text for text in said if isinstance(text, str) and text]
    return f"{' / '.join(dict.fromkeys(words)) or 'no reason given'} (retcode {code})"[:300]
