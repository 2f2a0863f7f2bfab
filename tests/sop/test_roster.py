"""The roster: which groups and members an audience is."""

from __future__ import annotations

from bot.audience.audience import Audience
from bot.store.effects import Effects

from .town import Town


async def test_groups_that_ended_are_no_audience(town: Town) -> None:
    tea, _ = await town.group("tea"), await town.group("books")
    effects = Effects(town.store.keys)
    effects.group(tea, "gone", "1")
    assert await town.store.apply(effects)
    groups = await town.sops.roster.groups(Audience.parse("all-groups"), "group")
    assert [group.name for group in groups.values()] == ["books"]


async def test_counting_an_audience(town: Town) -> None:
    for name in ("a", "b", "c"):
        number = await town.join(name)
    await town.tag(number, "vip")
    for text, to, expected in [
        ("everyone", "member", 3),
        ("tag:vip", "member", 1),
        ("group:sandbox/tea", "member", 3),
        ("group:sandbox/tea and not tag:vip", "member", 2),
        ("all-groups", "group", 1),
    ]:
        assert await town.sops.roster.count(Audience.parse(text), to) == expected


async def test_who_is_in_two_groups_is_written_to_once(town: Town) -> None:
    for group in ("tea", "books"):
        await town.join("a", group)
    await town.join("b", "books")
    everyone = await town.sops.roster.algebra.members(Audience.parse("all-groups"))
    found = [name async for part in town.sops.roster.named(everyone, [1, 2], True) for name in part]
    assert found == ["1:1", "2:2"]
