"""Trials: what somebody would get from the welcome scripts, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from bot.clock import Clock, millis
from bot.console.page import Page
from bot.console.pages.welcome_form import KINDS
from bot.console.words import Words
from bot.gateways.look import Look, look
from bot.i18n.duration import duration
from bot.model.capabilities import Capabilities
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.settings.welcome import Coming, Script
from bot.store.members import Members
from bot.welcome.arrival import Arrival
from bot.welcome.specimen import Part, Specimens
from bot.welcome.welcomes import Explanation, Welcomes

SOMEBODY = {"zh": "小明", "en": "Ada"}
Gateways = Callable[[], Mapping[str, Capabilities]]
"""What each gateway can do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One message of a preview: when and where it comes, and each variant's look."""

    when: str
    to: str
    looks: Sequence[tuple[str, Look | Phrase]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What somebody would get: whom it is tried with, what is said, and why."""

    arrival: Arrival
    name: str
    at: str
    told: Explanation
    shown: Sequence[Shown]
    asked: bool = False
    """The first is what they are asked before they are welcomed."""


class Trials:
    """Tries scripts with somebody made up; nothing is kept."""

    def __init__(
        self,
        room: Welcomes,
        specimens: Specimens,
        members: Members,
        clock: Clock,
        gateways: Gateways,
        zone: str,
    ) -> None:
        self._room = room
        self._specimens = specimens
        self._members = members
        self._clock = clock
        self._gateways = gateways
        self._zone = ZoneInfo(zone)

    async def of(self, page: Page, said: Mapping[str, str], draft: Script | None = None) -> Trial:
        """What somebody would get; of a draft, as if it were kept."""
        gateways, when = self._gateways(), draft.when if draft else None
        first = (*when.gateways, *(ref.partition("/")[0] for ref in when.groups)) if when else ()
        gateway = _one(said, "try.gateway", [one for one in first if one in gateways] or gateways)
        kind = _one(said, "try.kind", when.kinds if when else KINDS)
        groups = {ref: n for ref, n in (await self.groups()).items() if _at(ref, gateway)}
        wanted = [ref for ref in groups if when and {ref, ref.partition("/")[2]} & {*when.groups}]
        group = _one(said, "try.group", wanted or [*groups]) if kind == "group" else ""
        arrival = Arrival(
            kind=_kind(kind),
            gateway=gateway,
            group=group.partition("/")[2] if "/" in group else group,
            staff=(_one(said, "try.staff", when.staff if when else ()),),
            code=_one(said, "try.code", when.codes if when else ()),
        )
        at = said.get("try.at", "") or self.now()
        try:
            moment = millis(datetime.fromisoformat(at).replace(tzinfo=self._zone))
        except ValueError:
            at, moment = self.now(), self._clock.now()
        name = said.get("try.name", "").strip()[:100] or SOMEBODY.get(page.language, "Ada")
        told = await self._room.explain(arrival, name, moment, draft)
        parts: list[Part] = []
        script, can = draft or told.script, gateways.get(gateway, Capabilities())
        gate = script.gate if script and kind == "group" and not can.staff_confirm else None
        if script is not None:
            spoken = self._room.spoken(script, moment)
            after = script.window if kind == "group" else 0.0
            place = groups.get(group, group) if kind == "group" else ""
            parts = await self._specimens.parts(spoken.messages, name, place, gateway, after)
            if gate is not None:
                say = page.words.say
                parts.insert(0, await self._specimens.asked(gate, name, place, gateway, can, say))
        shown = [_shown(page.words, one, can) for one in parts]
        return Trial(arrival, name, at, told, shown, asked=gate is not None)

    async def groups(self) -> dict[str, str]:
        """Groups by "gateway/id", and what they are called."""
        return {
            f"{one.conversation.gateway}/{one.conversation.group}": one.name
            or str(one.conversation.group)
            for one in await self._members.groups()
            if not one.gone
        }

    def now(self) -> str:
        """This minute, as a field for it has it."""
        now = datetime.fromtimestamp(self._clock.now() / 1000, self._zone)
        return now.strftime("%Y-%m-%dT%H:%M")


def _kind(said: str) -> Coming:
    return next((kind for kind in get_args(Coming) if kind == said), "group")


def _one(said: Mapping[str, str], field: str, usual: Any) -> str:
    """What a field says, else the first of what is usual."""
    return (said.get(field) or next(iter(usual), "")).strip()[:200]


def _at(ref: str, gateway: str) -> bool:
    return ref.partition("/")[0] == gateway


def _shown(words: Words, part: Part, can: Capabilities) -> Shown:
    total = sum(part.shares.values())
    looks = []
    for name, written in part.variants.items():
        share = (
            f"{name} · {round(100 * part.shares[name] / total)} %" if len(part.variants) > 1 else ""
        )
        looks.append((share, look(written, can) if isinstance(written, Message) else written))
    return Shown(words.say(duration(part.at)), part.to, looks)
