"""The writer: turns a manager's Jinja text into a message for one reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.model.message import (
    File,
    Image,
    LinkCard,
    Mention,
    Message,
    MiniProgram,
    Segment,
    Text,
    Video,
)
from bot.model.phrase import Phrase
from bot.routing.template import TemplateFailed, Templates

SEGMENTS = frozenset({"mention", "image", "card", "file", "video", "mini_program"})
"""The functions every text has, whatever rooms there are."""
MARK = re.compile("\ue000(\\d+)\ue001")
_MARKS = {0xE000: None, 0xE001: None}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a text is written, so that functions such as ``link()`` can be personal.

    ``step`` names what the text belongs to ("welcome", "sop/step"); numbers are 0 for nobody.
    """

    step: str = ""
    group: int = 0
    member: int = 0


Function = Callable[..., Coroutine[Any, Any, str | Segment]]
"""An async function for templates; its first argument is the Reader.

What it raises before it gives the coroutine is told with the line it stands in.
"""
NONE: Mapping[str, Function] = MappingProxyType({})


@dataclass(slots=True)
class _Render:
    """One rendering: what the placeholders in its text stand for."""

    parts: list[Segment | Coroutine[Any, Any, str | Segment]] = field(default_factory=list)

    def hold(self, part: Segment | Coroutine[Any, Any, str | Segment]) -> str:
        self.parts.append(part)
        return f"\ue000{len(self.parts) - 1}\ue001"

    def drop(self) -> None:
        """Give up the functions that were asked for and will not be awaited."""
        for part in self.parts:
            if isinstance(part, Coroutine):
                part.close()


class Writer:
    """Renders texts in the sandbox with the functions the rooms give it.

    ``stand_ins`` are for those of which a rehearsal shows another thing than their first word.
    """

    def __init__(
        self,
        templates: Templates,
        functions: Mapping[str, Function],
        stand_ins: Mapping[str, Function] = NONE,
    ) -> None:
        self._templates = templates
        self._functions = functions
        self._stand_ins = stand_ins

    @property
    def names(self) -> frozenset[str]:
        """The functions every text can use."""
        return SEGMENTS | self._functions.keys()

    def rehearsal(self, **instead: Function) -> Writer:
        """A writer whose functions do nothing: each shows its first word, such as a link's
        address, or what stands in for it."""
        shown = {**dict.fromkeys(self._functions, _first_word), **self._stand_ins}
        return Writer(self._templates, {**shown, **instead})

    async def write(
        self, source: str, variables: Mapping[str, Any], reader: Reader | None = None
    ) -> Message:
        """The message; raises TemplateFailed when the text is wrong or endless."""
        if "{" not in source:
            return Message.of(source)
        render, reader = _Render(), reader or Reader()
        scope = {**_clean(variables), **_segments(render), **self._bound(render, reader)}
        try:
            text = self._templates.render(_clean(source), scope)
        except TemplateFailed:
            render.drop()
            raise
        try:
            return Message(segments=await _assemble(text, render.parts))
        except ValueError as error:
            raise TemplateFailed(Phrase.of(error)) from error
        finally:
            render.drop()

    def _bound(self, render: _Render, reader: Reader) -> dict[str, Callable[..., str]]:
        def bind(function: Function) -> Callable[..., str]:
            return lambda *args, **named: render.hold(function(reader, *args, **named))

        return {name: bind(function) for name, function in self._functions.items()}


async def _first_word(_: Reader, *args: Any, **named: Any) -> str:
    return str(next(iter([*args, *named.values()]), ""))


def _clean(value: Any) -> Any:
    """The value without the characters we mark placeholders with, wherever it holds text."""
    if isinstance(value, str):
        return value.translate(_MARKS) if "\ue000" in value or "\ue001" in value else value
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


def _segments(render: _Render) -> dict[str, Callable[..., str]]:
    def mention(who: Any) -> str:
        return render.hold(Mention(account=str(who["account"]), name=str(who["name"])))

    def image(url: str, alt: str = "") -> str:
        return render.hold(Image(url=str(url), alt=str(alt)))

    def card(url: str, title: str, description: str = "", picture: str | None = None) -> str:
        return render.hold(
            LinkCard(url=str(url), title=str(title), description=description, image=picture)
        )

    def file(url: str, name: str) -> str:
        return render.hold(File(url=str(url), name=str(name)))

    def video(url: str, alt: str = "") -> str:
        return render.hold(Video(url=str(url), alt=str(alt)))

    def mini_program(
        app: str, path: str, title: str, picture: str | None = None, url: str | None = None
    ) -> str:
        return render.hold(
            MiniProgram(app=str(app), path=str(path), title=str(title), picture=picture, url=url)
        )

    made = (mention, image, card, file, video, mini_program)
    return {function.__name__: function for function in made}


async def _assemble(
    text: str, parts: Sequence[Segment | Coroutine[Any, Any, str | Segment]]
) -> tuple[Segment, ...]:
    done = [p if not isinstance(p, Coroutine) else await p for p in parts]
    out: list[Segment] = []
    pending = ""
    for index, piece in enumerate(MARK.split(text)):
        part: Segment | str = piece if index % 2 == 0 else done[int(piece)]
        if isinstance(part, str):
            pending += part
            continue
        if isinstance(part, LinkCard | File | Video | MiniProgram) and part.url:
            part = part.model_copy(update={"url": _fill(part.url, done)})
        if pending.strip():
            out.append(Text(text=pending))
        pending = ""
        out.append(part)
    if pending.strip() or not out:
        out.append(Text(text=pending))
    return tuple(out)


def _fill(text: str, done: Sequence[Segment | str]) -> str:
    return MARK.sub(lambda m: str(done[int(m[1])]), text)
