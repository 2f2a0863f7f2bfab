"""A town for SOP tests: groups, members, and a gateway that takes what the outbox gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.audience.algebra import Algebra
from bot.audience.segments import Segments
from bot.audience.sources import store_sources
from bot.clock import Days
from bot.delivery.journal import Journal
from bot.delivery.outbox import Outbox, Taken
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery
from bot.routing.template import Templates
from bot.routing.writer import Reader, Writer
from bot.settings.rooms import DeliverySettings, SopSettings
from bot.sop.engine.planner import Planner
from bot.sop.engine.stepped import Stepped
from bot.sop.means import Invitation, Means
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.sop.templates.library import Library
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock

HOUR = 3600.0
DAY = 24 * HOUR
FOLDER = Path(__file__).parents[2] / "sop_templates"


async def _link(reader: Reader, url: str) -> str:
    if "?mine" in url:
        return f"https://bot.example/l/{reader.group}-{reader.member}"
    return f"https://bot.example/l/{url[-3:]}"


async def _figures(reader: Reader, about: str = "all", *_: object) -> str:
    return f"{about}: 1"


FIGURES = dict.fromkeys(("figures", "top", "chart"), _figures)
"""What texts are told of figures where nothing is counted."""


class Town:
    """Groups and members, written as events would."""

    def __init__(self, store: Store, clock: TestClock, folder: Path) -> None:
        self.store, self.clock, self.folder = store, clock, folder
        self.members, self.facts, self.bell = Members(store), Facts(store), Bell()
        self.outbox = Outbox(store, self.bell)
        self.journal = Journal(store)
        self.can: dict[str, Capabilities] = {}
        self.settings = DeliverySettings(quiet_hours=None, daily_cap=None)
        self.sop_settings = SopSettings(lock=0.0)
        self.timezone = "Asia/Shanghai"
        self.sops = self.room()
        self.planner = Planner(self.sops)
        self.sent: list[Delivery] = []

    def room(self) -> Sops:
        """The SOP room as one node has it."""
        templates = Templates()
        writer = Writer(templates, {"link": _link, **FIGURES})
        library = Library(self.folder, templates, writer.names)
        segments, days = Segments(self.store), Days(self.timezone)
        sources = store_sources(self.store, self.members, days, ("sandbox",), ("opt-out",))
        algebra = Algebra(self.store, self.members, segments, [*sources, Stepped(self.store)])
        return Sops(
            Means(
                store=self.store,
                members=self.members,
                facts=self.facts,
                bell=self.bell,
                templates=templates,
                writer=writer,
                library=library,
                capabilities=lambda gateway: self.can.get(gateway, Capabilities()),
                algebra=algebra,
                invite=self.invite,
                delivery=self.settings,
                settings=self.sop_settings,
                timezone=self.timezone,
                language="zh",
                workspace={},
            )
        )

    async def invite(
        self, route: str, member: int, to: Conversation | None = None, source: str = ""
    ) -> Invitation:
        """What the routes room would say."""
        text, variables = "去{{ target.name }}", {"target": {"name": route}}
        return Invitation("full") if route == "full" else Invitation("open", text, variables)

    def change(self, **settings: Any) -> None:
        """Other delivery settings or conditions from here on."""
        self.settings = DeliverySettings(**{"quiet_hours": None, "daily_cap": None, **settings})
        self.sops = self.room()
        self.planner = Planner(self.sops)

    def template(self, name: str, text: str) -> str:
        """Write a template file."""
        (self.folder / f"{name}.toml").write_text(text, encoding="utf-8")
        return name

    async def group(self, name: str, gateway: str = "sandbox") -> int:
        where = Conversation(gateway=gateway, group=name)
        return await self.members.group_number(where, name)

    async def join(self, member: str, group: str = "tea", gateway: str = "sandbox") -> int:
        """A member comes into a group now."""
        place = await self.group(group, gateway)
        number = await self.members.number(gateway, Account(id=member, name=member))
        effects = Effects(self.store.keys)
        effects.fact(self.store.keys.group_present(place), number)
        effects.do("ZADD", self.store.keys.group_joined(place), self.clock.now(), number)
        assert await self.store.apply(effects)
        return number

    async def leave(self, number: int, group: str = "tea") -> None:
        place = await self.group(group)
        effects = Effects(self.store.keys)
        effects.fact(self.store.keys.group_present(place), number, present=False)
        effects.do("ZREM", self.store.keys.group_joined(place), number)
        assert await self.store.apply(effects)

    async def set(self, number: int, attribute: str, value: str) -> None:
        effects = Effects(self.store.keys)
        effects.attribute(number, attribute, value)
        assert await self.store.apply(effects)

    async def tag(self, number: int, tag: str) -> None:
        effects = Effects(self.store.keys)
        effects.tag(tag, number, self.clock.now())
        assert await self.store.apply(effects)

    async def start(self, template: str, audience: str = "all-groups", **parameters: object) -> Sop:
        return await self.sops.start(template, audience, "小王", parameters)

    async def tick(self) -> None:
        """Look until nothing more is due, with a gateway that takes all."""
        while await self.planner.tick():
            await self.deliver()

    async def pass_by(self, seconds: float, step: float = 300.0) -> None:
        """Let time pass with bot and gateway running."""
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            seconds -= step
            await self.tick()
            await self.deliver()

    async def deliver(self) -> None:
        """Send what the outbox gives, as the sender would; ``sent`` collects it."""
        for gateway in {"sandbox", *self.can}:
            while taken := (await self.outbox.take(gateway, "node:1", 500, None, None))[0]:
                for one in taken:
                    await self._send(one)

    async def _send(self, one: Taken) -> None:
        if one.verdict == "send":
            await self.outbox.finish(one, "sent")
            self.sent.append(one.delivery)
        elif one.verdict == "capped":
            await self.outbox.finish(one, "skipped", "frequency cap")
        elif changed := await self.sops.windows.window(one.delivery):
            await self.outbox.finish(one, "later", "", due=changed.due, changed=changed)
        else:
            await self.outbox.finish(one, "skipped", "too late")

    async def texts(self) -> list[str]:
        """What members and groups have read since the last call."""
        await self.deliver()
        said, self.sent = [delivery.message.summary for delivery in self.sent], []
        return said

    async def outcome(self, sop: Sop) -> dict[str, int]:
        """All rows of a SOP by outcome, over its runs."""
        total: dict[str, int] = {}
        for run in await self.sops.results.runs(sop.id, 0, 1000):
            counts: Mapping[str, int] = {
                "planned": run.planned,
                "sent": run.sent,
                "task": run.task,
                "deferred": run.deferred,
                "waiting": run.waiting,
                "missed runs": int(run.missed),
                **run.skipped,
            }
            for name, number in counts.items():
                total[name] = total.get(name, 0) + number
        return {name: number for name, number in total.items() if number}
