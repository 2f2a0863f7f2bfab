"""How a message looks on a gateway: what is kept, what degrades, where it is too long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.gateways.fallback import Shown, lower
from bot.gateways.pieces import Measure, in_bytes, in_units, shorten, split
from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.capabilities import Capabilities
from bot.model.message import AnySegment, LinkCard, Mention, Message, MiniProgram, Segment, Text
from bot.model.phrase import Phrase

__all__ = ["Bubble", "Look", "Part", "look", "shorten", "split"]

_SHORTENED = {
    "title": msgid("title shortened"),
    "description": msgid("description shortened"),
}


class Part(Frozen):
    """A segment as it is shown; ``lost`` says how it degraded, empty when it is kept."""

    segment: Segment
    lost: tuple[Phrase, ...] = ()


class Bubble(Frozen):
    """What arrives as one message.

    ``pieces``: the texts it would be split into, empty while the words fit.
    """

    parts: tuple[Part, ...]
    pieces: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Its text with mentions as names."""
        return _words(part.segment for part in self.parts)


class Look(Frozen):
    """A message on one gateway.

    ``too_long``: how much the words exceed the gateway's limit, all bubbles together, in UTF-8
    bytes, or in UTF-16 code units where the gateway counts those. ``problems``: why it could not
    be sent as it is, or would surprise; an empty tuple when nothing is wrong.
    """

    bubbles: tuple[Bubble, ...]
    too_long: int = 0
    needs_tap: bool = False
    problems: tuple[Phrase, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether all of it is shown as it was meant."""
        return not any(part.lost for bubble in self.bubbles for part in bubble.parts)


def look(message: Message, can: Capabilities) -> Look:
    """The message as a gateway with these capabilities shows it."""
    parts = [_fitted(shown, can) for shown in lower(message, can.segments, can.alone)]
    parts = [part for part in parts if part.segment != Text(text="")]
    limit, measure = _limit(can)
    bubbles = tuple(_bubble(group, limit, measure) for group in _grouped(parts, can))
    over = [measure(bubble.words) - limit for bubble in bubbles if bubble.pieces]
    return Look(
        bubbles=bubbles,
        too_long=sum(over),
        needs_tap=can.staff_confirm,
        problems=(*_problems(bubbles, sum(over), can), *_moved(parts, can)),
    )


def _grouped(parts: list[Part], can: Capabilities) -> Iterator[tuple[Part, ...]]:
    """The parts of each message that arrives."""
    runs = [tuple(run) for _, run in groupby(parts, _is_written)]
    words = [run for run in runs if _is_written(run[0])]
    match can.layout:
        case "together":
            yield from [tuple(parts)] if parts else []
        case "apart":
            for run in runs:
                yield from [run] if _is_written(run[0]) else ((part,) for part in run)
        case "words_first":
            yield from [tuple(_on_lines(words))] if words else []
            yield from ((part,) for part in parts if not _is_written(part))


def _on_lines(runs: list[tuple[Part, ...]]) -> Iterator[Part]:
    """Words that stood between attachments, in one text, each run beginning its own line."""
    for index, run in enumerate(runs):
        if index and not _words(part.segment for part in runs[index - 1]).endswith("\n"):
            yield Part(segment=Text(text="\n"))
        yield from run


def _bubble(parts: tuple[Part, ...], limit: int, measure: Measure) -> Bubble:
    words = _words(part.segment for part in parts)
    if not limit or measure(words) <= limit:
        return Bubble(parts=parts)
    return Bubble(parts=parts, pieces=tuple(split(words, limit, measure)))


def _limit(can: Capabilities) -> tuple[int, Measure]:
    """The longest text and how it is measured; 0 for no limit."""
    if can.text_units is not None:
        return can.text_units, in_units
    return can.text_bytes or 0, in_bytes


def _problems(bubbles: tuple[Bubble, ...], over: int, can: Capabilities) -> Iterator[Phrase]:
    if not any(bubble.words.strip() or _attachments(bubble) for bubble in bubbles):
        yield Phrase("nothing of the message can be shown")
    if over:
        text = msgid("the text is {over} characters too long")
        if can.text_units is None:
            text = msgid("the text is {over} bytes too long")
        yield Phrase(text, over=over)
    attachments = sum(map(_attachments, bubbles))
    if can.attachments is not None and attachments > can.attachments:
        yield Phrase(
            "{count} attachments, but at most {most} can be sent",
            count=attachments,
            most=can.attachments,
        )


def _fitted(shown: Shown, can: Capabilities) -> Part:
    """The part with its title and description cut to what the gateway takes."""
    segment, lost = shown.segment, [shown.lost] if shown.lost else []
    if isinstance(segment, LinkCard):
        cuts = {"title": can.title_bytes, "description": can.description_bytes}
    else:
        cuts = {"title": can.mini_title_bytes} if isinstance(segment, MiniProgram) else {}
    for name, limit in cuts.items():
        text = getattr(segment, name)
        if limit is not None and in_bytes(text) > limit:
            segment = segment.model_copy(update={name: shorten(text, limit)})
            lost.append(Phrase(_SHORTENED[name]))
    return Part(segment=segment, lost=tuple(lost))


def _moved(parts: list[Part], can: Capabilities) -> Iterator[Phrase]:
    written = [_is_written(part) for part in parts]
    if can.layout == "words_first" and written != sorted(written, reverse=True):
        yield Phrase("all words come first, pictures and cards after them")


def _is_written(part: Part) -> bool:
    return isinstance(part.segment, Text | Mention)


def _attachments(bubble: Bubble) -> int:
    return sum(not _is_written(part) for part in bubble.parts)


def _words(segments: Iterable[AnySegment]) -> str:
    written = tuple(segment for segment in segments if isinstance(segment, Text | Mention))
    return Message(segments=written).summary
