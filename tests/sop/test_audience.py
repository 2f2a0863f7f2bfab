"""Audiences: how they are written, and who they are."""

from __future__ import annotations

import pytest

from bot.sop.audience import Audience

from .town import Town


@pytest.mark.parametrize(
    "text", ["everyone", "all-groups", "tag:vip", "group:sandbox/tea, group:qq/1/2"]
)
def test_an_audience_reads_as_it_is_written(text: str) -> None:
    assert str(Audience.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected everyone"),
        ("evryone", 'did you mean "everyone"'),
        ("tag:", "expected everyone"),
        ("group:tea", "group:gateway/group id"),
        ("tag:a, tag:b", "expected everyone"),
        ("all-groups, tag:vip", "expected everyone"),
    ],
)
def test_a_wrong_audience_says_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Audience.parse(text)


async def test_groups_that_ended_are_no_audience(town: Town) -> None:
    tea, _ = await town.group("tea"), await town.group("books")
    await town.store.call("HSET", town.store.keys.group(tea), "gone", "1")
    groups = await town.sops.roster.groups(Audience.parse("all-groups"))
    assert [group.name for group in groups.values()] == ["books"]


async def test_counting_an_audience(town: Town) -> None:
    for name in ("a", "b", "c"):
        number = await town.join(name)
    await town.tag(number, "vip")
    roster = town.sops.roster
    for text, to, expected in [
        ("everyone", "member", 3),
        ("tag:vip", "member", 1),
        ("group:sandbox/tea", "member", 3),
        ("all-groups", "group", 1),
    ]:
        audience = Audience.parse(text)
        groups = await roster.groups(audience)
        assert await roster.count(audience, to, groups) == expected
        found = [t async for part in roster.targets(audience, to, groups) for t in part]
        assert len(found) == expected
