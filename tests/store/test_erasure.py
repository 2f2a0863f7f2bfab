"""Erasing somebody leaves nothing of them, and everything of everybody else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.delivery.journal import Journal
from bot.links.hits import Hit
from bot.links.owners import of_hit
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.routing.writer import Reader
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.store.keys import Key, catalogue, form
from bot.store.members import Members
from bot.store.store import Store
from bot.store.subject import Meaning, Subject
from bot.testing import Community
from tests.store.dump import dump
from tests.store.planting import ACCOUNT, FIRST, NAME, declared, filled, put

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0.49"
CONFIG = """
[welcome]
window = "1s"
messages = ["欢迎 {{ member.name }}", { text = "{{ member.name }}，你好", to = "direct" }]

[checkin.daily]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    await store.call("SET", store.keys.member_seq(), FIRST - 1)
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


def erasure_of(community: Community) -> Erasure:
    app = community.app
    return Erasure(app.store, app.members, app.node, of_hit(app.rooms.links))


async def left_of(store: Store, name: str, account: str, number: int) -> list[str]:
    """Every key that still says one of them."""
    found = []
    for key, content in (await dump(store)).items():
        said = f"{key} {_shown(content)}"
        if name in said or account in said or re.search(rf"(?<!\d){number}(?!\d)", said):
            found.append(f"{key}: {_shown(content)[:300]}")
    return [one for one in found if not one.startswith("member:seq")]


def _shown(content: Any) -> str:
    """A content as readable text, JSON escapes resolved."""
    if isinstance(content, bytes):
        text = content.decode("utf-8", "replace")
        return text + (json.dumps(json.loads(text), ensure_ascii=False) if text[:1] == "{" else "")
    if isinstance(content, dict):
        return _shown([*content.items()])
    if isinstance(content, list | tuple):
        return " ".join(map(_shown, content))
    return str(content)


async def live_a_little(community: Community) -> None:
    """One person does all there is to do, in the company of another."""
    tea, rooms = await community.group("tea", "茶友会"), community.app.rooms
    gone, kept = community.member(ACCOUNT, NAME), community.member("acct-2", "小红")
    await rooms.sops.start("new_member_week", "all-groups", "admin")
    await community.passes(seconds=1)
    for person in (gone, kept):
        await person.joins(tea)
        await person.adds_the_bot()
    await community.passes(seconds=10)
    for number in (FIRST, FIRST + 1):
        url = await rooms.links.link(Reader("welcome", 1, number), "https://example.com/")
        code = url.rpartition("/")[2]
        await click(community, Hit("test", number, community.clock.now(), code, "", "v", PHONE))
    for person in (gone, kept):
        await person.says("签到", tea)
        await person.says("排行榜", tea)
        await person.says("生日 05-31")
        await person.says(f"我是{NAME}，有人吗")
    for _ in range(13 * 4):  # the SOP's first step goes out after eight in the evening
        community.clock.advance(900)
        await rooms.planner.tick()
        await community.settle()


async def click(community: Community, hit: Hit) -> None:
    store = community.app.store
    await store.call("XADD", store.keys.hits(), "*", "hits", hit.line())
    await community.app.rooms.counter.drain()


async def test_of_an_erased_member_nothing_is_left(community: Community) -> None:
    await live_a_little(community)
    store = community.app.store
    assert await left_of(store, NAME, ACCOUNT, FIRST)
    assert await erasure_of(community).erase_member(FIRST, "operator admin")
    assert await left_of(store, NAME, ACCOUNT, FIRST) == []


async def test_what_was_sent_and_clicked_is_known_of_the_others_alone(
    community: Community,
) -> None:
    await live_a_little(community)
    rooms = community.app.rooms
    run = (await rooms.sops.results.runs("new_member_week"))[-1]
    assert (await rooms.sops.results.targets(run, "sent"))[1] == [FIRST, FIRST + 1]
    assert [m.member for m in await rooms.clicks.members(1, 1)] == [FIRST, FIRST + 1]
    assert len(await rooms.clicks.hits()) == 2
    await erasure_of(community).erase_member(FIRST, "operator admin")
    assert (await rooms.sops.results.targets(run, "sent"))[1] == [FIRST + 1]
    assert [m.member for m in await rooms.clicks.members(1, 1)] == [FIRST + 1]
    assert len(await rooms.clicks.hits()) == 1
    assert (await rooms.clicks.sums(1)).members == 2


async def test_others_keep_what_is_theirs(community: Community) -> None:
    await live_a_little(community)
    app = community.app
    before = await app.journal.timeline(FIRST + 1)
    await erasure_of(community).erase_member(FIRST, "operator admin")
    kept = await app.members.member(FIRST + 1)
    assert kept is not None
    assert kept.name == "小红"
    assert await app.facts.numbers(app.store.keys.members_all()) == [FIRST + 1]
    assert await app.facts.numbers(app.store.keys.group_present(1)) == [FIRST + 1]
    after = await app.journal.timeline(FIRST + 1)
    assert after == [entry for entry in before if NAME not in entry.text]
    assert len(after) > 3


