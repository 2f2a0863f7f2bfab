"""Ways: how a piece of a message may be sent over a long connection, best first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bot.gateways.wecom_bot.chats import ANSWERABLE, Callback, Chats, Kind
from bot.gateways.wecom_bot.message import WELCOME, Piece, Upload, Words, stream_body
from bot.gateways.wecom_bot.settings import WeComBotSettings
from bot.model.delivery import Delivery

Body = Mapping[str, Any]


class Way(NamedTuple):
    """A command, its body, and the callback it answers, if any."""

    cmd: str
    body: Body
    answers: Callback | None = None


class Ways:
    """Knows what may be answered; everything else is written first."""

    def __init__(self, chats: Chats, settings: WeComBotSettings) -> None:
        self._chats = chats
        self._settings = settings

    def of(self, delivery: Delivery, index: int, piece: Piece, body: Body) -> Iterator[Way]:
        """The ways of a delivery's piece; the next is for when the one before has expired."""
        to, words = delivery.to, piece.text if isinstance(piece, Words) else None
        greets = delivery.priority in ("reply", "welcome") and not isinstance(piece, Upload)
        if greets and (entered := self._callback(delivery, "entered", WELCOME)):
            text = {"msgtype": "text", "text": {"content": words}}
            yield Way("aibot_respond_welcome_msg", body if words is None else text, entered)
        streamed = words is not None and self._settings.reply_as == "stream"
        seconds = self._settings.stream_seconds if streamed else ANSWERABLE
        message = self._callback(delivery, "message", seconds)
        if message and delivery.priority == "reply":
            # The same id in a repeat, so that it takes the place of what may have been shown.
            stream = stream_body(f"{delivery.id}-{index}", words or "")
            yield Way("aibot_respond_msg", stream if streamed else body, message)
        where = {"chatid": to.group or to.account, "chat_type": 2 if to.group else 1}
        yield Way("aibot_send_msg", where | dict(body))

    def _callback(self, delivery: Delivery, kind: Kind, seconds: float) -> Callback | None:
        found = self._chats.callback(delivery.to, kind, seconds)
        return found if found and found.doubted in ("", delivery.id) else None
