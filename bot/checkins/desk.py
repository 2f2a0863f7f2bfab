"""The desk: check-ins and make-ups as members ask for them in a chat."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import date

from bot.checkins.days import Days
from bot.checkins.evidence import Evidence, EvidenceRoom, Shown, wanted
from bot.checkins.makeup import NOTHING_MISSED, UNKNOWN, cost, day_named, missed_day, refusal
from bot.checkins.opening import closed, resting
from bot.checkins.programme import Programme
from bot.checkins.programmes import Programmes
from bot.checkins.records import EVERYWHERE, Records
from bot.checkins.refusal import NotNow
from bot.checkins.stages import Award, Stages
from bot.checkins.standing import Reckoning
from bot.checkins.tally import Sheet
from bot.i18n.mark import msgid
from bot.model.conversation import Conversation
from bot.model.event import MessageReceived
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.store.members import Group, Members

PLAUSIBLE = 86_400_000
"""How old, in ms, an event's own time may be to say which day it belongs to."""
MEMORY = "check-in"
"""Under what it is remembered what a member was asked."""
ASKED = 600.0
"""Seconds an answer to which group is waited for."""
BREAKS = 8
"""Ends of words at which a check-in word may end and its evidence begin."""
SHOWS = ("image", "link_card", "file", "video", "mini_program")
"""What a message has that is to show something."""
_BREAK = re.compile(r"[\s:：,，]+")

