"""Welcomes, as members and managers meet them."""

from collections.abc import AsyncIterator

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community

CONFIG = """
[welcome]
window = "5s"
again_after = "7d"
messages = [
    "欢迎 {{ member.name }} 来到 {{ group.name }}",
    { text = "先看看群公告吧", after = "10s" },
    { text = "{{ member.name }}，有事随时找我", after = "1s", to = "direct" },
]

[welcome.groups.quiet]
enabled = false

[welcome.groups.broken]
messages = ["欢迎 {{ member.nmae }}"]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


async def test_who_joins_is_greeted_by_the_script_in_its_order(community: Community) -> None:
    tea, ming = await community.group("tea", "茶友会"), community.member("u1", "小明")
    await ming.joins(tea)
    await tea.expects_nothing()
    await community.passes(seconds=5)
    await tea.expects("欢迎 小明 来到 茶友会")
    await community.passes(seconds=9)
    await tea.expects_nothing()
    await community.passes(seconds=1)
    await tea.expects("先看看群公告吧")
    await community.passes(seconds=1)
    await ming.expects("小明，有事随时找我")


async def test_a_burst_of_joins_becomes_one_greeting_naming_all(community: Community) -> None:
    tea = await community.group("tea", "茶友会")
    for number in range(20):
        await community.member(f"u{number}", f"人{number}").joins(tea)
    await community.passes(seconds=5)
    heard = [said.message.text for said in await tea.hears()]
    assert heard == [f"欢迎 {'、'.join(f'人{n}' for n in range(10))} +10 来到 茶友会"]


async def test_who_leaves_before_the_greeting_is_not_named_and_the_journal_says_why(
    community: Community,
) -> None:
    tea = await community.group("tea", "茶友会")
    ming, hong = community.member("u1", "小明"), community.member("u2", "小红")
    await ming.joins(tea)
    await hong.joins(tea)
    await ming.leaves(tea)
    await community.passes(seconds=5)
    assert "小明" not in (await tea.expects("小红")).message.text
    assert "left before the greeting" in await reasons(community)


async def test_who_comes_back_soon_is_not_greeted_again_but_later_is(community: Community) -> None:
    tea, ming = await community.group("tea", "茶友会"), community.member("u1", "小明")
    for days, greeted in ((6, False), (2, True)):
        await ming.joins(tea)
        await community.passes(minutes=1)
        await tea.hears()
        await ming.leaves(tea)
        await community.passes(days=days)
        await ming.joins(tea)
        await community.passes(seconds=5)
        if greeted:
            await tea.expects("欢迎 小明")
        else:
            await tea.expects_nothing()
            assert "greeted here not long ago" in await reasons(community)
        await ming.leaves(tea)


async def test_a_group_with_welcomes_off_says_so_in_the_journal(community: Community) -> None:
    await community.member("u1", "小明").joins(await community.group("quiet"))
    await community.passes(minutes=1)
    assert "welcomes are off here" in await reasons(community)


async def test_a_wrong_welcome_text_is_a_reason_not_a_crash(community: Community) -> None:
    broken = await community.group("broken")
    await community.member("u1", "小明").joins(broken)
    await community.passes(minutes=1)
    await broken.expects_nothing()
    assert any("the welcome text is wrong" in reason for reason in await reasons(community))
    assert await community.app.inbox.dead_letters() == []


async def reasons(community: Community) -> list[str]:
    return [e.reason for _, e in await community.app.journal.recent() if e.reason]
