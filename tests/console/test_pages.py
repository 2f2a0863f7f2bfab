"""What the pages show, page by page, over a community that exists."""

from __future__ import annotations

import re

import pytest

from bot.delivery.inbox import DeadLetter
from bot.delivery.journal import Entry, record
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.store.effects import Effects
from tests.console.conftest import TEA, Site, populate

ROWS = re.compile(r"<tr>\s*<td>")
NEXT = re.compile(r'rel="next" href="([^"]+)"')


async def test_the_overview_tells_todays_numbers_and_what_needs_somebody(site: Site) -> None:
    await populate(site)
    effects = Effects(site.store.keys)
    effects.do("HSET", site.store.keys.counters("2026-06-17"), "delivery:sent", 1234)
    await site.store.apply(effects)
    page = await (await site.operator("ann", "viewer")).get("/")
    assert "1,234" in page
    assert "Gateway qq is not connected" in page
    assert "1 event could not be handled" in page
    assert "1 delivery is in doubt" in page
    assert "几点开门" in page
    assert "<svg" in page


async def test_members_are_paged_newest_first(site: Site) -> None:
    await populate(site, 120)
    visitor = await site.operator("ann", "viewer")
    path, seen = "/members", []
    while path:
        page = await visitor.get(path)
        seen += re.findall(r'class="who" href="/members/(\d+)"', page)
        onward = NEXT.search(page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [str(n) for n in range(120, 0, -1)]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ada", {"Ada Lovelace", "Ada Lovelace 22", "Ada Lovelace 41"}),
        ("MÜLLER", {"Anna Müller", "Anna Müller 33", "Anna Müller 52"}),
        ("梅梅 2", {"韩梅梅 21"}),
        ("#3", {"韩梅梅"}),
        ("u12", {"周涛"}),
        ("*", set()),
        ("<script>", set()),
    ],
)
async def test_members_are_found_by_any_part_of_the_name_number_or_account(
    site: Site, words: str, names: set[str]
) -> None:
    await populate(site)
    visitor = await site.operator("ann", "viewer")
    async with visitor.client.get("/members", params={"q": words}) as answer:
        page = await answer.text()
    assert set(re.findall(r'<bdi class="name">([^<]*)</bdi>', page)) == names
    assert "<script>" not in page


async def test_a_member_is_shown_with_everything_known(site: Site) -> None:
    await populate(site)
    page = await (await site.operator("ann", "viewer")).get("/members/1")
    for words in ("小明", "u0", "birthday", "2001-05-31", "asked-hours", "茶友会 Tea", "Joined"):
        assert words in page
    visitor = await site.operator("bob", "viewer")
    assert (await visitor.status("/members/999"))[0] == 404
    assert (await visitor.status("/members/x"))[0] == 404
    assert (await visitor.status("/members/²"))[0] == 404


async def test_a_name_can_not_break_the_page(site: Site) -> None:
    evil = '<img src=x onerror=alert(1)>"\u202e' + "😀" * 400
    number = await site.members.number("sandbox", Account(id="<b>u", name=evil))
    visitor = await site.operator("ann", "viewer")
    for path in ("/members", f"/members/{number}", "/members?q=%3Cimg"):
        page = await visitor.get(path)
        assert "<img" not in page
        assert "&lt;img" in page


async def test_groups_and_their_rosters_are_searched(site: Site) -> None:
    await populate(site)
    visitor = await site.operator("ann", "viewer")
    page = await visitor.get("/groups?q=tea")
    assert "茶友会 Tea" in page
    assert "Running club" not in page
    page = await visitor.get("/groups/1?q=ada")
    assert "Ada Lovelace" in page
    assert "王芳" not in page.split("What happened lately")[0]


