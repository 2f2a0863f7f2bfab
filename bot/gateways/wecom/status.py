"""The status of the sync, as it is kept for the console."""

from __future__ import annotations

from bot.gateways.wecom.errors import WeComError, failure
from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.phrase import Phrase

MISSING = msgid("WeCom has no tag for “{tag}”: {why}")
NOT_CREATED = msgid("create it in WeCom, or let Muster do so with the setting create_tags")
NOT_OURS = msgid("an app may add tags only to groups of tags it made itself")
NOT_OURS_CODE = 60011


class Status(Frozen):
    """How the sync is doing; times are UTC ms, 0 for never.

    ``complete``: when all lists were last read. ``reason``: why the last round was broken off, or
    ''; ``errcode`` and ``errmsg`` are WeCom's for it. ``skipped``: staff and groups it could not
    read, because WeCom refused them. ``repaired``: what it found that no callback had told.

    ``waiting``: tags of members that are still to be marked in WeCom. ``unmarked``: members WeCom
    refused to mark since the last round, whom the next one tries again; ``missing``: a tag of
    ours that no company tag is for; ``mark_errcode`` and ``mark_errmsg``: what WeCom said.
    """

    complete: int = 0
    begun: int = 0
    reason: str = ""
    errcode: int = 0
    errmsg: str = ""
    staff: int = 0
    contacts: int = 0
    groups: int = 0
    skipped: int = 0
    repaired: int = 0
    waiting: int = 0
    unmarked: int = 0
    missing: str = ""
    mark_errcode: int = 0
    mark_errmsg: str = ""

    @property
    def mark_reason(self) -> Phrase | None:
        """Why tags wait or were refused; None if none are."""
        why: Phrase | None = None
        if self.mark_errmsg:
            error = WeComError(self.mark_errcode, self.mark_errmsg)
            why = Phrase.of(failure(error, idempotent=True))
        if not self.missing:
            return why
        if self.mark_errcode == NOT_OURS_CODE:
            why = Phrase(NOT_OURS)
        return Phrase(MISSING, tag=self.missing, why=why or Phrase(NOT_CREATED))
