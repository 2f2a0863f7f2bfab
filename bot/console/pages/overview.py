"""The overview: how the community is today, and what needs somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from bot.console import charts
from bot.console.cards import Card, Need, Tile
from bot.console.figures import Day, Figures, Now
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.words import Words
from bot.gateways.supervision import Status
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities

Gateways = Callable[[], list[tuple[str, str, Status, Capabilities]]]
"""Name, adapter, status and capabilities of every gateway, as they are now."""
DAYS = 14


class Overview:
    """The first page."""

    def __init__(
        self, frame: Frame, figures: Figures, gateways: Gateways, cards: Sequence[Card] = ()
    ) -> None:
        self._frame = frame
        self._figures = figures
        self._gateways = gateways
        self._cards = cards

    def routes(self) -> list[web.RouteDef]:
        """``/``."""
        return [self._frame.get("/", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """Today's numbers, two weeks of charts, gateways, and what needs attention."""
        now, days = await self._figures.now(), await self._figures.days(page.formats.today, DAYS)
        gateways = self._gateways()
        unmatched = await self._figures.unmatched(5)
        told = await asyncio.gather(*(card(page) for card in self._cards))
        needs = [one for one in told if isinstance(one, Need)]
        return page.render(
            "overview.html",
            now=now,
            days=days,
            today=days[-1],
            quiet=not any(day.counts for day in days),
            gateways=gateways,
            needs=[*_needs(page.words, now, days[-1], gateways), *needs],
            tiles=[one for one in told if isinstance(one, Tile)],
            unmatched=[charts.Rank(phrase, times) for phrase, times in unmatched],
            heard=[d.of("event:message_received") for d in days],
            sent_daily=[d.of("delivery:sent") for d in days],
            **_charts(page, days),
        )


def _needs(
    words: Words, now: Now, today: Day, gateways: list[tuple[str, str, Status, Capabilities]]
) -> list[Need]:
    needs = []
    for name, _, status, _ in gateways:
        if status.state in ("waiting", "misconfigured"):
            text = words.say(msgid("Gateway {name} is not connected"), name=name)
            needs.append(Need(text, "/gateways", "bad"))
    if now.dead:
        text = words.count(
            msgid("{n} event could not be handled"),
            msgid("{n} events could not be handled"),
            now.dead,
        )
        needs.append(Need(text, "/dead-letters", "bad"))
    if now.in_doubt:
        text = words.count(
            msgid("{n} delivery is in doubt"), msgid("{n} deliveries are in doubt"), now.in_doubt
        )
        needs.append(Need(text, "/in-doubt", "warn"))
    if failed := today.of("delivery:failed"):
        text = words.count(
            msgid("{n} delivery failed today"), msgid("{n} deliveries failed today"), failed
        )
        needs.append(Need(text, "/journal?what=delivery.failed", "warn"))
    return needs


def _charts(page: Page, days: list[Day]) -> dict[str, Any]:
    say, labels = page.words.say, [page.formats.day(d.date) for d in days]
    talk = charts.area(
        say(msgid("Messages and members who spoke")),
        labels,
        [
            charts.Series(say(msgid("Messages")), [d.of("event:message_received") for d in days]),
            charts.Series(say(msgid("Members who spoke")), [d.active for d in days]),
        ],
    )
    sent = charts.bars(
        say(msgid("Deliveries")),
        labels,
        [
            charts.Series(say(msgid("Sent")), [d.of("delivery:sent") for d in days], "s1"),
            charts.Series(say(msgid("Skipped")), [d.of("delivery:skipped") for d in days], "s3"),
            charts.Series(say(msgid("Failed")), [d.of("delivery:failed") for d in days], "bad"),
        ],
    )
    moves = charts.bars(
        say(msgid("Joined and left")),
        labels,
        [
            charts.Series(
                say(msgid("Joined")), [d.of("event:member_joined") for d in days], "good"
            ),
            charts.Series(say(msgid("Left")), [d.of("event:member_left") for d in days], "s4"),
        ],
    )
    return {"talk": talk, "sent": sent, "moves": moves}
