"""The world an AI bot meets: conversations, what may be answered in them, and what was shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.clock import Clock

DAY = 86_400_000
Kind = Literal["message", "enter_chat", "template_card_event", "feedback_event"]


@dataclass(slots=True)
class Chat:
    """A conversation, by an id in which case matters; ``wrote``: somebody wrote to the bot."""

    id: str
    group: bool
    wrote: bool = False
    bot_inside: bool = True
    sent: deque[int] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Asked:
    """A callback that may be answered: what it was, where, and when (UTC ms)."""

    kind: Kind
    chat: Chat
    at: int


@dataclass(slots=True)
class Shown:
    """A message as people see it; a stream's later frames take the place of its earlier ones."""

    chat: str
    cmd: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Its words, "" where it has none."""
        kind = str(self.body.get("msgtype"))
        return str(self.body.get(kind, {}).get("content", ""))


@dataclass(slots=True)
class Upload:
    """A file on its way, and then what it became."""

    kind: str
    filename: str
    size: int
    chunks: int
    md5: str
    at: int
    parts: dict[int, bytes] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """What has come."""
        return b"".join(self.parts[index] for index in sorted(self.parts))


class World:
    """Everything the server knows beyond its connections."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.chats: dict[str, Chat] = {}
        self.asked: dict[str, Asked] = {}
        self.shown: list[Shown] = []
        self.streams: dict[tuple[str, str], Shown] = {}
        self.uploads: dict[str, Upload] = {}
        self.media: dict[str, Upload] = {}
        self.uploaded: deque[int] = deque()

    def chat(self, ident: str, *, group: bool = False) -> Chat:
        """The conversation of this id, made where there is none."""
        return self.chats.setdefault(ident, Chat(ident, group))

    def show(self, chat: Chat, cmd: str, body: Mapping[str, Any]) -> None:
        """People see a message, or a stream change."""
        shown = Shown(chat.id, cmd, body)
        stream = body.get("stream")
        if isinstance(stream, Mapping):
            key = (chat.id, str(stream.get("id")))
            if key in self.streams:
                self.streams[key].body = body
                return
            self.streams[key] = shown
        self.shown.append(shown)

    def over(self, sent: deque[int]) -> bool:
        """Whether one more would be over 30 a minute or 1000 an hour; counts it if not."""
        now = self.clock.now()
        while sent and sent[0] <= now - 3_600_000:
            sent.popleft()
        if len(sent) >= 1000 or sum(at > now - 60_000 for at in sent) >= 30:
            return True
        sent.append(now)
        return False