async def test_a_big_roster_is_paged(site: Site) -> None:
    effects = Effects(site.store.keys)
    group = await site.members.group_number(TEA, "Tea")
    for index in range(130):
        number = await site.members.number("sandbox", Account(id=f"u{index}", name=f"M{index}"))
        effects.fact(site.store.keys.group_present(group), number)
    await site.store.apply(effects)
    visitor = await site.operator("ann", "viewer")
    path, seen = f"/groups/{group}", 0
    while path:
        page = await visitor.get(path)
        seen += len(re.findall(r'class="who" href="/members/', page))
        onward = NEXT.search(page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == 130


async def test_the_journal_is_searched_filtered_and_paged(site: Site) -> None:
    effects = Effects(site.store.keys)
    for index in range(120):
        entry = Entry(
            at=site.clock.now() + index,
            what="delivery.sent" if index % 2 else "delivery.failed",
            conversation=TEA.key,
            text=f"tip number {index}",
        )
        record(effects, entry)
    await site.store.apply(effects)
    visitor = await site.operator("ann", "viewer")
    path, seen = "/journal?what=delivery.sent&q=tip", []
    while path:
        page = await visitor.get(path)
        seen += re.findall(r"tip number (\d+)", page)
        onward = NEXT.search(page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [str(n) for n in range(119, 0, -2)]
    assert "No entry fits" in await visitor.get("/journal?q=nothing+like+this")
    assert (await visitor.status("/journal?before=not-an-id"))[0] == 200


async def test_a_dead_letter_is_replayed_once_or_dropped(site: Site) -> None:
    event = MessageReceived(
        id="m1",
        gateway="sandbox",
        at=1,
        account=Account(id="u1"),
        group="tea",
        message=Message.of("hi"),
    )
    keys = site.store.keys
    for _ in range(2):
        letter = DeadLetter(
            at=1, conversation=TEA.key, event=event.model_dump_json(), reason="KeyError: 'x'"
        )
        await site.store.call("XADD", keys.inbox_dead(), "*", "letter", letter.model_dump_json())
    (second, _), (first, _) = await site.inbox.dead_letters()
    visitor = await site.operator("ann", "manager")
    assert "KeyError: &#39;x&#39;" in await visitor.get("/dead-letters?q=keyerror")
    for _ in range(2):
        assert (await visitor.post(f"/dead-letters/{first}/replay", {})).status == 303
    assert await site.store.call("LLEN", keys.inbox_queue(TEA.key)) == 1
    assert (await visitor.post(f"/dead-letters/{second}/drop", {})).status == 303
    assert await site.inbox.dead_letters() == []
    assert "No dead letters" in await visitor.get("/dead-letters")
    assert [c.what for _, c in await site.console.audit.recent()][:2] == [
        "dead_letter.dropped",
        "dead_letter.replayed",
    ]
    await site.store.call("DEL", keys.inbox_queue(TEA.key), keys.inbox_ready())


async def test_a_delivery_in_doubt_waits_for_a_word_and_takes_it_once(site: Site) -> None:
    keys = site.store.keys
    for ident in ("000000000001", "000000000002"):
        doubt = Delivery(id=ident, to=TEA, message=Message.of("tip"), priority="broadcast")
        await site.store.call("HSET", keys.outbox_doubt(), ident, doubt.model_dump_json())
    visitor = await site.operator("ann", "manager")
    assert (await visitor.get("/in-doubt")).count("<article") == 2
    for _ in range(2):
        assert (await visitor.post("/in-doubt/000000000001/send", {})).status == 303
    assert (await visitor.post("/in-doubt/000000000002/leave", {})).status == 303
    assert await site.outbox.in_doubt() == []
    assert sum((await site.outbox.waiting("sandbox")).values()) == 1
    assert "Sent again by an operator" in await visitor.get("/journal")


async def test_a_viewer_sees_decisions_but_no_buttons(site: Site) -> None:
    await populate(site)
    visitor = await site.operator("ann", "viewer")
    for path in ("/dead-letters", "/in-doubt"):
        page = await visitor.get(path)
        assert "<article" in page
        assert 'action="/dead-letters/' not in page
        assert 'action="/in-doubt/' not in page


async def test_gateways_tell_how_they_are(site: Site) -> None:
    page = await (await site.operator("ann", "viewer")).get("/gateways")
    for words in (
        "Waiting to connect again",
        "connection refused",
        "At most 20 messages in 1 minute",
    ):
        assert words in page


async def test_every_page_and_its_rest_stand_for_odd_parameters(site: Site) -> None:
    await populate(site)
    visitor = await site.operator("ann", "admin")
    for path in ("/groups", "/groups/1", "/members", "/members/1", "/journal", "/dead-letters"):
        for query in (
            "after=-1",
            "after=zz",
            "before=%00",
            "q=%F0%9F%8C%B8&after=begins:zz",
            "q=%",
        ):
            assert (await visitor.status(f"{path}?{query}"))[0] == 200, (path, query)
    for path in ("/in-doubt", "/operators", "/audit"):
        assert (await visitor.status(f"{path}?after=zz&before=zz&q=%5B"))[0] == 200


async def test_a_conversation_nobody_knows_is_shown_by_its_key(site: Site) -> None:
    effects = Effects(site.store.keys)
    ghost = Conversation(gateway="qq", group="ghost")
    record(effects, Entry(at=1, what="odd.thing", conversation=ghost.key, member=77))
    await site.store.apply(effects)
    page = await (await site.operator("ann", "viewer")).get("/journal")
    assert "qq/g/ghost" in page
    assert "odd.thing" in page
