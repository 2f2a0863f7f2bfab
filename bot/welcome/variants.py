"""Variants: which text of a welcome reached whom, who clicked in it, and who stayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.routing.context import Context
from bot.settings.welcome import Script, WelcomeMessage
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.store import Store
from bot.welcome.arrival import Joiner

WEEK = 7 * 86_400
"""Seconds after which somebody has stayed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one variant: numbers of people.

    ``place`` is that of its message. ``clicked``: members and visitors nobody knows who clicked
    one of its links, None where it had none. ``stayed``: of those it reached, who did not leave
    within a week, or have not yet.
    """

    place: str
    name: str
    text: str
    reached: int
    clicked: int | None
    stayed: int


class Variants:
    """Chooses variants and keeps, as facts of members, what came of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reached(
        self, ctx: Context, script: str, place: str, variant: str, joiners: Iterable[Joiner]
    ) -> None:
        """A variant goes to somebody."""
        keys, group = ctx.effects.keys, ctx.group.number if ctx.group else 0
        for joiner in joiners:
            ctx.effects.fact(keys.welcome_variant(script, place, variant), joiner.member)
            ctx.effects.fact(keys.welcome_quit(script), joiner.member, present=False)
            kept = f"{ctx.now} {script}"
            ctx.effects.do("SET", keys.welcome_stay(group, joiner.member), kept, "EX", WEEK)

    async def left(self, ctx: Context) -> None:
        """The member left the group, or ended the direct chat: within a week of a variant?"""
        key = ctx.store.keys.welcome_stay(ctx.group.number if ctx.group else 0, ctx.member.number)
        at, _, script = (await ctx.store.text("GET", key) or "").partition(" ")
        if script and ctx.now - int(at) < WEEK * 1000:
            ctx.effects.fact(ctx.effects.keys.welcome_quit(script), ctx.member.number)
            ctx.effects.do("DEL", key)

    async def results(self, script: Script) -> list[Result]:
        """What came of each variant, message by message; none where there are no variants."""
        texts = [*_texts(script)]
        if not texts:
            return []
        keys = self._store.keys
        steps = [step_of(script.id, place, name) for place, name, _ in texts]
        numbers = await self._store.call("HMGET", keys.link_steps(), *steps)
        known = {step: int(n) for step, n in zip(steps, numbers, strict=True) if n is not None}
        clicked = await self._clicked([*known.values()])
        got = [keys.welcome_variant(script.id, place, name) for place, name, _ in texts]
        quit_ = keys.welcome_quit(script.id)
        facts = await read(self._store, [*got, quit_])
        return [
            Result(
                place=place,
                name=name,
                text=text,
                reached=facts[key].count(),
                clicked=clicked.get(known.get(step, 0)),
                stayed=(facts[key] - facts[quit_]).count(),
            )
            for (place, name, text), step, key in zip(texts, steps, got, strict=True)
        ]

    async def _clicked(self, steps: Sequence[int]) -> dict[int, int]:
        """How many people clicked a link of a step, by its number."""
        if not steps:
            return {}
        keys = self._store.keys
        facts = await read(self._store, [keys.link_clicked(0, f"s{step}") for step in steps])
        fields = [f"{step}:visitors" for step in steps]
        visitors = await self._store.call("HMGET", keys.link_by("step", 0), *fields)
        members: Iterable[Bits] = facts.values()
        return {
            step: some.count() + int(unknown or 0)
            for step, some, unknown in zip(steps, members, visitors, strict=True)
        }


def chosen(script: str, member: int, message: WelcomeMessage) -> str:
    """Which variant a member gets of a script's messages: always the same one."""
    texts = message.texts
    digest = blake2b(f"{script}/{member}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest) % sum(share for _, share in texts.values())
    for name, (_, share) in texts.items():
        if number < share:
            return name
        number -= share
    raise AssertionError("shares are more than nothing")


def place_of(layer: int, number: int) -> str:
    """What a message is called in keys: "2" by default, "1.2" in the first layer.

    ``layer`` is -1 for what is said by default; ``number`` counts from 0.
    """
    return f"{layer + 1}.{number + 1}" if layer >= 0 else str(number + 1)


def step_of(script: str, place: str, variant: str) -> str:
    """What links in a variant belong to."""
    return f"welcome/{script}/{place}{variant}"


def _texts(script: Script) -> Iterator[tuple[str, str, str]]:
    """Place, variant and text of all that is said in variants."""
    said = [(-1, script.messages), *((n, one.messages) for n, one in enumerate(script.layers))]
    for layer, messages in said:
        for number, message in enumerate(messages):
            if message.variants:
                for name, (text, _) in message.texts.items():
                    yield place_of(layer, number), name, text
