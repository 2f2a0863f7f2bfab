"""Words for a link's terms: what its fields are called, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.links.desk import Version, changed
from bot.links.rules import Closed
from bot.links.terms import Branch

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
}
DEVICES = {
    "ios": "iPhone, iPad",
    "android": "Android",
    "desktop": msgid("Computer"),
    "wechat": msgid("WeChat"),
    "wecom": msgid("WeCom"),
}
CLOSED: dict[Closed, str] = {
    "gone": msgid("withdrawn"),
    "early": msgid("not open yet"),
    "expired": msgid("ended"),
    "full": msgid("full"),
}
"""Why a link leads nowhere."""
Names = Mapping[int, str]
"""What groups are called, by number."""


def conditions(page: Page, branch: Branch, groups: Names) -> str:
    """For whom and when a branch is."""
    say = page.words.say
    found = []
    if branch.devices:
        found.append(_either(page, [say(DEVICES[one]) for one in branch.devices]))
    if branch.languages:
        found.append(say(msgid("language {which}"), which=_either(page, branch.languages)))
    if branch.groups:
        found.append(_either(page, [groups.get(n) or f"#{n}" for n in branch.groups]))
    if branch.opens:
        found.append(say(msgid("from {moment}"), moment=page.formats.moment(branch.opens)))
    if branch.ends:
        found.append(say(msgid("until {moment}"), moment=page.formats.moment(branch.ends)))
    if branch.share:
        found.append(say(msgid("{n} % of people"), n=branch.share))
    return " · ".join(found) or say(msgid("everybody"))


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
        case "withdrawn":
            return page.words.say(msgid("yes"))
        case "limit":
            return page.formats.number(value)
    return str(value)


def _either(page: Page, words: Any) -> str:
    return page.words.say(msgid(" or ")).join(words)
