"""Hearers: who hears that a streak is about to break, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.checkins.checkins import AtRisk, CheckIns
from bot.checkins.programme import Programme
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Group, Member, Members
from bot.store.store import Store

TOPIC = "check-ins"
"""What members opt out of, and caps count by."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is to hear of it, the first of the programme's groups they are in, and the
    direct chat the bot can write to by itself."""

    risk: AtRisk
    who: Member
    group: Group
    chat: Conversation | None

    @property
    def name(self) -> str:
        """What they are called."""
        who = self.who
        return who.name or next(iter(who.accounts.values()), f"#{who.number}")


class Hearers:
    """Finds them among the members of a programme's groups."""

    def __init__(
        self,
        checkins: CheckIns,
        store: Store,
        members: Members,
        capabilities: Callable[[str], Capabilities],
    ) -> None:
        self._checkins = checkins
        self._store = store
        self._members = members
        self._capabilities = capabilities

    async def groups(self, programme: Programme) -> list[Group]:
        """The groups a programme runs in."""
        found = await self._members.groups()
        return [one for one in found if not one.gone and programme.runs_in(one.conversation)]

    async def of(
        self, programme: Programme, scope: int, least: int
    ) -> tuple[list[Told], dict[Group, list[Told]]]:
        """Those who are written to alone, and the others by the group that names them.

        Who is in none of the programme's groups any more is left out.
        """
        risks = await self._at_risk(programme, scope, least)
        groups = [g for g in await self.groups(programme) if scope in (0, g.number)]
        keys = {self._store.keys.group_present(group.number): group for group in groups}
        present = await read(self._store, [*keys])
        direct: list[Told] = []
        together: dict[Group, list[Told]] = {}
        for start in range(0, len(risks), AT_ONCE):
            some = risks[start : start + AT_ONCE]
            known = {one.number: one for one in await self._members.some([r.member for r in some])}
            for risk in some:
                places = [group for key, group in keys.items() if risk.member in present[key]]
                if risk.member not in known or not places:
                    continue
                who = known[risk.member]
                told = Told(risk, who, places[0], self._chat(who, places[0]))
                if told.chat is not None:
                    direct.append(told)
                elif group := next((one for one in places if self._writes_to(one)), None):
                    together.setdefault(group, []).append(told)
        return direct, together

    async def _at_risk(self, programme: Programme, scope: int, least: int) -> list[AtRisk]:
        """Whose streak ends and who wants to hear of it, by number."""
        found = await self._checkins.about_to_break(programme, scope, least)
        keys = self._store.keys
        off = [keys.tag("opt-out"), keys.tag(f"opt-out:{TOPIC}")]
        unwilling = Bits.union((await read(self._store, off)).values())
        return sorted(
            (one for one in found if one.member not in unwilling), key=lambda one: one.member
        )

    def _writes_to(self, group: Group) -> bool:
        can = self._capabilities(group.conversation.gateway)
        return can.send_group and not can.staff_confirm

    def _chat(self, who: Member, group: Group) -> Conversation | None:
        """The direct chat the bot can write to by itself, first of the gateway of their group."""
        own = group.conversation.gateway
        for gateway in sorted(who.accounts, key=lambda name: (name != own, name)):
            can = self._capabilities(gateway)
            if can.send_direct and not can.staff_confirm:
                return Conversation(gateway=gateway, account=who.accounts[gateway])
        return None
