"""Random histories of tags, beside a plain model."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.address import unix
from bot.store.bits import Bits
from bot.store.store import Store
from bot.tags.tag import Tag
from bot.testing.clock import TestClock
from tests.tags.conftest import Town

TAGS = ("gold", "silver", "guest")
GROUPS = {"gold": "rank", "silver": "rank"}
LASTS = {"silver": 5_000, "guest": 3_000}
PEOPLE = 2
HAVE = tuple[str, int]


@dataclass
class Applied:
    """What an application did to members, as long as nobody touched them."""

    tag: str
    gives: bool
    changed: dict[int, dict[str, int | None]] = field(default_factory=dict)


@dataclass
class Model:
    """Who has what, till when (None: for ever); and what can be undone."""

    now: int = 0
    has: dict[HAVE, int | None] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)

    def touch(self, tag: str, member: int) -> None:
        for one in self.applied:
            if one.tag == tag or (one.gives and tag in rivals(one.tag)):
                one.changed.pop(member, None)

    def give(self, tag: str, member: int, lasts: int | None = None) -> dict[str, int | None] | None:
        """The rivals it took, with their ends; None when they have it."""
        if (tag, member) in self.has:
            end = self.has[tag, member]
            if lasts is not None:
                self.has[tag, member] = self.now + lasts if lasts else None
            elif end is not None and tag in LASTS:
                self.has[tag, member] = max(end, self.now + LASTS[tag])
            return None
        length = LASTS.get(tag, 0) if lasts is None else lasts
        self.touch(tag, member)
        self.has[tag, member] = self.now + length if length else None
        took = {}
        for rival in rivals(tag):
            if (rival, member) in self.has:
                took[rival] = self.has[rival, member]
                self.take(rival, member)
        return took

    def take(self, tag: str, member: int) -> bool:
        if (tag, member) not in self.has:
            return False
        del self.has[tag, member]
        self.touch(tag, member)
        return True

    def apply(self, tag: str, gives: bool, members: list[int]) -> None:
        one = Applied(tag, gives)
        self.applied.append(one)
        for member in members:
            if not gives:
                end = self.has.get((tag, member))
                if self.take(tag, member):
                    one.changed[member] = {tag: end}
            elif (tag, member) not in self.has:
                took = self.give(tag, member)
                assert took is not None
                one.changed[member] = took

    def undo(self, one: Applied) -> None:
        changed, one.changed = one.changed, {}
        for member, took in changed.items():
            if one.gives:
                self.take(one.tag, member)
            for tag, end in took.items():
                if end is None or end > self.now:
                    self.give(tag, member, 0 if end is None else end - self.now)

    def expire(self) -> None:
        for tag, member in [h for h, end in self.has.items() if end and end <= self.now]:
            self.take(tag, member)


def rivals(tag: str) -> list[str]:
    return [o for o, group in GROUPS.items() if group == GROUPS.get(tag) and o != tag]


tags, people = st.sampled_from(TAGS), st.integers(1, PEOPLE)
several = st.lists(people, min_size=1, max_size=PEOPLE, unique=True)
steps = st.one_of(
    st.tuples(st.just("give"), tags, people, st.sampled_from([None, None, 0, 4_000])),
    st.tuples(st.just("take"), tags, people),
    st.tuples(st.just("apply"), tags, st.booleans(), several),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("pass"), st.sampled_from([1, 1_000, 4_000])),
)


@given(history=st.lists(steps, min_size=20, max_size=60))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_history_leaves_what_a_plain_model_says(
    valkey: str,
    history: list[tuple],  # type: ignore[type-arg]
) -> None:
    clock = TestClock()
    store = Store(unix(valkey), "histories", clock)
    await store.open()
    try:
        town = Town(store, clock)
        await play(town, history)
    finally:
        await store.call("FLUSHALL")
        await store.close()


async def play(town: Town, history: list[tuple]) -> None:  # type: ignore[type-arg]
    model, done = Model(town.clock.now()), []
    await town.people(PEOPLE)
    for tag in TAGS:
        about = Tag(name=tag, group=GROUPS.get(tag, ""), lasts=LASTS.get(tag, 0) / 1000)
        await town.registry.save(about, "ann", exclusive=True)
    for step in history:
        match step:
            case ("give", tag, member, lasts):
                await town.give(tag, member, lasts=lasts)
                model.give(tag, member, lasts)
            case ("take", tag, member):
                await town.take(tag, member)
                model.take(tag, member)
            case ("apply", tag, gives, members):
                one = await town.applications.begin(tag, Bits.of(members), "ann", gives=gives)
                await town.applications.finish(one.id)
                model.apply(tag, gives, sorted(members))
                done.append(one.id)
            case ("undo", index) if index < len(done) and done[index]:
                await town.applications.undo(done[index], "ann")
                await town.applications.finish(done[index])
                model.undo(model.applied[index])
                done[index] = ""
            case ("pass", ms):
                town.clock.advance(ms / 1000)
                model.now = town.clock.now()
                model.expire()
                await town.expiry.tick()
        expected = {tag: {m for t, m in model.has if t == tag} for tag in TAGS}
        assert await town.tags(TAGS) == expected, step
        for tag in TAGS:
            ends = await town.store.table("ZRANGE", town.keys.tags_ends(tag), 0, -1, "WITHSCORES")
            kept = {(tag, int(m)): int(float(at)) for m, at in ends.items()}
            assert kept == {h: end for h, end in model.has.items() if end and h[0] == tag}, step
