"""A community with check-in programmes, and what tests of them ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from bot.checkins.checkins import CheckIns
from bot.checkins.programme import Programme
from bot.clock import millis
from bot.gateways.sandbox.world import Said
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing import Community
from bot.testing.community import Chat

SHANGHAI = ZoneInfo("Asia/Shanghai")
_said = count(1)


@asynccontextmanager
async def house(
    valkey: str, store: Store, config: str, clock: Any = None
) -> AsyncIterator[Community]:
    """A community whose language is English and whose programmes are ``config``."""
    text = f'language = "en"\n{config}'
    more = {"clock": clock} if clock else {}
    made = Community(text, locate=unix(valkey), workspace=store.keys.workspace, **more)
    async with made:
        yield made


def service(community: Community) -> CheckIns:
    """The check-ins of a community."""
    found = community.app.rooms.services[CheckIns]
    assert isinstance(found, CheckIns)
    return found


def daily(community: Community, name: str = "daily") -> Programme:
    """A programme."""
    found = service(community).programme(name)
    assert found is not None
    return found


def at(community: Community, moment: str, zone: ZoneInfo = SHANGHAI) -> None:
    """Set the clock to a later time, on the wall of Shanghai."""
    there = millis(datetime.fromisoformat(moment).replace(tzinfo=zone))
    community.clock.advance((there - community.clock.now()) / 1000)


async def says(
    community: Community, who: str, content: str | Message, chat: Chat | None = None
) -> Said:
    """Say something, and the last that the bot then answers there."""
    heard = await heard_by(community, who, content, chat)
    assert heard, f"nothing was answered to {content}"
    return heard[-1]


async def heard_by(
    community: Community, who: str, content: str | Message, chat: Chat | None = None
) -> list[Said]:
    """Say something, and what the bot then answers there."""
    where = chat or community.direct(community.member(who))
    await where.hears()
    message = Message.of(content) if isinstance(content, str) else content
    await community.accept(
        MessageReceived(
            id=f"said-{next(_said)}",
            gateway="sandbox",
            at=community.clock.now(),
            account=Account(id=who, name=who),
            group=where.group,
            message=message,
            to_bot=where.group is None,
        )
    )
    return await where.hears()


async def moves(community: Community, member: int, zone: str) -> None:
    """Keep the zone a member is in."""
    effects = Effects(community.app.store.keys)
    effects.attribute(member, "timezone", zone)
    await community.app.store.apply(effects)