async def test_sums_stay(community: Community) -> None:
    await live_a_little(community)
    store = community.app.store
    sums = {k: v for k, v in (await dump(store)).items() if k.startswith("counters:")}
    assert sums
    await erasure_of(community).erase_member(FIRST, "operator admin")
    after = await dump(store)
    assert {k: after[k] for k in sums} == sums


async def test_the_journal_says_that_somebody_was_erased_and_not_who(community: Community) -> None:
    await live_a_little(community)
    await erasure_of(community).erase_member(FIRST, "operator admin")
    newest = (await community.app.journal.recent(limit=1))[0][1]
    assert (newest.what, newest.source) == ("member.erased", "operator admin")
    assert newest.member is None


async def test_who_comes_back_is_somebody_new(community: Community) -> None:
    await live_a_little(community)
    await erasure_of(community).erase_member(FIRST, "operator admin")
    tea, again = await community.group("tea"), community.member(ACCOUNT, NAME)
    await again.says("签到", tea)
    account = Account(id=ACCOUNT, name=NAME)
    assert await community.app.members.number("sandbox", account) == FIRST + 2
    assert (await tea.expects(NAME)).message.summary.count("连续 1") == 1


async def test_what_waits_in_the_outbox_for_an_erased_member_is_not_sent(
    community: Community,
) -> None:
    tea, gone = await community.group("tea", "茶友会"), community.member(ACCOUNT, NAME)
    kept = community.member("acct-2", "小红")
    await gone.joins(tea)
    await kept.joins(tea)
    await community.settle()
    app, number = community.app, FIRST
    effects = Effects(app.store.keys)
    for who in (gone, kept):
        effects.deliver(later_delivery(who.id, community.clock.now() + 60_000))
    await app.store.apply(effects)
    await erasure_of(community).erase_member(number, "operator admin")
    await community.passes(minutes=2)
    await community.direct(gone).expects_nothing()
    await community.direct(kept).expects("稍后")


def later_delivery(account: str, due: int) -> Delivery:
    to = Conversation(gateway="sandbox", account=account)
    return Delivery(to=to, message=Message.of("稍后"), priority="notice", due=due)


async def test_an_erased_group_is_gone_and_its_members_are_not(community: Community) -> None:
    await live_a_little(community)
    books = await community.group("books", "读书会")
    await community.member("acct-2", "小红").says("签到", books)
    app = community.app
    assert await erasure_of(community).erase_group(1, "operator admin")
    assert [group.number for group in await app.members.groups()] == [2]
    assert await app.facts.count(app.store.keys.members_all()) == 2
    for key, content in (await dump(app.store)).items():
        assert "g/tea" not in f"{key} {_shown(content)}"
        assert not re.match(r"(group|welcome):\w+:1$|checkin:o\w+:daily:1:", key), key
    tea = await community.group("tea", "茶友会")
    await community.member("acct-2", "小红").says("签到", tea)
    assert [group.number for group in await app.members.groups()] == [2, 3]


async def test_there_is_nobody_to_erase_twice(store: Store) -> None:
    members = Members(store)
    erasure = Erasure(store, members)
    assert not await erasure.erase_member(1, "operator admin")
    number = await members.number("sandbox", Account(id="u1", name="小明"))
    assert await erasure.erase_member(number, "operator admin")
    assert not await erasure.erase_member(number, "operator admin")
    assert await store.call("XLEN", store.keys.journal()) == 1


class Broken(Exception):
    """The process ended here."""


