"""A desk at which drafts are checked, with forecasts made by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.links.probe import LinkHealth, Verdict
from bot.sop.check import Finding, PlanCheck
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.record import Sop, Version
from bot.sop.templates.step import Action
from bot.sop.templates.template import Template
from bot.store.bits import Bits

from .town import Town

MINUTE = 60_000
HOUR_MS = 60 * MINUTE
DAY_MS = 24 * HOUR_MS
LONG = "茶" * 40
NEWS = """
title = "News"
anchor = "calendar"
{more}
[[step]]
id = "news"
every = "{every}"
text = "{text}"
{step}
"""
HELLO = """
title = "Hello"
anchor = "joined"
{more}
[[step]]
id = "hello"
after = "1d"
at = "12:00"
text = '''{text}'''
{step}
"""


@dataclass
class Foretold:
    """A forecast of rows made by hand."""

    rows: Sequence[Foreseen] = ()
    others: Sequence[Foreseen] = ()

    async def stream(
        self, what: Sop | Version | None = None, *, days: int, version: Version | None = None
    ) -> AsyncIterator[Foreseen]:
        for row in (*self.rows, *self.others):
            yield row


@dataclass
class Checked:
    """A draft, and what was found."""

    template: Template
    findings: list[Finding]
    asked: list[str] = field(default_factory=list)

    def about(self, words: str) -> Finding:
        """The one finding that says this."""
        (found,) = [one for one in self.findings if words in str(one.message)]
        return found

    @property
    def said(self) -> list[str]:
        return [str(one.message) for one in self.findings]


class Desk:
    """Somebody who checks drafts."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.forecast = Foretold()
        self.health: Mapping[str, Verdict] = {}

    def row(
        self,
        after: float,
        who: Collection[int],
        *,
        sop: str = "",
        step: str = "news",
        to: str = "group",
        action: Action = "message",
        by_staff: Collection[int] = (),
        skipped: Mapping[str, Collection[int]] | None = None,
    ) -> Foreseen:
        """Something foreseen so many ms from now."""
        return Foreseen(
            sop=sop,
            step=step,
            action=action,
            due=self.town.clock.now() + int(after),
            to="group" if to == "group" else "member",
            who=Bits.of(who),
            by_staff=Bits.of(by_staff),
            skipped={why: Bits.of(numbers) for why, numbers in (skipped or {}).items()},
        )

    async def check(
        self, source: str, audience: str = "all-groups", *, links: bool = True, **values: object
    ) -> Checked:
        """Read a template as a file is read, and check it."""
        name = self.town.template("draft", source)
        return await self.version(
            self.town.sops.library.get(name), audience, links=links, values=values
        )

    async def version(
        self,
        template: Template,
        audience: str,
        *,
        links: bool = True,
        values: Mapping[str, object] | None = None,
    ) -> Checked:
        sops, asked = self.town.sops, list[str]()

        async def probe(urls: Collection[str]) -> Mapping[str, LinkHealth]:
            asked.extend(sorted(urls))
            return {u: LinkHealth(url=u, verdict=self.health.get(u, "fine")) for u in urls}

        now = self.town.clock.now()
        version = await sops.drafts.version(1, template, audience, values or {}, "小王", None, now)
        plan_check = PlanCheck(sops, ("sandbox",), probe, self.forecast)
        return Checked(template, await plan_check.check(version, links=links), asked)


def news(text: str = "hi", every: str = "0 12 * * 3", more: str = "", step: str = "") -> str:
    return NEWS.format(text=text, every=every, more=more, step=step)


def hello(text: str = "hi", more: str = "", step: str = "") -> str:
    return HELLO.format(text=text, more=more, step=step)
