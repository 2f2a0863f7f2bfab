"""Scripts as members meet them: who hears what, once, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.model.conversation import Account
from bot.model.event import ChatOpened, ContactAdded, ContactRemoved, MemberJoined
from bot.settings.welcome import Coming
from bot.sop.templates.template import Template
from bot.store.address import unix
from bot.store.erasure import Erasure
from bot.store.store import Store
from bot.testing import Community
from bot.testing.community import Person
from bot.welcome.arrival import Arrival
from tests.store.dump import dump

CONFIG = """
timezone = "Asia/Shanghai"

[welcome]
again_after = "7d"
messages = ["欢迎 {{ member.name }}"]
block = ["spam"]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with opened(valkey, store, CONFIG) as made:
        yield made


@asynccontextmanager
async def opened(valkey: str, store: Store, config: str) -> AsyncIterator[Community]:
    async with Community(config, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def script(community: Community, ident: str = "spring", **more: Any) -> None:
    """A script made in the console."""
    await community.app.rooms.welcomes.scripts.save({"id": ident, **more}, "ann")


async def comes(community: Community, person: Person, group: str | None, **more: Any) -> None:
    """Somebody comes by something."""
    app, now = community.app, community.clock.now()
    kind = MemberJoined if group else ContactAdded
    await app.world.meet(person.id, person.name)
    if group:
        await app.world.enter(group, person.id)
    event = kind(
        id=f"{person.id}-{group}-{now}-{more}",
        gateway="sandbox",
        at=now,
        account=Account(id=person.id, name=person.name),
        group=group,
        **more,
    )
    await community.accept(event)


async def reasons(community: Community) -> list[str]:
    return [e.reason for _, e in await community.app.journal.recent() if e.reason]


async def counts(community: Community, ident: str = "spring") -> dict[str, int]:
    return (await community.app.rooms.welcomes.ledger.today()).get(ident, {})


async def test_a_script_made_in_the_console_goes_before_the_settings(community: Community) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    await script(community, messages=["来了 {{ member.name }}"])
    await ming.joins(tea)
    await community.passes(seconds=5)
    assert [s.message.text for s in await tea.hears()] == ["来了 小明"]
    assert await counts(community) == {"greeted": 1}


async def test_who_comes_by_a_live_code_hears_its_script_and_others_theirs(
    community: Community,
) -> None:
    tea = await community.group("tea")
    await script(community, when={"codes": ["poster"]}, messages=["poster {{ member.name }}"])
    await comes(community, community.member("u1", "小明"), "tea", channel="poster")
    await comes(community, community.member("u2", "小红"), "tea", channel="flyer")
    await community.passes(seconds=5)
    heard = {said.message.text for said in await tea.hears()}
    assert heard == {"poster 小明", "欢迎 小红"}


async def test_the_owner_or_the_inviter_decides_where_a_script_is_for_staff(
    community: Community,
) -> None:
    tea = await community.group("tea")
    await script(community, when={"staff": ["ann"]}, messages=["ann's {{ member.name }}"])
    await comes(community, community.member("u1", "小明"), "tea", by="ann")
    await community.passes(seconds=5)
    await tea.expects("ann's 小明")


async def test_a_message_in_the_group_is_followed_by_one_in_the_direct_chat(
    community: Community,
) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    later = {"text": "{{ card('https://x.example', 'Rules') }}", "to": "direct", "after": "2m"}
    await script(community, messages=["hi", later])
    await ming.joins(tea)
    await community.passes(seconds=5)
    await tea.expects("hi")
    await script(community, messages=["changed"])  # what was begun goes on as it was
    await community.passes(minutes=2)
    assert (await ming.expects("Rules")).message.segments[0].kind == "link_card"


async def test_who_leaves_in_between_hears_no_more_and_the_reason_is_kept(
    community: Community,
) -> None:
    tea, ming, hong = await three(community)
    later = {"text": "more, {{ member.name }}", "to": "direct", "after": "2m"}
    await script(community, messages=["hi", later])
    await ming.joins(tea)
    await hong.joins(tea)
    await community.passes(seconds=5)
    await ming.leaves(tea)
    await community.passes(minutes=2)
    await hong.expects("more, 小红")
    await community.direct(ming).expects_nothing()
    assert "left before all was said" in await reasons(community)
    assert (await counts(community))["left before all was said"] == 1


@pytest.mark.parametrize(
    ("across", "reason"),
    [
        ("script", "greeted before by this script"),
        ("everywhere", "greeted before in another place"),
    ],
)
async def test_one_person_in_two_groups_is_greeted_once(
    community: Community, across: str, reason: str
) -> None:
    ming = community.member("u1", "小明")
    groups = [await community.group(name) for name in ("tea", "skin")]
    await script(community, messages=["hi {{ group.name }}"], again="never", across=across)
    events = []
    for group in groups:
        await community.app.world.enter(group.group or "", "u1")
        events.append(
            MemberJoined(
                id=f"j-{group.group}",
                gateway="sandbox",
                at=community.clock.now(),
                account=Account(id="u1", name="小明"),
                group=group.group,
            )
        )
    # Both conversations are handled at the same time.
    await asyncio.gather(*(community.app.accept(event) for event in events))
    await community.passes(seconds=5)
    heard = [said.message.text for group in groups for said in await group.hears()]
    assert len(heard) == 1
    assert reason in await reasons(community)
    await ming.leaves(groups[0])
    community.clock.advance(400 * 86_400)
    await community.settle()
    await ming.joins(groups[0])
    await community.passes(seconds=5)
    await groups[0].expects_nothing()


async def test_in_each_group_once_by_default_and_always_where_it_says_so(
    community: Community,
) -> None:
    tea, ming, _ = await three(community)
    skin = await community.group("skin")
    for group in (tea, skin):
        await ming.joins(group)
        await community.passes(seconds=5)
        await group.expects("欢迎 小明")
    await script(community, messages=["again"], again="always")
    for _ in range(2):
        await ming.leaves(tea)
        await ming.joins(tea)
        await community.passes(seconds=5)
        await tea.expects("again")


async def test_who_left_before_the_greeting_is_greeted_when_they_come_back(
    community: Community,
) -> None:
    tea, ming, _ = await three(community)
    await ming.joins(tea)
    await ming.leaves(tea)
    await community.passes(seconds=5)
    await tea.expects_nothing()
    await ming.joins(tea)
    await community.passes(seconds=5)
    await tea.expects("欢迎 小明")


async def test_a_blocked_name_is_not_greeted_and_gets_no_tags(community: Community) -> None:
    tea = await community.group("tea")
    await script(community, messages=["hi"], tags=["new"], block=["=代购"])
    for ident, name in (("u1", "ＳＰＡＭ king"), ("u2", "代购"), ("u3", "小明")):
        await community.member(ident, name).joins(tea)
    await community.passes(seconds=5)
    assert len(await tea.hears()) == 1
    assert [r for r in await reasons(community) if "block list" in r] == [
        'the name holds what is on the block list: "=代购"',
        'the name holds what is on the block list: "spam"',
    ]
    assert await tagged(community, "new") == {3}


async def test_tags_attributes_and_a_sop_begin_with_the_coming(community: Community) -> None:
    tea, hong = await community.group("tea"), community.member("u2", "小红")
    await hong.joins(tea)
    sops = community.app.rooms.sops
    await sops.start("new_member_week", "group:sandbox/tea", "ann", name="week")
    care = Template.model_validate(
        {
            "title": "care",
            "anchor": "enrolled",
            "step": [{"id": "one", "after": "1h", "text": "care {{ member.name }}"}],
        }
    )
    await sops.start(care, "group:sandbox/tea", "ann", name="care")
    await script(
        community,
        messages=["hi"],
        tags=["new"],
        attributes={"source": "poster"},
        start=["care", "week", "weak"],
    )
    ming, app = community.member("u1", "小明"), community.app
    await community.passes(minutes=1)
    await ming.joins(tea)
    assert await tagged(community, "new") == {2}
    member = await app.members.member(2)
    assert member is not None
    assert member.attributes["source"] == "poster"
    told = " ".join(await reasons(community))
    assert 'there is no SOP "weak"; did you mean "week"?' in told
    assert '"week" takes nobody: its anchor is not "enrolled"' in told
    await community.passes(hours=2)
    await ming.expects("care 小明")


async def test_what_was_said_is_taken_back_when_the_member_leaves_soon(
    community: Community,
) -> None:
    tea, ming, hong = await three(community)
    await script(
        community,
        messages=["hi {{ member.name }}", {"text": "rules", "to": "direct"}],
        withdraw="10m",
        window="5s",
    )
    await ming.joins(tea)
    await community.passes(seconds=5)
    await tea.expects("hi 小明")
    await community.passes(minutes=9)
    await ming.leaves(tea)
    await community.settle()
    assert await shown(community) == []
    assert (await counts(community))["withdrawn"] == 1
    await hong.joins(tea)
    await community.passes(minutes=11)
    await hong.leaves(tea)
    await community.settle()
    assert sorted(await shown(community)) == ["hi 小红", "rules"]


async def test_a_greeting_of_two_stays_while_one_of_them_does(community: Community) -> None:
    tea, ming, hong = await three(community)
    await script(community, messages=["hi {{ member.name }}"], withdraw="10m")
    await ming.joins(tea)
    await hong.joins(tea)
    await community.passes(seconds=5)
    await ming.leaves(tea)
    assert await shown(community) == ["hi 小明、小红"]
    await hong.leaves(tea)
    await community.settle()
    assert await shown(community) == []


async def test_only_the_last_welcome_stays_in_a_group(community: Community) -> None:
    tea = await community.group("tea")
    await script(community, messages=["hi {{ member.name }}", "rules"], keep_last=1)
    for n in range(3):
        await community.member(f"u{n}", f"人{n}").joins(tea)
        await community.passes(seconds=6)
    assert await shown(community) == ["hi 人2", "rules"]


async def test_the_time_of_the_week_and_dates_decide_what_is_said(community: Community) -> None:
    tea = await community.group("tea")
    await script(
        community,
        messages=["day"],
        layers=[
            {"start": "20:00", "end": "09:00", "messages": ["night"]},
            {"dates": ["2026-06-18"], "messages": ["feast"]},
        ],
    )
    heard = []
    for n in range(3):  # 08:00, 16:00 and 00:00 in Shanghai
        await community.member(f"u{n}").joins(tea)
        await community.passes(seconds=5)
        heard += [said.message.text for said in await tea.hears()]
        await community.passes(hours=8)
    assert heard == ["night", "day", "feast"]


async def test_each_variant_is_recorded_for_whom_it_reached(community: Community) -> None:
    tea = await community.group("tea")
    message = {"text": "a {{ member.name }}", "variants": ["b {{ member.name }}"]}
    await script(community, messages=[message], window="0s")
    for n in range(12):
        await community.member(f"u{n}", f"人{n}").joins(tea)
        await community.passes(seconds=1)
    heard = [said.message.text for said in await tea.hears()]
    keys, facts = community.app.store.keys, community.app.facts
    for letter, name in (("a", "A"), ("b", "B")):
        got = [
            n for n in range(1, 13) if await facts.has(keys.welcome_variant("spring", 1, name), n)
        ]
        assert [f"{letter} 人{n - 1}" for n in got] == [t for t in heard if t.startswith(letter)]
        assert (await counts(community))[f"1{name}"] == len(got) > 0


async def test_a_silent_script_has_nobody_greeted_and_says_so(community: Community) -> None:
    tea = await community.group("tea")
    await script(community, when={"groups": ["tea"]}, silent=True)
    await community.member("u1", "小明").joins(tea)
    await community.passes(seconds=5)
    await tea.expects_nothing()
    assert "welcomes are off here" in await reasons(community)
    assert await counts(community) == {"welcomes are off here": 1}


async def test_contacts_and_opened_chats_have_scripts_too(community: Community) -> None:
    ming = community.member("u1", "小明")
    later = {"text": "and more", "after": "1m"}
    await script(
        community,
        "contact",
        when={"kinds": ["contact"], "codes": ["card"]},
        messages=["hello {{ member.name }}", later],
        tags=["card"],
        again="always",
    )
    await script(community, "open", when={"kinds": ["opened"]}, messages=["yes?"], again="1h")
    await comes(community, ming, None, channel="other")
    await community.direct(ming).expects_nothing()
    await comes(community, ming, None, channel="card")
    await ming.expects("hello 小明")
    await community.passes(minutes=1)
    await ming.expects("and more")
    assert await tagged(community, "card") == {1}
    for n, said in enumerate(("yes?", "")):
        event = ChatOpened(
            id=f"o{n}", gateway="sandbox", at=community.clock.now(), account=Account(id="u1")
        )
        await community.accept(event)
        if said:
            await ming.expects(said)
        else:
            await community.direct(ming).expects_nothing()


async def test_what_was_configured_and_kept_before_scripts_still_works(
    valkey: str, store: Store
) -> None:
    config = CONFIG + 'opened = "yes?"\ncontact = "hello"\n[welcome.groups."sandbox/quiet"]\n'
    async with opened(valkey, store, config + "enabled = false\n") as community:
        tea, ming, hong = await three(community)
        keys = store.keys
        # As versions before wrote it: somebody waits for the window, somebody was greeted.
        await hong.joins(tea)
        await community.passes(seconds=5)
        await tea.hears()
        await store.call("DEL", keys.welcome_greeted(1))
        await store.call("ZADD", keys.welcome_greeted(1), community.clock.now(), 1)
        await hong.leaves(tea)
        await hong.joins(tea)
        assert "greeted here not long ago" in await reasons(community)
        await ming.joins(tea)
        number = await community.app.members.number("sandbox", Account(id="u1"))
        await store.call("HSET", keys.welcome_pending(1), number, '["u1", "小明"]')
        await community.passes(seconds=5)
        await tea.expects("欢迎 小明")
        await comes(community, ming, None)
        await ming.expects("hello")
        quiet = await community.group("quiet")
        await ming.joins(quiet)
        await community.passes(seconds=5)
        await quiet.expects_nothing()


async def test_erasing_a_member_leaves_nothing_of_their_welcomes(community: Community) -> None:
    tea, ming, hong = await three(community)
    message = {"text": "a {{ member.name }}", "variants": ["b"]}
    later = {"text": "later", "after": "1h"}
    await script(community, messages=[message, later], withdraw="2h", across="script")
    await ming.joins(tea)
    await hong.joins(tea)
    await community.passes(seconds=6)
    app = community.app
    assert await Erasure(app.store, app.members, app.node).erase_member(1, "ann")
    left = {k: v for k, v in (await dump(app.store)).items() if "welcome" in k}
    assert left
    assert "小明" not in str(left)
    assert not await app.facts.has(app.store.keys.welcome_variant("spring", 1, "A"), 1)
    assert await app.store.text("ZSCORE", app.store.keys.welcome_told("spring"), 1) is None
    await community.passes(hours=1)
    await tea.expects("later")


@pytest.mark.parametrize(
    ("kind", "group", "name", "reason"),
    [
        ("group", "tea", "小明", ""),
        ("group", "tea", "spam", 'the name holds what is on the block list: "spam"'),
        ("contact", "", "小明", "no welcome script applies"),
    ],
)
async def test_what_somebody_would_get_is_explained(
    community: Community, kind: Coming, group: str, name: str, reason: str
) -> None:
    await script(community, messages=["hi"], when={"groups": ["tea"]})
    arrival = Arrival(kind, "sandbox", group=group)
    told = await community.app.rooms.welcomes.explain(arrival, name, community.clock.now())
    assert str(told.reason or "") == reason
    assert [(one.script.id, one.chosen) for one in told.candidates] == [
        ("spring", kind == "group"),
        ("settings", False),
    ]
    if not reason:
        assert told.spoken is not None
        assert [message.text for message in told.spoken.messages] == ["hi"]


async def three(community: Community) -> tuple[Any, Person, Person]:
    tea = await community.group("tea")
    return tea, community.member("u1", "小明"), community.member("u2", "小红")


async def shown(community: Community) -> list[str]:
    """What of the bot can be read now."""
    await community.settle()
    rows = await community.app.world.last()
    return [s.message.text for _, s in rows if s.by is None and s.what == "message"]


async def tagged(community: Community, tag: str) -> set[int]:
    app = community.app
    return {n for n in range(1, 9) if await app.facts.has(app.store.keys.tag(tag), n)}


async def test_where_staff_must_tap_a_contact_gets_one_message_at_once(
    community: Community,
) -> None:
    sandbox: Any = community.app.adapters()["sandbox"]
    sandbox.settings = sandbox.settings.model_copy(update={"staff_confirm": True})
    ming = community.member("u1", "小明")
    messages = ["hello", {"text": "more", "after": "1m"}]
    await script(community, "c", when={"kinds": ["contact"]}, messages=messages)
    await comes(community, ming, None)
    await ming.expects("hello")
    await community.passes(minutes=2)
    await community.direct(ming).expects_nothing()
    told = await counts(community, "c")
    assert told == {"greeted": 1, "the platform takes one welcome, and this would be another": 1}


async def removes(community: Community, person: Person) -> None:
    """Somebody ends the direct chat."""
    event = ContactRemoved(
        id=f"removed-{person.id}-{community.clock.now()}",
        gateway="sandbox",
        at=community.clock.now(),
        account=Account(id=person.id, name=person.name),
    )
    await community.accept(event)


async def test_who_ends_the_direct_chat_hears_no_more_of_a_welcome_that_began(
    community: Community,
) -> None:
    ming, later = community.member("u1", "小明"), {"text": "more", "after": "1h"}
    await script(
        community, "c", when={"kinds": ["contact"]}, again="always", messages=["hi", later]
    )
    await comes(community, ming, None)
    await ming.expects("hi")
    await community.passes(minutes=1)
    await removes(community, ming)
    await community.passes(minutes=1)
    await comes(community, ming, None)  # and comes back: that welcome goes on, the first does not
    await community.passes(hours=2)
    assert await shown(community) == ["hi", "hi", "more"]
    reason = "ended the chat before all was said"
    assert await counts(community, "c") == {"greeted": 2, reason: 1}


async def test_who_ends_the_direct_chat_is_written_nothing_there_by_a_groups_welcome(
    community: Community,
) -> None:
    tea, ming, hong = await three(community)
    alone = {"text": "rules, {{ member.name }}", "to": "direct", "after": "1h"}
    last = {"text": "bye", "after": "1h"}
    await script(community, messages=["hi", alone, last])
    await ming.joins(tea)
    await hong.joins(tea)
    await community.passes(seconds=5)
    await removes(community, ming)
    await community.passes(hours=2)
    assert await shown(community) == ["hi", "rules, 小红", "bye"]
    assert (await counts(community))["ended the chat before all was said"] == 1