@pytest.mark.parametrize("at", range(1, 40, 3))
async def test_an_erasure_that_breaks_off_is_finished_later(store: Store, at: int) -> None:
    members = Members(store)
    number = await members.number("sandbox", Account(id=ACCOUNT, name=NAME))
    effects = Effects(store.keys)
    effects.fact(store.keys.tag("tea"), number)
    effects.do("XADD", store.keys.journal(), "*", "entry", f'{{"at":1,"member":{number}}}')
    await store.apply(effects)
    calls, call = 0, store.call

    async def breaking(*command: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Broken
        return await call(*command)

    store.call = breaking
    try:
        done = await Erasure(store, members).erase_member(number, "operator admin")
    except Broken:
        done = False
    store.call = call
    again = Erasure(store, Members(store))
    if not done:
        assert await again.resume() or await again.erase_member(number, "operator admin")
    assert await left_of(store, NAME, ACCOUNT, FIRST) == []
    assert [e.what for _, e in await Journal(store).recent()] == ["member.erased"]
    assert not await store.call("EXISTS", store.keys.erasing(), store.keys.tag("tea"))


# the catalogue says what is where

THE_SUBJECT = Subject(
    members=frozenset({FIRST}),
    accounts=frozenset({("sandbox", ACCOUNT)}),
    names=frozenset({NAME}),
)


async def member_to_erase(store: Store, members: Members) -> None:
    await store.call("SET", store.keys.member_seq(), FIRST - 1)
    await members.number("sandbox", Account(id=ACCOUNT, name=NAME))
    versions = store.keys.sop_versions("week")
    await store.call("HSET", versions, 1, json.dumps({"template": {"to": "member"}}))
    await store.call("HSET", store.keys.sop_state(), "week", "paused/1")


@pytest.mark.parametrize("key", declared("name"), ids=lambda key: key.pattern)
async def test_keys_named_by_a_member_go(store: Store, key: Key) -> None:
    members = Members(store)
    await member_to_erase(store, members)
    mine, others = (store.prefix + filled(key.pattern, other) for other in (False, True))
    element = filled(key.element, True) if key.element else ""
    for name in (mine, others):
        await put(store, name, key, element)
    await Erasure(store, members).erase_member(FIRST, "operator admin")
    assert not await store.call("EXISTS", mine)
    assert await store.call("EXISTS", others)
    await store.call("DEL", others)


@pytest.mark.parametrize("key", declared("element"), ids=lambda key: key.pattern)
async def test_elements_about_a_member_go(store: Store, key: Key) -> None:
    members = Members(store)
    await member_to_erase(store, members)
    name = store.prefix + filled(key.pattern, True)
    if key.pattern == "outbox:body":
        return  # see what waits in the outbox
    for other in (True, False):
        await put(store, name, key, filled(key.element, other))
    await Erasure(store, members).erase_member(FIRST, "operator admin")
    content = (await dump(store))[name.removeprefix(store.prefix)]
    assert filled(key.element, True).partition(" → ")[0] in _shown(content)
    assert filled(key.element, False).partition(" → ")[0] not in _shown(content)
    await store.call("DEL", name)


@pytest.mark.parametrize("key", catalogue(), ids=lambda key: key.pattern)
def test_every_key_declares_what_is_in_it(key: Key) -> None:
    assert "{}" not in key.pattern, "name the parts: {member}, {group}, {day} …"
    if key.kind == "string":
        assert not key.element
    else:
        assert form(key.element).groupindex, 'say what its elements are: "{member}" …'
    if key.kind == "fact":
        assert key.element in ("{member}", "{group}", "{target}", "{block}")


# what a text says


@pytest.mark.parametrize(
    "text",
    [
        f'{{"member":{FIRST}}}',
        f'{{"result":{{"run":"x","target":1}},"member":{FIRST}}}',
        f"欢迎 {NAME} 来到茶友会",
        json.dumps({"text": f"你好{NAME}！"}),
        f"sandbox/d/{ACCOUNT}\n{{}}",
        f"broadcast:sandbox/d/{ACCOUNT}",
        json.dumps({"event": json.dumps({"account": {"id": ACCOUNT}})}),
        f"ev-1\n{json.dumps({'by': ACCOUNT})}",
    ],
)
def test_a_text_means_whom_it_names(text: str) -> None:
    assert Meaning(THE_SUBJECT).text(text)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"member":{FIRST}0}}',
        f'{{"at":{FIRST}}}',
        "欢迎 独孤 来到茶友会",
        f"sandbox/d/{ACCOUNT}2\n{{}}",
        f"x{ACCOUNT}",
        '{"member":null}',
    ],
)
def test_a_text_does_not_mean_others(text: str) -> None:
    assert not Meaning(THE_SUBJECT).text(text)


def test_a_name_of_one_letter_costs_only_entries_that_say_it_alone() -> None:
    meaning = Meaning(Subject(names=frozenset({"明"})))
    assert meaning.text("欢迎 明 来到茶友会")
    assert not meaning.text("明天见")


async def test_big_facts_lose_one_number_and_keep_the_others(store: Store) -> None:
    members = Members(store)
    effects = Effects(store.keys)
    for number in range(1, 1100):
        effects.fact(store.keys.tag("tea"), number)
    await store.apply(effects)
    assert await store.text("TYPE", store.keys.tag("tea")) == "string"
    await store.call("SET", store.keys.member_seq(), 41)
    assert await members.number("sandbox", Account(id="u1", name="小明")) == 42
    await Erasure(store, members).erase_member(42, "operator admin")
    assert (await dump(store))["tag:tea"] == [n for n in range(1, 1100) if n != 42]


async def test_a_node_forgets_whom_another_is_erasing(store: Store) -> None:
    members, elsewhere = Members(store), Members(store)
    account = Account(id=ACCOUNT, name=NAME)
    number = await members.number("sandbox", account)
    assert await elsewhere.number("sandbox", account) == number
    here = Erasure(store, members)
    found = await members.member(number)
    assert found is not None
    await here._unlink_member(found, "operator admin")
    await Erasure(store, elsewhere).follow()
    assert await elsewhere.number("sandbox", account) == number + 1
    await here.resume()
