"""The sandbox adapter: what the bot sends appears in the sandbox's feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.fallback import lower
from bot.gateways.sandbox.world import Said, World
from bot.model.capabilities import Capabilities, Rate, SegmentKind
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, Receipt, Refused
from bot.model.event import BaseEvent, GroupCreated, MemberJoined, MemberLeft
from bot.model.message import Message, Text

ALL: frozenset[SegmentKind] = frozenset({"text", "mention", "image", "link_card", "file", "button"})
PLAIN: frozenset[SegmentKind] = frozenset({"text", "mention"})


class SandboxSettings(BaseModel):
    """What the sandbox pretends to be able to do; switched on its page while it runs."""

    model_config = ConfigDict(extra="forbid")

    staff_confirm: bool = Field(
        default=False, description="Nothing is sent without a staff member's tap."
    )
    idempotent: bool = Field(default=True, description="The same delivery id twice is shown once.")
    send_direct: bool = Field(default=True, description="The bot can write to one person.")
    invite: bool = Field(default=False, description="The bot can bring people into groups.")
    text_only: bool = Field(default=False, description="Pictures and cards degrade to text.")
    chat_rate: int | None = Field(
        default=None, description="Messages a minute into one conversation.", ge=1
    )


class Sandbox(Adapter):
    """A gateway inside Muster; its people live in the browser."""

    Settings = SandboxSettings
    exclusive = False

    def __init__(self, inlet: Inlet, settings: SandboxSettings, world: World) -> None:
        super().__init__(inlet, settings)
        self.settings = settings
        self.world = world

    @property
    def capabilities(self) -> Capabilities:
        """What the switches say."""
        rate = self.settings.chat_rate
        return Capabilities(
            send_direct=self.settings.send_direct,
            staff_confirm=self.settings.staff_confirm,
            idempotent=self.settings.idempotent,
            member_list=True,
            recall=True,
            remove=True,
            invite=self.settings.invite,
            create_group=True,
            segments=PLAIN if self.settings.text_only else ALL,
            chat_rate=Rate(count=rate, seconds=60) if rate else None,
        )

    async def receive(self) -> AsyncIterator[BaseEvent]:
        """Stay connected: events come in through the door."""
        self.inlet.alive()
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def send(self, delivery: Delivery) -> Receipt:
        """Show the message in the feed; Refused where it cannot be shown or nobody is there."""
        to = delivery.to
        if to.group is not None and to.group not in await self.world.groups():
            raise Refused(f"there is no group {to.group!r}")
        if to.group is None and not self.settings.send_direct:
            raise Refused("the sandbox is switched to groups only")
        message, degraded = self._shown(delivery.message)
        if not any(segment != Text(text="") for segment in message.segments):
            raise Refused("nothing of the message can be shown")
        said = Said(
            at=self.inlet.clock.now(),
            group=to.group,
            member=to.account,
            by=None,
            message=message,
        )
        once = delivery.id if self.settings.idempotent else ""
        return Receipt(message_id=await self.world.say(said, once), degraded=degraded)

    async def recall(self, to: Conversation, message_id: str) -> None:
        """Take the message out of the feed."""
        now = self.inlet.clock.now()
        gone = Said(
            at=now, group=to.group, member=to.account, by=None, what="recalled", of=message_id
        )
        await self.world.recall(message_id, gone)

    async def remove(self, group: str, account: str) -> None:
        """Show somebody the door, and tell of it like any platform."""
        if not await self.world.leave(group, account):
            return
        now = self.inlet.clock.now()
        event = MemberLeft(
            id=f"sandbox-removed-{group}-{account}-{now}",
            gateway=self.inlet.gateway,
            at=now,
            account=await self._person(account),
            group=group,
            how="removed",
        )
        said = Said(at=now, group=group, member=account, by=account, what="left")
        await self.world.say(said, f"event {event.id}")
        await self.inlet.accept(event)

    async def invite(self, group: str, account: str) -> None:
        """Put somebody into the group, and tell of it like any platform."""
        if not self.settings.invite:
            raise NotImplementedError
        groups = await self.world.groups()
        if group not in groups:
            raise Refused(f"there is no group {group!r}")
        if account in await self.world.members(group):
            return
        now = self.inlet.clock.now()
        event = MemberJoined(
            id=f"sandbox-invited-{group}-{account}-{now}",
            gateway=self.inlet.gateway,
            at=now,
            account=await self._person(account),
            group=group,
            group_name=groups[group],
            how="invited",
        )
        said = Said(at=now, group=group, member=account, by=account, what="joined")
        await self.world.say(said, f"event {event.id}")
        await self.inlet.accept(event)
        # Last: who is in it is left alone by the next try, whom nobody told of may not be.
        await self.world.enter(group, account)

    async def create_group(self, name: str, like: str = "") -> str:
        """Make a group with nobody in it, and tell of it like any platform."""
        ident, now = await self.world.new_group(name), self.inlet.clock.now()
        event = GroupCreated(
            id=f"sandbox-group-{ident}-{now}",
            gateway=self.inlet.gateway,
            at=now,
            account=Account(id=""),
            group=ident,
            group_name=name,
        )
        said = Said(at=now, group=ident, member=None, by="", what="created")
        await self.world.say(said, f"event {event.id}")
        await self.inlet.accept(event)
        return ident

    async def members(self, group: str) -> Sequence[Account]:
        """The people in a group."""
        names = await self.world.people()
        return [Account(id=a, name=names.get(a, a)) for a in await self.world.members(group)]

    async def groups(self) -> Sequence[tuple[str, str]]:
        """The groups there are."""
        return sorted((await self.world.groups()).items())

    async def _person(self, account: str) -> Account:
        return Account(id=account, name=(await self.world.people()).get(account, account))

    def _shown(self, message: Message) -> tuple[Message, tuple[str, ...]]:
        shown = lower(message, self.capabilities.segments)
        lost = dict.fromkeys(str(one.lost) for one in shown if one.lost)
        return Message.of(*(one.segment for one in shown)), tuple(lost)
