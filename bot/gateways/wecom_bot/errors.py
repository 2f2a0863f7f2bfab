"""Errors: what WeCom's codes for AI bots mean for a delivery (document 101463, and 90313)."""

from __future__ import annotations

from collections.abc import Collection

from bot.i18n.mark import msgid
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.model.fault import Fault
from bot.model.phrase import Phrase

UNSUBSCRIBED = 846609
"""This connection speaks for no bot: connect anew."""


class Expired(SendError):
    """The callback this would answer can be answered no more; writing first still may work."""


class MediaGone(Retry):
    """WeCom does not know an upload any more: upload it again."""


_REFUSED = {
    40058: msgid("WeCom found a parameter wrong or too long"),
    45001: msgid("the file is too large for WeCom"),
    45002: msgid("the text is too long for WeCom"),
    93001: msgid("WeCom lets the bot write first only where somebody wrote to it and it still is"),
    93006: msgid("WeCom knows no such conversation"),
    93008: msgid("the bot is not in this group"),
    93017: msgid("WeCom takes no empty message"),
    93018: msgid("the picture is too large for WeCom"),
}
_COPY = msgid("Copy them again from the bot's API settings, without blanks.")
_MISCONFIGURED = {
    853000: Fault(msgid("bot_id or secret is wrong"), _COPY),
    93019: Fault(msgid("bot_id is wrong"), _COPY),
}
_EXPIRED = {
    846605: msgid("this can be answered no more"),
    846608: msgid("the time to answer this has passed"),
}
TOO_MANY_AT_ONCE = 45033
AGAIN = 1.5
"""Seconds after which a code that passes is worth another try."""


class Faults:
    """Says what codes mean; those of ``passing`` are worth another try."""

    def __init__(self, passing: Collection[int]) -> None:
        self._passing = {*passing, TOO_MANY_AT_ONCE}

    def fault(self, code: int, hint: str) -> SendError:
        """What to raise for an errcode that is not 0; ``hint`` is WeCom's errmsg."""
        if code in self._passing:
            reason = Phrase("WeCom could not take it just now ({code})", code=code)
            return Retry(reason, after=AGAIN)
        return _fault(code, hint)


def _fault(code: int, hint: str) -> SendError:
    if code in _EXPIRED:
        return Expired(Phrase(_EXPIRED[code]))
    if code in _MISCONFIGURED:
        return Misconfigured(_MISCONFIGURED[code])
    if code in _REFUSED:
        return Refused(Phrase(_REFUSED[code]))
    if code == UNSUBSCRIBED:
        return Retry(Phrase("the connection speaks for no bot"), after=1.0, scope="account")
    if code == 40007:
        return MediaGone(Phrase("WeCom has let go of the upload"), after=1.0)
    if code == 45009:
        return Retry(Phrase("WeCom's limit for this conversation is reached"), after=60.0)
    if code == -1:
        return InDoubt(Phrase("WeCom was too busy to say whether it was sent"))
    return Refused(Phrase("WeCom refused it ({code}: {hint})", code=code, hint=hint[:120]))
