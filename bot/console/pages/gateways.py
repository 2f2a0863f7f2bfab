"""Gateways: how each connection is, what it can do, and what waits for it."""

from __future__ import annotations

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.overview import Gateways as Read
from bot.console.words import Words
from bot.delivery.outbox import Outbox
from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities, Rate


class Gateways:
    """The page of the gateways."""

    def __init__(self, frame: Frame, read: Read, outbox: Outbox) -> None:
        self._frame = frame
        self._read = read
        self._outbox = outbox

    def routes(self) -> list[web.RouteDef]:
        """``/gateways``."""
        return [self._frame.get("/gateways", self.index)]

    async def index(self, page: Page) -> web.StreamResponse:
        """Every gateway's health."""
        rows = [
            (name, adapter, status, abilities(page.words, can), await self._outbox.waiting(name))
            for name, adapter, status, can in self._read()
        ]
        return page.render("gateways.html", rows=rows)


def abilities(words: Words, can: Capabilities) -> list[tuple[str, bool]]:
    """What a gateway can and cannot do, in words."""
    say = words.say
    told = [
        (say(msgid("Writes to groups")), can.send_group),
        (say(msgid("Writes to one person")), can.send_direct),
        (say(msgid("Sends by itself, without staff")), not can.staff_confirm),
        (say(msgid("Never sends twice")), can.idempotent),
        (say(msgid("Pictures")), "image" in can.segments),
        (say(msgid("Mentions")), "mention" in can.segments),
        (say(msgid("Link cards")), "link_card" in can.segments),
        (say(msgid("Lists a group's members")), can.member_list),
    ]
    for text, rate in (
        (msgid("At most {n} messages in {time} over all"), can.account_rate),
        (msgid("At most {n} messages in {time} in one chat"), can.chat_rate),
    ):
        if rate is not None:
            told.append((_rate(words, text, rate), True))
    return told


def _rate(words: Words, text: str, rate: Rate) -> str:
    return words.say(text, n=rate.count, time=duration(rate.seconds))
