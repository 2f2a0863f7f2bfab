"""Texts: everything a plan says, written as for the reader with the longest names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.model.conversation import Conversation
from bot.model.message import File, Image, LinkCard, Message, MiniProgram, Video
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.sop.check.plan import Plan
from bot.sop.engine.actor import variables_of
from bot.sop.engine.verdict import Target
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.sop.templates.words import Localized, Words
from bot.store.members import Group, Member

LONG_NAME = "名" * 20
"""As long a name as people have; most platforms allow no more."""
TRACKED = 64
"""Characters of a tracked link, at most."""


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a step in one language; ``failed`` says why it cannot be written.

    ``usual``: it is in the language the SOP speaks. ``links`` are the addresses its links lead to.
    """

    step: Step
    key: str
    variant: str
    language: str
    usual: bool
    source: str
    message: Message = field(default_factory=Message)
    links: tuple[str, ...] = ()
    failed: str = ""
    line: int = 0

    @property
    def media(self) -> tuple[str, ...]:
        """The addresses of pictures, films and files in it."""
        found: list[str | None] = []
        for segment in self.message.segments:
            match segment:
                case Image(url=url) | File(url=url) | Video(url=url):
                    found.append(url)
                case LinkCard(image=url) | MiniProgram(picture=url):
                    found.append(url)
        return tuple(url for url in found if url is not None and not url.startswith("data:"))

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses it leads to."""
        cards = (s.url for s in self.message.segments if isinstance(s, LinkCard | MiniProgram))
        # What link() gave stands in a card only as our own address.
        own = [url for url in cards if url and not url.startswith(_OURS)]
        return (*self.links, *own)


_OURS = "https://link.invalid/"
_LINK = _OURS.ljust(TRACKED, "0")


async def texts(plan: Plan, sops: Sops) -> list[Said]:
    """Every text in every language it has."""
    links: list[str] = []

    async def link(_: Reader, url: object, *__: object, **___: object) -> str:
        links.append(str(url))
        return _LINK

    writer = sops.means.writer.rehearsal(link=link)
    variables = _variables(plan, sops)
    found = []
    for said in _sources(plan):
        links.clear()
        try:
            message = await writer.write(said.source, variables)
        except TemplateFailed as error:
            found.append(replace(said, failed=error.message, line=error.line))
        else:
            found.append(replace(said, message=message, links=tuple(dict.fromkeys(links))))
    return found


def _sources(plan: Plan) -> Iterator[Said]:
    for step in plan.template.step:
        every: Sequence[tuple[str, str, Words]] = [
            *(("variant" if way else "text", way, words) for way, words in step.texts.items()),
            *([("task", "", step.task)] if step.task else []),
        ]
        for key, variant, words in every:
            usual = plan.version.language
            if not isinstance(words, Localized):
                yield Said(step, key, variant, usual, True, words)
                continue
            for language in ("zh", "en"):
                text = getattr(words, language)
                yield Said(step, key, variant, language, language == usual, text)


def _variables(plan: Plan, sops: Sops) -> dict[str, Any]:
    gateway = plan.reaches[0].gateway if plan.reaches else "gateway"
    longest = max(plan.groups.values(), key=lambda g: len(g.name.encode()), default=None)
    group = longest or Group(number=0, conversation=Conversation(gateway=gateway, group=LONG_NAME))
    member = None
    if not plan.to_groups:
        member = Member(number=0, name=LONG_NAME, accounts={gateway: LONG_NAME})
    where = group if plan.in_group else None
    target = Target(0, "0", "m0", ZoneInfo("UTC"), member, where)
    to = Conversation(gateway=gateway, account=LONG_NAME) if member else group.conversation
    led = {"route": LONG_NAME, "target": {"name": LONG_NAME, "id": LONG_NAME, "link": _LINK}}
    return led | variables_of(plan.version.parameters, sops.means.workspace, to, target)
