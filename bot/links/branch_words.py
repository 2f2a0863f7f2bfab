"""Words for a branch: for whom and when a link leads somewhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bot.i18n.mark import msgid
from bot.links.terms import Branch

Say = Callable[..., str]
"""Translates a text and fills in its values."""
DEVICES = {
    "ios": "iPhone, iPad",
    "android": "Android",
    "desktop": msgid("Computer"),
    "wechat": msgid("WeChat"),
    "wecom": msgid("WeCom"),
}


def conditions(
    say: Say, branch: Branch, groups: Mapping[int, str], moment: Callable[[int], str]
) -> str:
    """For whom and when a branch is; ``groups`` are names by number, ``moment`` tells UTC ms."""
    found = []
    if branch.devices:
        found.append(_either(say, (say(DEVICES[one]) for one in branch.devices)))
    if branch.languages:
        found.append(say(msgid("language {which}"), which=_either(say, branch.languages)))
    if branch.groups:
        found.append(_either(say, (groups.get(n) or f"#{n}" for n in branch.groups)))
    if branch.opens:
        found.append(say(msgid("from {moment}"), moment=moment(branch.opens)))
    if branch.ends:
        found.append(say(msgid("until {moment}"), moment=moment(branch.ends)))
    if branch.share:
        found.append(say(msgid("{n} % of people"), n=branch.share))
    return " · ".join(found) or say(msgid("everybody"))


def _either(say: Say, words: Iterable[str]) -> str:
    return say(msgid(" or ")).join(words)
