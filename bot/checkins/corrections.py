"""Corrections: staff add, take away, excuse and judge days, with a reason and on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from bot.checkins.days import Days, offset
from bot.checkins.evidence import Evidence, EvidenceRoom
from bot.checkins.ledger import Entry, What
from bot.checkins.points import TRIES
from bot.checkins.programme import Programme
from bot.checkins.records import Kept, Records
from bot.checkins.standing import Reckoning
from bot.clock import Clock
from bot.delivery.journal import Entry as Note
from bot.delivery.journal import record
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

REFUSED = msgid("{name}, your check-in of {day} to “{title}” was not accepted: {reason}")
REFUSED_HERE = msgid("{name}, your check-in of {day} was not accepted. “my points” tells you why.")
"""What is said before others."""
TO_COME = msgid("{day} is still to come")
TOO_EARLY = msgid("{day} is before {first}, the programme's first day")
TOO_LATE = msgid("{day} is after {last}, the programme's last day")


class Corrections:
    """Changes records; everything that follows from them is reckoned anew by itself.

    What is taken away leaves an entry without points in the ledger, so the member can read why
    and nobody spends points that are just being lost.
    """

    def __init__(
        self,
        store: Store,
        records: Records,
        evidence: EvidenceRoom,
        members: Members,
        clock: Clock,
        translate: Callable[[str], str],
        capabilities: Callable[[str], Capabilities],
    ) -> None:
        self._store = store
        self._records = records
        self._evidence = evidence
        self._members = members
        self._clock = clock
        self._translate = translate
        self._capabilities = capabilities

    async def correct(
        self,
        programme: Programme,
        member: int,
        day: date,
        done: bool,
        by: str,
        reason: str,
        scope: int = 0,
    ) -> bool:
        """Add or take away a day; False when it already was so.

        Raises ValueError without a reason, and for a day that is to come or not the programme's.
        """
        _counts(programme, day)
        for _ in range(TRIES):
            kept = await self._readable(programme, member, day, scope, reason)
            if (day in kept.sheet.days) == done:
                return False
            effects = Effects(self._store.keys)
            name = programme.name
            if done:
                self._records.add(effects, name, day, member, scope, scope=scope)
            else:
                await self._take(effects, programme, member, day, scope)
            self._enter(effects, programme, member, day, scope, kept, "correction", by, reason)
            self._tell(effects, "checkin.corrected", programme, member, day, done, by, reason)
            if await self._store.apply(effects):
                return True
        raise RuntimeError("the records kept changing")

    async def excuse(
        self, programme: Programme, member: int, day: date, by: str, reason: str, scope: int = 0
    ) -> bool:
        """Let the member's streak hold over a day they miss, today and before; False if it does.

        Raises ValueError as ``correct`` does.
        """
        _counts(programme, day)
        kept = await self._readable(programme, member, day, scope, reason)
        if day in kept.sheet.excused:
            return False
        effects = Effects(self._store.keys)
        self._records.excuse(effects, programme.name, Days.of(day), member, scope)
        self._tell(effects, "checkin.excused", programme, member, day, True, by, reason)
        return await self._store.apply(effects)

    async def approve(self, evidence: Evidence, by: str) -> bool:
        """Take a check-in whose evidence waits; False when it no longer does."""
        effects = Effects(self._store.keys)
        now = self._clock.now()
        update = {"state": "approved", "by": by, "judged": now}
        self._evidence.judge(effects, evidence.model_copy(update=update))
        return await self._store.apply(effects)

    async def refuse(self, programme: Programme, evidence: Evidence, by: str, reason: str) -> bool:
        """Take a check-in whose evidence waits away again; False when it no longer waits.

        The member is told why, between the two of them where the gateway can.
        Raises ValueError without a reason.
        """
        member, day, scope = evidence.member, evidence.day, evidence.group
        for _ in range(TRIES):
            kept = await self._readable(programme, member, day, scope, reason)
            if await self._evidence.waiting(evidence.key) is None:
                return False
            effects = Effects(self._store.keys)
            now = self._clock.now()
            update = {"state": "refused", "by": by, "reason": reason, "judged": now}
            self._evidence.judge(effects, evidence.model_copy(update=update))
            if day in kept.sheet.days:
                await self._take(effects, programme, member, day, scope)
            self._enter(effects, programme, member, day, scope, kept, "refused", by, reason)
            self._tell(effects, "checkin.refused", programme, member, day, False, by, reason)
            if evidence.conversation:
                effects.deliver(await self._answer(programme, evidence, reason, now))
            if await self._store.apply(effects):
                return True
        raise RuntimeError("the records kept changing")

    async def _answer(
        self, programme: Programme, evidence: Evidence, reason: str, now: int
    ) -> Delivery:
        """What the member is told: the reason alone with them, in a group only that there is one.

        A direct message that does not leave is followed by the one in the group.
        """
        member = await self._members.member(evidence.member)
        where = Conversation.parse(evidence.conversation)
        account = member.accounts.get(where.gateway) if member else None
        about = {
            "name": member.name if member else "",
            "day": evidence.day,
            "title": programme.title(self._translate),
            "reason": reason,
        }

        def says(text: str, to: Conversation, instead: Delivery | None = None) -> Delivery:
            return Delivery(
                to=to,
                message=Message.of(self._translate(text).format(**about)),
                priority="notice",
                due=now,
                source=f"check-in {evidence.programme}",
                member=evidence.member,
                instead=instead,
            )

        if where.group is None:
            return says(REFUSED, where)
        here = says(REFUSED_HERE, where)
        if account is None or not self._capabilities(where.gateway).send_direct:
            return here
        return says(REFUSED, Conversation(gateway=where.gateway, account=account), here)

    async def _readable(
        self, programme: Programme, member: int, day: date, scope: int, reason: str
    ) -> Kept:
        if not reason.strip():
            raise ValueError("a correction needs a reason")
        offset(day)
        kept = await self._records.read(programme.name, member, scope)
        if day > Reckoning(programme, kept, self._clock.now()).today:
            raise ValueError(Phrase(TO_COME, day=day))
        return kept

    async def _take(
        self, effects: Effects, programme: Programme, member: int, day: date, scope: int
    ) -> None:
        groups = [
            g.number for g in await self._members.groups() if programme.runs_in(g.conversation)
        ]
        await self._records.take(effects, programme.name, day, member, groups, scope)

    def _enter(
        self,
        effects: Effects,
        programme: Programme,
        member: int,
        day: date,
        scope: int,
        kept: Kept,
        what: What,
        by: str,
        reason: str,
    ) -> None:
        entry = Entry(what=what, points=0, at=self._clock.now(), day=day, by=by, reason=reason)
        self._records.enter(effects, programme.name, member, scope, kept, entry)

    def _tell(
        self,
        effects: Effects,
        what: str,
        programme: Programme,
        member: int,
        day: date,
        done: bool,
        by: str,
        reason: str,
    ) -> None:
        now = self._clock.now()
        after = {"day": day.isoformat(), "done": done, "reason": reason}
        on = f"{programme.name} member {member}"
        audit(effects, Change(at=now, who=by, what=what, on=on, after=after))
        text = f"{programme.name} {day}"
        record(effects, Note(at=now, what=what, member=member, source=by, reason=reason, text=text))


def _counts(programme: Programme, day: date) -> None:
    """Raises ValueError for a day before the campaign's first or after its last."""
    since, until = programme.settings.since, programme.settings.until
    if since and day < since:
        raise ValueError(Phrase(TOO_EARLY, day=day, first=since))
    if until and day > until:
        raise ValueError(Phrase(TOO_LATE, day=day, last=until))
