"""Rules: which hits are a person's click, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import re2
from crawlerdetect.providers.crawlers import data as crawlers
from crawlerdetect.providers.exclusions import data as exclusions

from bot.links.hits import Hit

VERSION = 3
"""Of these rules; it goes up whenever one of them changes, and is kept with each judged hit."""
WINDOW = 10_000
"""Milliseconds in which further fetches of one code by one visitor are repeats of a click."""

Closed = Literal["gone", "early", "expired", "full"]
CLOSED: dict[str, Closed] = {"g": "gone", "e": "early", "x": "expired", "f": "full"}
"""Why a link led nowhere, by the flag of the hit."""
FLAGS: dict[Closed, str] = {verdict: flag for flag, verdict in CLOSED.items()}

Counted = Literal["click", "repeat", "staff", "page", "suspect", "bot", "prefetch", "head"]
Verdict = Literal[Counted, "orphan", Closed]
VERDICTS: tuple[Verdict, ...] = (
    *("click", "repeat", "staff", "page", "suspect", "bot", "prefetch", "head", "orphan"),
    *FLAGS,
)
"""What a hit may be judged. "page": a page came between, whose confirmation is the click, if it
comes; "suspect": several signs of a program together; "repeat" and "staff" are told by others."""

APPS = (
    ("wxwork", "wecom"),  # says MicroMessenger too, so it comes first
    ("micromessenger", "wechat"),
    ("dingtalk", "dingtalk"),
    ("lark", "feishu"),
    ("feishu", "feishu"),
    ("weibo", "weibo"),
    ("qq/", "qq"),
)


@dataclass(frozen=True, slots=True)
class Before:
    """The hit before, of the same code that names a member; ``at`` is UTC ms."""

    at: int
    visitor: str
    app: str


Shows = Callable[[Hit, Before | None], bool]


@dataclass(frozen=True, slots=True)
class Sign:
    """What programs show more often than people do.

    ``weight``: no sign may be enough by itself, two strong ones are (LIMIT), for each of them is
    shown by some people too: ``why`` says by whom.
    """

    name: str
    weight: int
    shows: Shows
    why: str


LIMIT = 100
"""The sum of weights from which on a hit is no click."""
SOON = 30_000
"""Milliseconds after a visit in WeChat in which its servers fetch the same address again."""
OLD_CHROME = 80
"""Of February 2020; programs with frozen user agents say far older ones, such as 45."""
OLD_WECHAT = 7
"""Of December 2018."""


_CHROME = re.compile(r"(?:Chrome|Chromium)/(\d{1,4})")
_WECHAT = re.compile(r"MicroMessenger/(\d{1,4})", re.I)
_ANCIENT = re.compile(r"MSIE |Trident/|Netscape|Mozilla/[1-4]\.")


@lru_cache(maxsize=4096)
def old(agent: str) -> bool:
    """Whether a user agent is a browser hardly anybody has any more.

    In chat applications only their own version counts: WeChat on Android brings an old Chrome
    along, and WeCom says an old WeChat's version.
    """
    inside = app(agent)
    if inside == "wechat":
        return _before(OLD_WECHAT, _WECHAT.search(agent))
    return not inside and (
        bool(_ANCIENT.search(agent)) or _before(OLD_CHROME, _CHROME.search(agent))
    )


def _before(version: int, found: re.Match[str] | None) -> bool:
    return found is not None and int(found[1]) < version


def _fetched_again(hit: Hit, before: Before | None) -> bool:
    return (
        before is not None
        and 0 <= hit.at - before.at <= SOON
        and before.visitor != hit.visitor
        and before.app in ("wechat", "wecom")
        and not hit.referrer
        and app(hit.agent) in ("", "wechat")
    )


SIGNS = (
    Sign(
        "data centre",
        60,
        lambda hit, before: "d" in hit.flags,
        "offices and VPNs have addresses of data centres too",
    ),
    Sign(
        "WeChat's servers",
        60,
        lambda hit, before: "w" in hit.flags,
        "the list of their addresses is old, and people may have got them since",
    ),
    Sign(
        "fetched again",
        60,
        _fetched_again,
        "a member may open it in another browser at once, or pass it on",
    ),
    Sign(
        "no language",
        50,
        lambda hit, before: "n" in hit.flags,
        "every browser says it, but some proxies take it out",
    ),
    Sign(
        "old browser",
        40,
        lambda hit, before: old(hit.agent),
        "some phones are never updated",
    ),
)
"""The signs that are weighed. Any two together are enough, but for an old phone whose proxy takes
the language out: an address nobody sits at beside a browser nobody has, or a second fetch that
is no ordinary browser's either."""


class Rules:
    """Judges hits; whether a click is a repeat is decided where it is counted.

    The crawlers are those crawlerdetect knows. Its own search takes 1.4 ms for each new user
    agent and 5 ms for a hostile one; RE2 takes 0.05 ms for either.
    """

    version = VERSION

    def __init__(self) -> None:
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = 64 << 20
        known = [p for p in crawlers if not _looks_around(p)]
        self._crawlers = re2.compile("|".join(known), options)
        self._others = re.compile("|".join(filter(_looks_around, crawlers)) or "(?!)", re.I)
        self._browsers = re2.compile("|".join(exclusions), options)
        self.bot = lru_cache(maxsize=4096)(self._bot)

    def judge(self, hit: Hit, before: Before | None = None) -> Verdict:
        """What a hit is, looked at alone but for the hit ``before`` it, where that is known.

        A hit with "c" confirms a page that came between: it is judged like any other.
        """
        if "o" in hit.flags:
            return "orphan"
        if "h" in hit.flags:
            return "head"
        if "p" in hit.flags:
            return "prefetch"
        if self.bot(hit.agent):
            return "bot"
        if closed := next((why for flag, why in CLOSED.items() if flag in hit.flags), None):
            return closed
        if "b" in hit.flags:
            return "page"
        return "suspect" if weight(hit, before) >= LIMIT else "click"

    def _bot(self, agent: str) -> bool:
        """Whether a user agent is a program's; nothing at all is no person's browser."""
        if not agent.strip():
            return True
        rest = self._browsers.sub("", agent)
        return bool(self._crawlers.search(rest) or self._others.search(rest))


def app(agent: str) -> str:
    """The chat application whose in-app browser this is; empty for other browsers."""
    folded = agent.lower()
    return next((name for mark, name in APPS if mark in folded), "")


def weight(hit: Hit, before: Before | None = None) -> int:
    """What the signs a hit shows weigh together."""
    return sum(sign.weight for sign in SIGNS if sign.shows(hit, before))


def _looks_around(pattern: str) -> bool:
    return "(?!" in pattern or "(?=" in pattern or "(?<" in pattern
