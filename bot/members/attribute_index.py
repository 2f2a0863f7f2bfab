"""The index of attributes: members by the values of declared ones, kept complete."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import ascii_lowercase, ascii_uppercase

from bot.members.attributes import SIGNS, Attribute, WrongAttribute, kept_attribute, plain_phone
from bot.model.dates import month_day, whole_day
from bot.store.effects import Effects
from bot.store.store import Store, as_text

STEP = 500
"""Members of before that are put in, in one step."""
GONE = "gone"
"""Instead of an index: it is taken down."""


@dataclass(frozen=True, slots=True)
class State:
    """How far an index is: the last number done, None when it is complete.

    ``over`` are the indexes a former declaration had, which are taken down on the way.
    """

    index: str
    at: int | None = 0
    over: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> State:
        """Read what the store keeps; lib_effects.lua goes by it too."""
        index, at, *over = text.split(" ")
        return cls(index, None if at == "-" else int(at), tuple(over))

    def __str__(self) -> str:
        return " ".join((self.index, "-" if self.at is None else str(self.at), *self.over))

    def turned(self, index: str) -> State:
        """The beginning of another index in its place."""
        over = dict.fromkeys((*self.over, self.index))
        return State(index, 0, tuple(one for one in over if one not in (index, GONE)))


class AttributeIndex:
    """Follows what is declared, and says under which fact a value is found.

    Whoever is changed is put in by the change itself (lib_effects.lua). Members of before are put
    in by steps of any node, each of which goes on where the last one ended.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def tick(self) -> None:
        """Begin what is to be kept, and complete it; to be called every few seconds."""
        await self.begin()
        while await self.step():
            pass

    async def begin(self) -> None:
        """Begin the indexes that what is declared asks for; raises StoreError."""
        key = self._keys.attributes_index()
        bodies, kept = await asyncio.gather(
            self._store.table("HGETALL", self._keys.attributes()),
            self._store.table("HGETALL", key),
        )
        wanted = dict.fromkeys(kept, GONE)
        for name, body in bodies.items():
            if (one := kept_attribute(body)) and not set(SIGNS) & {*name}:
                wanted[name] = one.index
        for name, index in wanted.items():
            before = kept.get(name, "")
            state = State.parse(before) if before else None
            if state is None or state.index != index:
                effects = Effects(self._keys)
                effects.guard(before, "HGET", key, name)
                effects.do("HSET", key, name, str(state.turned(index) if state else State(index)))
                await self._store.apply(effects)

    async def step(self) -> bool:
        """Put some members of before into every index that is not complete; False: all are."""
        open_ = {n: s for n, s in (await self._states()).items() if State.parse(s).at is not None}
        for name, text in open_.items():
            await self._more(name, State.parse(text))
        return bool(open_)

    async def left(self) -> Mapping[str, int]:
        """Of each index that is not complete, up to which number it is."""
        states = {name: State.parse(text) for name, text in (await self._states()).items()}
        return {name: one.at for name, one in states.items() if one.at is not None}

    async def last(self) -> int:
        """The last member's number."""
        return int(await self._store.text("GET", self._keys.member_seq()) or 0)

    async def find(self, name: str) -> tuple[Attribute | None, bool]:
        """An attribute as it is declared now, and whether its index is complete."""
        body, text = await asyncio.gather(
            self._store.text("HGET", self._keys.attributes(), name),
            self._store.text("HGET", self._keys.attributes_index(), name),
        )
        one = kept_attribute(body) if body else None
        state = State.parse(text) if text else None
        ready = bool(one and state and state.index == one.index and state.at is None)
        return one, ready

    async def fact(self, name: str, value: str) -> str:
        """The key of the fact of those with a value, as somebody types it; '' for no such fact.

        The beginning of one value of a list stands for it.
        """
        one, ready = await self.find(name)
        if one is None or not ready or one.index not in ("value", "yes-no", "phone"):
            return ""
        begun = [c for c in one.choices if c.casefold().startswith(value.casefold())]
        try:
            read = one.read(begun[0] if len(begun) == 1 else value)
        except WrongAttribute:
            return ""
        return self._keys.attribute_is(name, word(one.index, read)) if read else ""

    async def phones(self) -> bool:
        """Whether members are found by the attribute ``phone``."""
        one, ready = await self.find("phone")
        return one is not None and one.index == "phone" and ready

    async def again(self) -> None:
        """Have everybody looked at once more, after members came that no change put in."""
        key = self._keys.attributes_index()
        for name, text in (await self._states()).items():
            effects = Effects(self._keys)
            effects.guard(text, "HGET", key, name)
            effects.do("HSET", key, name, str(replace(State.parse(text), at=0)))
            await self._store.apply(effects)

    # inside

    async def _states(self) -> dict[str, str]:
        return await self._store.table("HGETALL", self._keys.attributes_index())

    async def _more(self, name: str, state: State) -> None:
        """Put the next members in."""
        last = await self.last()
        at = state.at or 0
        numbers = range(at + 1, min(last, at + STEP) + 1)
        field = f"attribute:{name}"
        asked = (self._store.ask("HGET", self._keys.member(n), field) for n in numbers)
        rows = list[object]()
        for number, raw in zip(numbers, await asyncio.gather(*asked), strict=True):
            if raw:
                value = as_text(raw)
                scores = (month_day(value), whole_day(value))
                rows += [number, raw, *("" if one is None else one for one in scores)]
        done = at + len(numbers) >= last
        after = State(state.index, None) if done else State(state.index, numbers[-1], state.over)
        kept = "" if done and state.index == GONE else str(after)
        key = self._keys.attributes_index()
        args = [self._store.prefix, name, str(state), kept, *rows]
        await self._store.run("attribute_index", [key], args)


def word(index: str, value: str) -> str:
    """What a value that was read is found by, as lib_effects.lua has it."""
    return plain_phone(value) if index == "phone" else value.translate(_SMALL)


_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
