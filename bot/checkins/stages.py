"""Stages: what is given once to each member who reaches a streak or a total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.checkins.certificate import Achieved
from bot.checkins.ledger import Entry
from bot.checkins.programme import Programme
from bot.checkins.records import Kept, Records
from bot.checkins.standing import Reckoning, Standing
from bot.i18n.mark import msgid
from bot.routing.context import Context
from bot.settings.checkins import StageSettings
from bot.store.bits import Bits
from bot.store.facts import Facts, read
from bot.store.store import Store

COMPLETE = "complete"
REACHED = msgid(
    "🎁 {{ member.name }}, you reached "
    "{% if of == 'total' %}a total{% else %}a streak{% endif %} of {{ at }}"
    "{% if reward %}: {{ reward }}{% endif %}"
    "{% if points %} (+{{ points }} points){% endif %}!"
)
COMPLETED = msgid("🎉 {{ member.name }}, you completed it: {{ at }} check-ins. Congratulations!")
NONE_LEFT = msgid(
    "{{ member.name }}, you reached {% if of == 'total' %}a total{% else %}a streak{% endif %}"
    " of {{ at }}! All of {{ reward }} are given already."
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage with the name its claims are kept under."""

    name: str
    settings: StageSettings

    def reached(self, standing: Standing) -> int:
        """What a member has of what it asks for."""
        return standing.streak if self.settings.of == "streak" else standing.total


@dataclass(frozen=True, slots=True)
class Award:
    """A stage a member reached; not ``given``: nothing of it was left.

    ``text`` is Jinja2 of the manager, or a standard text to be translated.
    """

    stage: Stage
    given: bool
    text: str
    standard: bool

    @property
    def certificate(self) -> Achieved | None:
        """What a certificate is given for, if one is."""
        if not (self.given and self.stage.settings.certificate):
            return None
        return "complete" if self.stage.name == COMPLETE else self.stage.settings.of

    @property
    def variables(self) -> dict[str, Any]:
        """What its text can name."""
        one = self.stage.settings
        return {"at": one.at, "of": one.of, "reward": one.reward, "points": one.points}


def stages_of(programme: Programme) -> list[Stage]:
    """A programme's stages, completion last."""
    settings = programme.settings
    found = [Stage(f"{one.of}-{one.at}", one) for one in settings.stages]
    if settings.complete:
        end = StageSettings(at=settings.complete, of="total", certificate=settings.certificate)
        found.append(Stage(COMPLETE, end))
    return found


class Stages:
    """Gives stages within the effects of the check-in that reached them.

    Members keep what they were given when a day is taken away later, and are never given it twice.
    """

    def __init__(self, store: Store, facts: Facts, records: Records) -> None:
        self._store = store
        self._facts = facts
        self._records = records

    async def award(
        self, ctx: Context, reckoning: Reckoning, scope: int
    ) -> tuple[tuple[Award, ...], Kept]:
        """Give what the standing reached and was not given yet; also what is then kept.

        ``reckoning`` has the new day.
        """
        programme, kept = reckoning.programme, reckoning.kept
        stages, found = stages_of(programme), list[Award]()
        standing = reckoning.standing if stages else None
        for stage in stages:
            if standing is None or stage.reached(standing) < stage.settings.at:
                continue
            given, kept = await self._give(ctx, programme, stage, scope, kept)
            # None: it was given before. What has run out is told once, when it is reached.
            if given or (given is False and stage.reached(standing) == stage.settings.at):
                found.append(_award(stage, given))
        return tuple(found), kept

    async def given(self, programme: Programme, scope: int = 0) -> dict[str, int]:
        """How many members were given each stage, by its name."""
        return {
            stage.name: await self._facts.count(self._key(programme, scope, stage))
            for stage in stages_of(programme)
        }

    async def who(self, programme: Programme, scope: int, stage: Stage) -> Bits:
        """Who was given a stage."""
        key = self._key(programme, scope, stage)
        return (await read(self._store, [key]))[key]

    async def left(self, programme: Programme, stage: Stage) -> int | None:
        """How many are left of a stage's stock; None: any number."""
        if stage.settings.stock is None:
            return None
        return max(0, stage.settings.stock - int(await self._used(programme, stage) or 0))

    async def _give(
        self, ctx: Context, programme: Programme, stage: Stage, scope: int, kept: Kept
    ) -> tuple[bool | None, Kept]:
        """Whether it is given; False when none is left, None when it was given before."""
        key, member, one = self._key(programme, scope, stage), ctx.member.number, stage.settings
        if await self._facts.has(key, member):
            return None, kept
        if one.stock is not None:
            used = await self._used(programme, stage)
            if int(used or 0) >= one.stock:
                return False, kept
            given = self._store.keys.checkin_given(programme.name)
            ctx.effects.guard(used, "HGET", given, stage.name)
            ctx.effects.do("HINCRBY", given, stage.name, 1)
        ctx.effects.guard(0, "fact?", key, member)
        ctx.effects.fact(key, member)
        for tag in one.tags:
            ctx.member.tag(tag)
        if one.points or one.reward:
            entry = Entry(what="stage", points=one.points, at=ctx.now, reason=one.reward)
            kept = self._records.enter(ctx.effects, programme.name, member, scope, kept, entry)
        ctx.note("checkin.stage", text=f"{programme.name} {stage.name}")
        return True, kept

    async def _used(self, programme: Programme, stage: Stage) -> str:
        given = self._store.keys.checkin_given(programme.name)
        return await self._store.text("HGET", given, stage.name) or ""

    def _key(self, programme: Programme, scope: int, stage: Stage) -> str:
        return self._store.keys.checkin_stage(programme.name, scope, stage.name)


def _award(stage: Stage, given: bool) -> Award:
    if not given:
        return Award(stage, given, NONE_LEFT, True)
    own = stage.settings.text
    standard = COMPLETED if stage.name == COMPLETE else REACHED
    return Award(stage, given, own or standard, own is None)
