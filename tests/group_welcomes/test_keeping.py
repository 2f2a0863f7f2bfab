"""Group welcomes: written here, kept by the platform, edited and deleted by people over there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.group_welcomes.group_welcomes import GroupWelcomes, Meddled, NoSuchWelcome
from bot.group_welcomes.kept import PATIENCE
from bot.located import Problems
from bot.model.group_welcome import GroupWelcome
from bot.model.message import File, LinkCard, MiniProgram, Video
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer
from tests.gateways.wecom.company import company
from tests.gateways.wecom.shop import Shop, picture

HELLO = GroupWelcome(text="Welcome, {{member.name}}!")
ADD = "externalcontact/group_welcome_template/add"
EDIT = "externalcontact/group_welcome_template/edit"
DELETE = "externalcontact/group_welcome_template/del"
BUSY = -1
"""WeCom may have done it all the same."""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock) as served:
        yield served


@pytest.fixture
async def shop(server: WeComServer, store: Store) -> AsyncIterator[Shop]:
    opened = Shop(server, store)
    try:
        yield opened
    finally:
        await opened.adapter.close()


@pytest.fixture
def room(shop: Shop, store: Store) -> GroupWelcomes:
    return GroupWelcomes(store, lambda: {"wecom": shop.adapter})


async def make(room: GroupWelcomes, welcome: GroupWelcome = HELLO, *, tell: bool = True) -> Any:
    return await room.make("wecom", welcome, "ann", tell=tell)


async def test_a_text_is_kept_with_the_placeholder_of_its_platform(
    server: WeComServer, room: GroupWelcomes
) -> None:
    kept = await make(room)
    assert (kept.state, kept.edited, kept.why) == ("there", False, "")
    assert server.welcomes.templates[kept.platform].body == {
        "text": {"content": "Welcome, %NICKNAME%!"}
    }
    assert server.welcomes.told_owners == [kept.platform]
    assert [one.id for one in await room.all()] == [kept.id]


async def test_owners_are_not_told_where_that_is_not_wanted(
    server: WeComServer, room: GroupWelcomes
) -> None:
    await make(room, tell=False)
    assert server.welcomes.told_owners == []


@pytest.mark.parametrize(
    ("welcome", "key", "said"),
    [
        (GroupWelcome(text="你" * 1001), "text", "3003 bytes, and 3000 are allowed"),
        (GroupWelcome(text="{{ member.age }}"), "text", "nothing is filled in here but"),
        (GroupWelcome(text="  "), "text", "a text or an attachment is needed"),
        (GroupWelcome(attachment=Video(url="tea.mp4")), "url", "expected an address such as"),
        (GroupWelcome(attachment=LinkCard(url="https://a.example", title="")), "title", "missing"),
        (
            GroupWelcome(attachment=LinkCard(url="https://a.example", title="茶" * 43)),
            "title",
            "129 bytes, and 128 are allowed",
        ),
        (GroupWelcome(attachment=File(url="https://a.example", name="")), "title", "missing"),
        (
            GroupWelcome(attachment=MiniProgram(app="wx1", path="", title="Tea")),
            "path",
            "missing",
        ),
    ],
)
async def test_what_the_platform_would_refuse_is_said_beside_its_field_before_it_is_asked(
    server: WeComServer, room: GroupWelcomes, welcome: GroupWelcome, key: str, said: str
) -> None:
    with pytest.raises(Problems) as told:
        await make(room, welcome)
    found = {problem.key: problem.message for problem in told.value.problems}
    assert said in found[key]
    assert not server.asked[ADD]
    assert await room.all() == []


async def test_a_text_whose_answer_was_lost_is_in_doubt_and_is_not_made_twice(
    server: WeComServer, room: GroupWelcomes
) -> None:
    server.refuse[ADD] = [BUSY]
    kept = await make(room)
    assert (kept.state, kept.platform) == ("doubt", "")
    assert (await room.look(kept.id)).state == "doubt"
    changed = await room.change(kept.id, GroupWelcome(text="Hello"), "ann")
    assert (changed.state, changed.wanted.text) == ("doubt", "Hello")
    assert server.asked[ADD] == 1
    made = await room.push(kept.id, "ann")  # somebody looked: it is not there
    assert (made.state, len(server.welcomes.templates)) == ("there", 1)


async def test_a_node_that_ends_while_it_makes_one_leaves_it_in_doubt(
    shop: Shop, room: GroupWelcomes, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(*_: object, **__: object) -> str:
        raise Killed

    with monkeypatch.context() as ending:
        ending.setattr(shop.adapter, "make_group_welcome", ends)
        with pytest.raises(Killed):
            await make(room)
    (kept,) = await room.all()
    assert kept.state == "making"
    for meddle in (room.push, room.end, room.forget):
        with pytest.raises(Meddled):  # the node may be at it still
            await meddle(kept.id, "ben")
    clock.advance(PATIENCE / 1000)
    assert (await room.get(kept.id)).state == "doubt"
    assert (await room.push(kept.id, "ben")).state == "there"


async def test_what_was_edited_at_the_platform_is_seen_and_can_be_put_back(
    server: WeComServer, room: GroupWelcomes
) -> None:
    kept = await make(room)
    server.welcomes.edited(kept.platform, "Hi %NICKNAME%, I am new here")
    assert not (await room.look(kept.id, older=60_000)).edited  # known well enough
    seen = await room.look(kept.id)
    assert seen.edited
    assert seen.seen is not None
    assert seen.seen.text == "Hi {{ member.name }}, I am new here"
    back = await room.push(kept.id, "ann")
    assert not back.edited
    body = server.welcomes.templates[kept.platform].body
    assert body["text"]["content"] == "Welcome, %NICKNAME%!"


async def test_the_platforms_are_asked_once_in_a_while_though_nobody_looks(
    server: WeComServer, room: GroupWelcomes, clock: TestClock
) -> None:
    kept = await make(room)
    server.welcomes.edited(kept.platform, "Hi")
    await room.follow()
    assert not (await room.get(kept.id)).edited
    clock.advance(3600)
    await room.follow()
    assert (await room.get(kept.id)).edited


async def test_what_was_deleted_at_the_platform_is_seen_and_can_be_made_again(
    server: WeComServer, room: GroupWelcomes
) -> None:
    kept = await make(room)
    server.welcomes.removed(kept.platform)
    await room.look_at_all()
    assert (await room.get(kept.id)).state == "gone"
    again = await room.push(kept.id, "ann")
    assert again.state == "there"
    assert [*server.welcomes.templates] == [again.platform]


async def test_a_change_the_platform_did_not_take_is_kept_and_brought_later(
    server: WeComServer, room: GroupWelcomes
) -> None:
    kept = await make(room)
    server.refuse[EDIT] = [BUSY]
    behind = await room.change(kept.id, GroupWelcome(text="Second"), "ben")
    assert (behind.state, behind.wanted.text) == ("behind", "Second")
    assert "busy" in behind.why
    there = await room.push(kept.id, "ben")
    assert (there.state, there.why, there.edited) == ("there", "", False)
    assert server.welcomes.templates[kept.platform].body == {"text": {"content": "Second"}}


async def test_the_hundred_and_first_text_of_a_company_is_refused_with_what_to_do(
    server: WeComServer, room: GroupWelcomes
) -> None:
    server.refuse[ADD] = [41055]
    kept = await make(room)
    assert kept.state == "unmade"
    assert "100 of these texts" in kept.why
    assert (await room.push(kept.id, "ann")).state == "there"


async def test_one_is_deleted_there_and_here(server: WeComServer, room: GroupWelcomes) -> None:
    kept = await make(room)
    assert await room.end(kept.id, "ann") is None
    assert server.welcomes.templates == {}
    with pytest.raises(NoSuchWelcome):
        await room.get(kept.id)


async def test_one_that_the_platform_does_not_delete_stays_until_it_is_forgotten(
    server: WeComServer, room: GroupWelcomes
) -> None:
    kept = await make(room)
    server.refuse[DELETE] = [41058]
    left = await room.end(kept.id, "ann")
    assert left is not None
    assert "did not make the text" in left.why
    await room.forget(kept.id, "ann")
    assert await room.all() == []
    assert len(server.welcomes.templates) == 1


async def test_one_that_somebody_deleted_already_is_deleted(
    server: WeComServer, room: GroupWelcomes
) -> None:
    kept = await make(room)
    server.welcomes.removed(kept.platform)
    assert await room.end(kept.id, "ann") is None


async def test_without_the_gateway_nothing_is_promised(
    server: WeComServer, room: GroupWelcomes, store: Store
) -> None:
    kept = await make(room)
    alone = GroupWelcomes(store, dict)
    assert alone.gateways() == {}
    with pytest.raises(Problems, match="not connected"):
        await alone.make("wecom", HELLO, "ann", tell=True)
    left = await alone.end(kept.id, "ann")
    assert left is not None
    assert "not connected" in left.why
    assert len(server.welcomes.templates) == 1


async def test_every_change_is_in_the_audit(room: GroupWelcomes, store: Store) -> None:
    kept = await make(room)
    await room.change(kept.id, GroupWelcome(text="Second"), "ben")
    await room.end(kept.id, "cat")
    rows = await store.call("XRANGE", store.keys.audit(), "-", "+")
    told = [fields[1].decode() for _, fields in rows]
    assert [("made" in told[0]), ("changed" in told[1]), ("ended" in told[2])] == [True] * 3
    assert '"who":"ben"' in told[1]
    assert "Welcome, {{ member.name }}!" in told[1]  # before


async def test_a_picture_that_the_platform_let_go_of_is_uploaded_anew(
    server: WeComServer, shop: Shop
) -> None:
    shown = GroupWelcome(text="See", attachment=picture())
    server.refuse[ADD] = [40007]
    ident = await shop.adapter.make_group_welcome(shown, tell=False)
    assert server.asked["media/upload"] == 2
    seen = await shop.adapter.group_welcome(ident)
    assert seen is not None
    assert seen.attachment is not None
    assert (seen.text, seen.attachment.kind) == ("See", "image")


@pytest.mark.parametrize(
    "attachment",
    [
        LinkCard(url="https://tea.example/new", title="Tea", description="New tea"),
        MiniProgram(app="wx1", path="pages/tea", title="Tea", picture=picture().url),
        Video(url="data:video/mp4;base64,AAAAAAAAAAAA", alt="Tea"),
        File(url="data:text/plain;base64,AAAAAAAAAAAA", name="tea.txt"),
    ],
    ids=lambda one: one.kind,
)
async def test_every_attachment_the_platform_knows_can_be_kept_and_read(
    shop: Shop, attachment: Any
) -> None:
    ident = await shop.adapter.make_group_welcome(
        GroupWelcome(text="See", attachment=attachment), tell=False
    )
    seen = await shop.adapter.group_welcome(ident)
    assert seen is not None
    assert seen.attachment is not None
    assert seen.attachment.kind == attachment.kind
