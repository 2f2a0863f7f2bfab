"""The points WeCom's documents leave open, and the limits it enforces: both are settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Variants:
    """What no source confirms; a test may run under either.

    ``same_token``: gettoken repeats the token while it holds. ``tries``: how often a callback is
    posted in all. ``retry_after``: seconds between, which no document states. ``member_list``:
    how a group's changed members are told. ``card_hours``: how long a card may be updated.
    ``ban``: the errcode of an address that was banned. ``settle``: seconds till
    groupchat/get shows a change. ``dispatch``: seconds a mass message takes to reach its senders,
    41063 till then.
    """

    same_token: bool = True
    tries: Literal[3, 4] = 3
    retry_after: float = 1.0
    member_list: Literal["items", "commas", "absent"] = "items"
    card_hours: Literal[24, 72] = 72
    ban: int = 45009
    corp_tags: Literal[3000, 10_000] = 3000
    settle: float = 0.0
    dispatch: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts per minute and hour as of document 90454, made smaller by tests."""

    api_minute: int = 10_000
    api_hour: int = 150_000
    source_minute: int = 20_000
    source_hour: int = 600_000
    member_minute: int = 30
    member_hour: int = 1000
    chat_member_minute: int = 200
    chat_member_day: int = 10_000
    robot_minute: int = 20
    wrong_secrets: int = 30
    at_once: int = 5
    """mark_tag calls handled at once before 45033, as staff say."""
    month: int | None = None
    """Mass messages a customer gets in a month; None: as many as the month has days."""
    group_size: int = 200
