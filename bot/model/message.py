"""Platform-neutral content: a message is a sequence of segments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.model.base import Frozen


class Text(Frozen):
    """Plain words; line breaks are kept."""

    kind: Literal["text"] = "text"
    text: str


class Mention(Frozen):
    """One account called by name, or everybody in the group when ``account`` is None."""

    kind: Literal["mention"] = "mention"
    account: str | None
    name: str = ""


class Image(Frozen):
    """A picture at an http(s) or data URL."""

    kind: Literal["image"] = "image"
    url: str
    alt: str = ""


class LinkCard(Frozen):
    """A link shown as a card with a title and, where the gateway can, a picture."""

    kind: Literal["link_card"] = "link_card"
    url: str
    title: str
    description: str = ""
    image: str | None = None


class File(Frozen):
    """A file at an http(s) or data URL."""

    kind: Literal["file"] = "file"
    url: str
    name: str


class Video(Frozen):
    """A film at an http(s) or data URL; ``alt`` says what it shows."""

    kind: Literal["video"] = "video"
    url: str
    alt: str = ""


class MiniProgram(Frozen):
    """A card that opens a page inside the chat app (WeChat's mini programs).

    ``url`` is where it leads on platforms that have none; without one only the title is left.
    """

    kind: Literal["mini_program"] = "mini_program"
    app: str
    path: str
    title: str
    picture: str | None = None
    url: str | None = None


class Button(Frozen):
    """Something to press; who does is told by ActionChosen with its ``action``."""

    kind: Literal["button"] = "button"
    action: str
    label: str


class Unknown(Frozen):
    """A segment the adapter received and has no noun for; ``name`` is the platform's."""

    kind: Literal["unknown"] = "unknown"
    name: str


AnySegment = Text | Mention | Image | LinkCard | File | Video | MiniProgram | Button | Unknown
Segment = Annotated[AnySegment, Field(discriminator="kind")]


class Message(Frozen):
    """What is said: segments in reading order."""

    segments: tuple[Segment, ...] = ()

    @classmethod
    def of(cls, *parts: str | Segment) -> Message:
        """Build a message from strings and segments."""
        return cls(segments=tuple(Text(text=p) if isinstance(p, str) else p for p in parts))

    @property
    def text(self) -> str:
        """The words alone, for matching: text segments joined, stripped."""
        return "".join(s.text for s in self.segments if isinstance(s, Text)).strip()

    @property
    def summary(self) -> str:
        """One readable line for lists and gateways that show text only."""
        return "".join(map(_words, self.segments))


def _words(segment: AnySegment) -> str:
    match segment:
        case Text():
            return segment.text
        case Mention():
            return f"@{segment.name or segment.account or 'all'} "
        case Image():
            return f"[{segment.alt or 'image'}]"
        case LinkCard():
            return f"{segment.title} {segment.url}"
        case File():
            return f"[{segment.name}] {segment.url}"
        case Video():
            return f"[{segment.alt or 'video'}] {segment.url}"
        case MiniProgram():
            return f"{segment.title} {segment.url or ''}".strip()
        case Button():
            return f"[{segment.label}]"
        case Unknown():
            return f"[{segment.name}]"