IN_GROUP = msgid("Check in in your group: say “{{ word }}” there.")
IN_DIRECT = msgid("Check in with me in a direct chat: say “{{ word }}” there.")
NO_GROUP = msgid("{{ member.name }}, you are in no group of “{{ word }}”.")
WHICH = msgid("{{ member.name }}, for which group? Answer with its number.\n{{ groups }}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member's message asks for: to check in, for a group if they said which."""

    programme: Programme
    group: int | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a check-in, or a day that was made up for, came to.

    ``new``: it was recorded now, else it was before. ``rank``: how manyeth in this group that
    day, None when the record is of another group. ``pending``: staff must approve it. ``week``:
    how many days this week has and how many keep it, where weeks are counted.
    """

    new: bool
    day: date
    streak: int
    total: int
    points: int
    rank: int | None
    pending: bool = False
    awards: tuple[Award, ...] = ()
    week: tuple[int, int] | None = None


class Desk:
    """Understands what members say, and records it within the effects of their message."""

    def __init__(
        self,
        programmes: Programmes,
        records: Records,
        evidence: EvidenceRoom,
        stages: Stages,
        members: Members,
    ) -> None:
        self._programmes = programmes
        self._records = records
        self._evidence = evidence
        self._stages = stages
        self._members = members

    # what was said

    def programme_for(self, text: str, group: Conversation | None = None) -> Programme | None:
        """The programme a text checks in to: in a group, or without one anywhere."""
        return self._programmes.vocabulary.find(text, group)

    async def wish(self, ctx: Context) -> Wish | None:
        """What the message asks for: a check-in word, with evidence if there is; or an answer."""
        if not isinstance(ctx.event, MessageReceived):
            return None
        await self._programmes.fresh()
        group, message = ctx.conversation if ctx.group else None, ctx.event.message
        if programme := self.programme_for(ctx.text, group):
            return Wish(programme, shown=Shown.by(message, ""))
        asks = self._programmes.vocabulary.asks
        for end in [*_BREAK.finditer(ctx.text)][:BREAKS] if asks else ():
            programme = self.programme_for(ctx.text[: end.start()], group)
            if programme and programme.settings.evidence:
                return Wish(programme, shown=Shown.by(message, ctx.text[end.end() :]))
        asked = await ctx.recall(MEMORY) if asks else None
        return self._answer(ctx, asked, Shown.by(message, ctx.text)) if asked else None

    async def still_wanted(self, ctx: Context) -> NotNow | None:
        """What to say to a message that was to be evidence and is not enough.

        In a group, where members also talk to each other, only to what is said to the bot, and
        once to something that is shown or, where words are wanted, to words.
        """
        event, vocabulary = ctx.event, self._programmes.vocabulary
        asked = vocabulary.asks and await ctx.recall(MEMORY)
        if not asked or not isinstance(event, MessageReceived):
            return None
        what, name, rest = asked.split("/")
        programme = next((p for p in self._programmes.all if p.name == name), None)
        if programme is None or programme.settings.evidence is None or what == "group":
            return None
        shown, first = Shown.by(event.message, ctx.text), what == "evidence"
        tries = shown.link or any(one.kind in SHOWS for one in event.message.segments)
        tries = tries or programme.settings.evidence.kind == "text"
        if not (event.to_bot or (first and tries)):
            return None
        no = wanted(programme, None, shown)
        return no and replace(no, asks=f"told/{name}/{rest}" if first else "")

    def _answer(self, ctx: Context, asked: str, shown: Shown) -> Wish | None:
        """What a message says to the question before; None when it says nothing to it."""
        what, name, rest = asked.split("/")
        programme = next((p for p in self._programmes.all if p.name == name), None)
        if programme is None:
            return None
        if what == "group":
            choices, said = rest.split(","), fold(ctx.text)
            if not (said.isdecimal() and 1 <= int(said) <= len(choices)):
                return None
            return Wish(programme, int(choices[int(said) - 1]), Shown())
        evidence = programme.settings.evidence
        if evidence is None or not shown.is_enough(evidence):
            return None
        return Wish(programme, int(rest) if rest else None, shown)

    # what is done

    async def check_in(
        self,
        ctx: Context,
        programme: Programme,
        group: int | None = None,
        shown: Shown | None = None,
    ) -> CheckIn | NotNow:
        """Check the member in, once a day; the record is committed together with the reply.

        ``group``: the number of the one they chose, in a direct chat. The day is the one in the
        member's zone when the event happened, unless the gateway's time for it is in the future
        or older than a day.
        """
        place = await self._place(ctx, programme, group)
        if isinstance(place, NotNow):
            return place
        if no := resting(programme, ctx.translate):
            return no
        plausible = 0 <= ctx.now - ctx.event.at <= PLAUSIBLE
        at, scope = ctx.event.at if plausible else ctx.now, programme.scope(place)
        kept = await self._records.read(programme.name, ctx.member.number, scope)
        then, now = Reckoning(programme, kept, at), Reckoning(programme, kept, ctx.now)
        day = then.turn(ctx.now)
        if day in kept.sheet.days:
            self._travel(ctx, then, day)
            rank = await self._records.place(programme.name, day, place, ctx.member.number)
            return self._said(now, day, rank, new=False)
        no = closed(then, ctx.translate) or wanted(programme, group, shown or Shown())
        if no:
            return no
        return await self._record(ctx, then, day, place, shown or Shown())

    async def make_up(
        self, ctx: Context, programme: Programme, words: str = ""
    ) -> CheckIn | NotNow:
        """Make up for the day that ``words`` name, or the latest that was missed."""
        place = await self._place(ctx, programme, None)
        if isinstance(place, NotNow):
            return replace(place, asks="")
        if no := resting(programme, ctx.translate):
            return no
        member, scope = ctx.member.number, programme.scope(place)
        kept = await self._records.read(programme.name, member, scope)
        reckoning = Reckoning(programme, kept, ctx.now)
        try:
            day = day_named(words, reckoning.today) or missed_day(reckoning)
        except ValueError:
            return NotNow(UNKNOWN)
        no = refusal(reckoning, day) if day else NotNow(NOTHING_MISSED)
        if day is None or no:
            return no or NotNow(NOTHING_MISSED)
        self._records.make_up(ctx.effects, programme.name, day, member, place, kept, scope)
        if programme.settings.make_up and programme.settings.make_up.cost:
            paid = cost(programme, day, ctx.now)
            kept = self._records.enter(ctx.effects, programme.name, member, scope, kept, paid)
        ctx.note("checkin.made_up", text=f"{programme.name} {day}")
        sheet = kept.sheet
        made = Sheet(sheet.days | Days.of(day), sheet.made_up | Days.of(day), sheet.excused)
        reckoning = replace(reckoning, kept=replace(kept, sheet=made))
        awards, kept = await self._stages.award(ctx, reckoning, scope)
        done = self._said(replace(reckoning, kept=kept), day, None)
        return replace(done, awards=awards)

    async def places(self, programme: Programme, member: int) -> list[Group]:
        """The groups of a programme that a member is in."""
        groups = [g for g in await self._members.groups() if programme.runs_in(g.conversation)]
        there = await asyncio.gather(*(self._records.is_in(g.number, member) for g in groups))
        return [group for group, is_there in zip(groups, there, strict=True) if is_there]

    # inside

    async def _place(self, ctx: Context, programme: Programme, chosen: int | None) -> int | NotNow:
        """The number of the group it is for, EVERYWHERE for none, or why it cannot be."""
        where, word = programme.settings.where, {"word": programme.word}
        if ctx.group is not None:
            return NotNow(IN_DIRECT, word) if where == "direct" else ctx.group.number
        if where == "group":
            return NotNow(IN_GROUP, word)
        places = await self.places(programme, ctx.member.number)
        if not places:
            return NotNow(NO_GROUP, word)
        numbers = [group.number for group in places]
        if programme.settings.count == "everywhere":
            return EVERYWHERE
        if chosen in numbers or len(numbers) == 1:
            return chosen if chosen in numbers and chosen is not None else numbers[0]
        lines = [f"{n}. {g.name or g.conversation.group}" for n, g in enumerate(places, 1)]
        asked = f"group/{programme.name}/{','.join(map(str, numbers))}"
        return NotNow(WHICH, {"groups": "\n".join(lines)}, asked, ASKED)

    async def _record(
        self, ctx: Context, then: Reckoning, day: date, place: int, shown: Shown
    ) -> CheckIn:
        programme, kept, effects = then.programme, then.kept, ctx.effects
        name, member, scope = programme.name, ctx.member.number, programme.scope(place)
        rank = await self._records.next_place(name, day, place) if place else None
        self._records.add(effects, name, day, member, place, rank, scope)
        after = replace(then.come(day), now=ctx.now)
        forgiven = after.kept.sheet.excused - kept.sheet.excused
        if forgiven.total:
            self._records.excuse(effects, name, forgiven, member, scope)
        self._travel(ctx, then, day)
        pending = self._keep(ctx, programme, day, scope, shown)
        effects.heard("check-in", member, place, ctx.now)
        ctx.note("checkin.recorded", text=f"{name} {day}")
        if self._programmes.vocabulary.asks:
            ctx.forget(MEMORY)
        awards, kept = await self._stages.award(ctx, after, scope)
        done = self._said(replace(after, kept=kept), day, rank if ctx.group else None)
        return replace(done, pending=pending, awards=awards)

    def _travel(self, ctx: Context, then: Reckoning, day: date) -> None:
        """Keep the zone the latest day ends in: who lives it twice has it till its second end."""
        zone = then.come(day).kept.zone
        if zone != then.kept.zone:
            self._records.travelled(ctx.effects, then.programme.name, ctx.member.number, zone)

    def _keep(
        self, ctx: Context, programme: Programme, day: date, scope: int, shown: Shown
    ) -> bool:
        """Keep what was shown, if the programme asks; whether it waits for approval."""
        settings = programme.settings.evidence
        if settings is None:
            return False
        evidence = Evidence(
            programme=programme.name,
            member=ctx.member.number,
            group=scope,
            day=day,
            at=ctx.now,
            conversation=ctx.conversation.key,
            state="pending" if settings.approval else "kept",
            **shown.model_dump(),
        )
        self._evidence.keep(ctx.effects, evidence, settings.keep)
        return settings.approval

    def _said(
        self, reckoning: Reckoning, day: date, rank: int | None, *, new: bool = True
    ) -> CheckIn:
        standing = reckoning.standing
        week = reckoning.week(day)
        return CheckIn(new, day, standing.streak, standing.total, standing.points, rank, week=week)
