"""Begun deliveries: how much of a message in several pieces is out, so a retry goes on there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.model.delivery import InDoubt, Receipt, Refused, Retry
from bot.model.phrase import Phrase
from bot.store.line import StoreError

KEPT = 1000
"""Deliveries remembered; the oldest is forgotten first."""

Piece = TypeVar("Piece")


class Begun:
    """Sends pieces, and remembers in this process what became of those that were tried.

    After a restart a half-sent delivery is in doubt anyway.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[list[str], list[Refused]]] = OrderedDict()

    async def send(
        self,
        delivery: str,
        pieces: Sequence[Piece],
        send: Callable[[int, Piece], Awaitable[str]],
        degraded: Sequence[str] = (),
        final: tuple[type[Refused], ...] = (),
    ) -> Receipt:
        """Send piece by piece; a repeat goes on with the first not sent.

        ``send`` gives a piece's id, '' for none; the receipt has the first one. A piece that is
        refused is left out and told there, after what is ``degraded`` already. Raises Refused
        where all of them are or there is none, at once what is ``final``, and what else ``send``
        raises.
        """
        if not pieces:
            raise Refused(Phrase("nothing of the message can be shown"))
        ids, refusals = self._kept.pop(delivery, (list[str](), list[Refused]()))
        start = len(ids) + len(refusals)
        for index, piece in enumerate(pieces[start:], start):
            try:
                ids.append(await send(index, piece))
            except final:
                raise
            except Refused as refusal:
                refusals.append(refusal)
            except (Retry, InDoubt, StoreError):
                self._stopped(delivery, ids, refusals)
                raise
        if len(refusals) == len(pieces):
            raise refusals[0]
        lost = (*degraded, *(refusal.reason for refusal in refusals))
        return Receipt(message_id=next(filter(None, ids), ""), degraded=lost)

    def _stopped(self, delivery: str, ids: list[str], refusals: list[Refused]) -> None:
        """What became of the pieces up to here; the rest is to be tried again."""
        if delivery and (ids or refusals):
            self._kept[delivery] = ids, refusals
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
