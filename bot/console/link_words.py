"""Words for a link's terms: what its fields are called, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.links import branch_words
from bot.links.desk import Version, changed
from bot.links.links import Link, Links
from bot.links.rules import Closed
from bot.links.terms import Branch, Platform

FIELDS = {
    "url": msgid("Where it leads"),
    "campaign": msgid("Campaign"),
    "title": msgid("Title"),
    "opens": msgid("From"),
    "ends": msgid("Until"),
    "limit": msgid("Clicks at most"),
    "branches": msgid("Rules"),
    "parameters": msgid("Parameters"),
    "fallback": msgid("Otherwise"),
    "withdrawn": msgid("Withdrawn"),
    "confirm": msgid("Page in between"),
    "ask": msgid("Asks who opens it"),
}
PLATFORMS: dict[Platform, str] = {"wecom": msgid("WeCom"), "wechat": msgid("WeChat")}
"""Who can be asked who somebody is."""
CLOSED: dict[Closed, str] = {
    "gone": msgid("withdrawn"),
    "early": msgid("not open yet"),
    "expired": msgid("ended"),
    "full": msgid("full"),
}
"""Why a link leads nowhere."""
VERDICTS = {
    "click": msgid("Clicks by people"),
    "repeat": msgid("The same person again within seconds"),
    "staff": msgid("The staff's own"),
    "page": msgid("Shown the page in between, or asked who they are"),
    "suspect": msgid("Several signs of a program"),
    "bot": msgid("Known programs"),
    "prefetch": msgid("Fetched ahead by a browser"),
    "head": msgid("Only asked whether it is there"),
    "orphan": msgid("No code or word of ours"),
    "gone": msgid("Came after it was withdrawn"),
    "early": msgid("Came before it opened"),
    "expired": msgid("Came after it ended"),
    "full": msgid("Came when it was full"),
}
"""What a hit was judged."""
Names = Mapping[int, str]
"""What groups are called, by number."""


def closed(room: Links, link: Link, now: int) -> str:
    """A msgid why it leads nowhere now, '' when it does; whether it is full is not asked."""
    ways = room.ways(link.number)
    why = ways.closed(now) if ways else None
    return CLOSED[why] if why else ""


def conditions(page: Page, branch: Branch, groups: Names) -> str:
    """For whom and when a branch is."""
    return branch_words.conditions(page.words.say, branch, groups, page.formats.moment)


def differences(
    page: Page, new: Version, old: Version, groups: Names
) -> list[tuple[str, str, str]]:
    """What a version changed: the field, what stood there, and what stands there now."""
    return [
        (
            page.words.say(FIELDS[name]),
            _shown(page, name, getattr(old.terms, name), groups),
            _shown(page, name, getattr(new.terms, name), groups),
        )
        for name in changed(old.terms, new.terms)
    ]


def _shown(page: Page, name: str, value: Any, groups: Names) -> str:
    if not value:
        return "–"
    match name:
        case "opens" | "ends":
            return page.formats.moment(value)
        case "branches":
            return "\n".join(f"{conditions(page, one, groups)} → {one.url}" for one in value)
        case "parameters":
            return "\n".join(f"{key} = {said}" for key, said in value.items())
        case "ask":
            return page.words.say(PLATFORMS[value])
        case "withdrawn" | "confirm":
            return page.words.say(msgid("yes"))
        case "limit":
            return page.formats.number(value)
    return str(value)
