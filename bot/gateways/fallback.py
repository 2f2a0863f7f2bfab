"""What stands in for a segment that a gateway cannot show: one rule for adapters and previews."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.model.capabilities import SegmentKind
from bot.model.message import (
    AnySegment,
    Button,
    File,
    Image,
    LinkCard,
    Mention,
    Message,
    MiniProgram,
    Text,
    Unknown,
    Video,
)
from bot.model.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Shown:
    """A segment as a gateway shows it; ``lost`` says what became of it, None for nothing."""

    segment: AnySegment
    lost: Phrase | None = None


def lower(
    message: Message, kinds: Set[SegmentKind], alone: Set[SegmentKind] = frozenset()
) -> list[Shown]:
    """The segments of a message where only ``kinds`` can be shown, in order.

    ``alone``: kinds that need a message of their own. What becomes a text with a link gets lines
    of its own, so that no neighbour sticks to the link.
    """
    if len(message.segments) > 1:
        kinds = kinds - alone
    shown = [fallback(segment, kinds) for segment in message.segments]
    return [_apart(shown, index) for index in range(len(shown))]


def _apart(shown: list[Shown], index: int) -> Shown:
    here = shown[index]
    if not _is_block(here) or not isinstance(here.segment, Text):
        return here
    text = here.segment.text
    if index and _inline(shown[index - 1].segment) not in (None, "\n"):
        text = "\n" + text
    if index + 1 < len(shown) and not _is_block(shown[index + 1]):
        after = shown[index + 1].segment
        if isinstance(after, Mention) or (isinstance(after, Text) and after.text[:1] != "\n"):
            text += "\n"
    return Shown(Text(text=text), here.lost)


def _is_block(shown: Shown) -> bool:
    """Whether it became a text that holds a link."""
    segment = shown.segment
    return shown.lost is not None and isinstance(segment, Text) and "://" in segment.text


def _inline(segment: AnySegment) -> str | None:
    """The last character where words go on after it; None where they begin anew."""
    match segment:
        case Text():
            return segment.text[-1:] or None
        case Mention():
            return " "
    return None


def fallback(segment: AnySegment, kinds: Set[SegmentKind]) -> Shown:
    """One segment where only ``kinds`` can be shown."""
    if segment.kind in kinds:
        return Shown(segment)
    match segment:
        case MiniProgram(url=str(url)) if url and "link_card" in kinds:
            card = LinkCard(url=url, title=segment.title, image=segment.picture)
            return Shown(card, Phrase("mini program shown as a link card"))
        case MiniProgram(url=str(url)) if url:
            return _lost(f"{segment.title}\n{url}", msgid("mini program shown as a link"))
        case MiniProgram():
            return _lost(segment.title, msgid("mini program shown as its title"))
        case LinkCard():
            lines = (segment.title, segment.description, segment.url)
            return _lost("\n".join(filter(None, lines)), msgid("link card shown as text"))
        case Video() if _is_data(segment.url):
            return _lost(f"[{segment.alt or 'video'}]", msgid("video left out"))
        case Video():
            words = f"[{segment.alt or 'video'}] {segment.url}"
            return _lost(words, msgid("video shown as a link"))
        case File() if _is_data(segment.url):
            return _lost(f"[{segment.name}]", msgid("file {name} left out"), segment.name)
        case File():
            words = f"[{segment.name}] {segment.url}"
            return _lost(words, msgid("file {name} shown as a link"), segment.name)
        case Image():
            return _lost(f"[{segment.alt or 'image'}]", msgid("picture shown as its description"))
        case Mention():
            words = f"@{segment.name} " if segment.name else ""
            return _lost(words, msgid("mention shown as a name"))
        case Button():
            return _lost(f"[{segment.label}]", msgid("button shown as text"))
        case Unknown():
            return _lost(f"[{segment.name}]", msgid("{name} shown as text"), segment.name)
        case Text():
            return Shown(segment)


def _lost(words: str, text: str, name: str = "") -> Shown:
    return Shown(Text(text=words), Phrase(text, name=name) if name else Phrase(text))


def _is_data(url: str) -> bool:
    return url.startswith("data:")
