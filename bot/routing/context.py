"""The context: what a handler sees of the event it answers, and where its effects collect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.delivery.journal import Entry, record
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, DeliveryClass
from bot.model.event import BaseEvent, MessageReceived, TimerElapsed
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.routing.writer import Reader, Writer
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.store import Store

MEMORY = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Place:
    """The group an event happened in."""

    number: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """The member an event is about."""

    number: int
    account: str
    name: str
    _effects: Effects
    _facts: Facts
    _now: int = 0
    _written: Callable[[str, str], str] = lambda _, value: value

    def tag(self, name: str) -> None:
        """Give the member a tag."""
        self._effects.tag(name, self.number, self._now, source="chat")

    def untag(self, name: str) -> None:
        """Take a tag away."""
        self._effects.untag(name, self.number, self._now, source="chat")

    async def has_tag(self, name: str) -> bool:
        """Whether the member has the tag, as it was before this event."""
        return await self._facts.has(self._effects.keys.tag(name), self.number)

    def set(self, attribute: str, value: str) -> None:
        """Keep an attribute of the member, such as ``birthday`` (2001-05-31); '' for none.

        Raises WrongAttribute, a ValueError, when it is declared to hold something else.
        """
        self._effects.attribute(self.number, attribute, self._written(attribute, value))

    async def attribute(self, name: str) -> str:
        """An attribute as it was before this event; '' for none."""
        key = self._effects.keys.member(self.number)
        return await self._facts.store.text("HGET", key, f"attribute:{name}") or ""


@dataclass(slots=True)
class Context:
    """One event being handled.

    What a handler does through it is kept in ``effects`` and done at once, together with the
    event's acknowledgement, when the handler returns; when it raises nothing is done. A handler
    may be run again, so it must not do anything lasting by itself.
    """

    event: BaseEvent
    conversation: Conversation
    member: Speaker
    group: Place | None
    capabilities: Capabilities
    role: str | None
    now: int
    """UTC ms, the same through the whole event."""
    workspace: Mapping[str, Any]
    """What every text may use: the settings' language and zone, say."""
    effects: Effects
    writer: Writer
    store: Store
    translate: Callable[[str], str]

    @property
    def text(self) -> str:
        """The message's words, or nothing for other events."""
        return self.event.message.text if isinstance(self.event, MessageReceived) else ""

    def variables(self, **more: Any) -> dict[str, Any]:
        """What texts rendered here can name: member, group, gateway, and ``more``."""
        group = self.group
        return {
            **self.workspace,
            "member": {"name": self.member.name, "account": self.member.account},
            "group": {"name": group.name or group.id, "id": group.id} if group else None,
            "gateway": self.event.gateway,
            **more,
        }

    async def write(self, text: str, step: str = "reply", **variables: Any) -> Message:
        """Render a Jinja text for this member and group.

        Links in it are the member's only in a direct chat: in a group anybody may click them.
        """
        group = self.group.number if self.group else 0
        reader = Reader(step, group, 0 if group else self.member.number)
        return await self.writer.write(text, self.variables(**variables), reader)

    async def reply(self, content: str | Message, **variables: Any) -> None:
        """Answer where the event happened; a str is Jinja text with member, group and gateway."""
        message = await self.write(content, **variables) if isinstance(content, str) else content
        self.send(message, priority="reply")

    async def say(self, text: str, **variables: Any) -> None:
        """Answer with a standard text: English here, translated to the workspace's language."""
        await self.reply(self.translate(text), **variables)

    def send(
        self,
        message: Message,
        to: Conversation | None = None,
        *,
        priority: DeliveryClass = "notice",
        after: float = 0,
        expires: int | None = None,
        name: str = "",
    ) -> None:
        """Queue a message, here or to another conversation, ``after`` seconds from now.

        The class ``welcome`` takes the one welcome a new contact may be sent without a tap.
        By its ``name`` a message can be taken back for two days.
        """
        if priority == "welcome" and (to or self.conversation) == self.direct():
            key = self.effects.keys.welcome_open(self.event.gateway, self.member.number)
            self.effects.do("DEL", key)
        self.effects.deliver(
            Delivery(
                to=to or self.conversation,
                message=message,
                priority=priority,
                due=self.now + int(after * 1000),
                expires=expires,
                source=f"event {self.event.id}",
                member=self.member.number or None,
                name=name,
            )
        )

    def direct(self) -> Conversation:
        """The direct chat with this member."""
        return Conversation(gateway=self.event.gateway, account=self.member.account)

    def later(self, seconds: float, timer: str, data: str = "", key: str = "") -> None:
        """Be called back here with a TimerElapsed after ``seconds``.

        A timer of the same name and ``key`` that is still running is left as it is.
        """
        where = self.conversation.key
        ident = f"timer/{timer}/{len(where)}/{where}/{key or self.event.id}"
        self.effects.timer(
            TimerElapsed(
                id=ident,
                gateway=self.event.gateway,
                at=self.now + int(seconds * 1000),
                account=Account(id="") if self.group else self.event.account,
                group=self.event.group,
                group_name=self.group.name if self.group else "",
                timer=timer,
                data=data,
            )
        )

    def remember(self, name: str, value: str, seconds: float = 600) -> None:
        """Keep a word about this member in this conversation for a while."""
        key = self._memory(name)
        self.effects.do("HSET", key, "value", value)
        self.effects.do("EXPIRE", key, max(1, min(MEMORY, int(seconds))))

    def forget(self, name: str) -> None:
        """Drop what was remembered."""
        self.effects.do("DEL", self._memory(name))

    async def recall(self, name: str) -> str | None:
        """What was remembered, if it still is."""
        return await self.store.text("HGET", self._memory(name), "value")

    def keep(self, attribute: str, value: str) -> None:
        """Keep an attribute of the member; one that cannot be is left, with an entry that says so.

        For values nobody is there to correct: those of scripts and routes.
        """
        try:
            self.member.set(attribute, value)
        except ValueError as error:
            said = Phrase.of(error)
            reason = str(said.values.get("what", said))
            self.note("attribute.refused", reason=reason, text=f"{attribute} = {value}")

    def note(self, what: str, reason: str = "", text: str = "") -> None:
        """Write a journal entry about this member and conversation."""
        record(
            self.effects,
            Entry(
                at=self.now,
                what=what,
                conversation=self.conversation.key,
                member=self.member.number or None,
                source=f"event {self.event.id}",
                reason=reason,
                text=text,
            ),
        )

    def _memory(self, name: str) -> str:
        return self.store.keys.memory(name, f"{self.member.number}/{self.conversation.key}")
