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
    """Sends pieces, and remembers in this process those that are out.

    After a restart a half-sent delivery is in doubt anyway.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[str, int] = OrderedDict()

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
        start = self._sent.pop(delivery, 0)
        ids, refusals = list[str](), list[Refused]()
        for index, piece in enumerate(pieces[start:], start):
            try:
                ids.append(await send(index, piece))
            except final:
                raise
            except Refused as refusal:
                refusals.append(refusal)
            except (Retry, InDoubt, StoreError):
                self._stopped(delivery, index)
                raise
        if len(refusals) == len(pieces):
            raise refusals[0]
        lost = (*degraded, *(refusal.reason for refusal in refusals))
        return Receipt(message_id=next(filter(None, ids), ""), degraded=lost)

    def _stopped(self, delivery: str, index: int) -> None:
        """The pieces before ``index`` are out, and the rest is to be tried again."""
        if delivery and index:
            self._sent[delivery] = index
            if len(self._sent) > KEPT:
                self._sent.popitem(last=False)
