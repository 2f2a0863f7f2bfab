"""Starting, changing and approving SOPs in the console, with the rights of each role."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.clock import utc
from tests.console.conftest import Visitor
from tests.console.house import CONFIG, House, opened, people

TEA = {"template": "announcement", "kind": "all-groups", "p-text": "Tea at three"}
WEEK = {"kind": "all-groups", "p-topic": "tea", "language": "en"}


async def sends(visitor: Visitor, path: str, form: dict[str, str]) -> tuple[int, str]:
    """A form sent without following where it leads: status, and page or address."""
    data = {**form, "csrf": await visitor.csrf()}
    async with visitor.client.post(
        path, data=data, headers={"Origin": visitor.url}, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location") or unescape(await answer.text())


@pytest.fixture
async def strict(valkey: str) -> AsyncIterator[House]:
    """A house in which somebody else must approve what starts or changes."""
    async with opened(
        valkey, "strict", f"{CONFIG}\n[sop]\napproval = true\nlock = '0s'\n"
    ) as house:
        yield house


async def test_an_author_proposes_and_cannot_start_change_or_approve(house: House) -> None:
    await people(house, 3)
    ann, bob = await house.operator("ann", "author"), await house.operator("bob", "manager")
    page = await ann.get("/sops/start?template=announcement")
    assert 'value="propose"' in page
    assert 'value="start"' not in page
    assert (await sends(ann, "/sops/start", {**TEA, "do": "start"}))[0] == 403
    status, where = await sends(ann, "/sops/start", {**TEA, "do": "propose", "note": "for June"})
    assert (status, where[:16]) == (303, "/sops/approvals/")
    for what in ("approve", "reject"):
        assert (await sends(ann, f"{where}/{what}", {}))[0] == 403
    assert await house.rooms.sops.all() == []
    await house.rooms.sops.start("weekly_tips", "all-groups", "bob")
    for path in ("/sops/weekly_tips/pause", "/sops/weekly_tips/stop"):
        assert (await sends(ann, path, {}))[0] == 403
    shown = await bob.get(where)
    for words in ("Tea at three", "3 groups", "for June", "Approve and start", "proposed"):
        assert words in shown
    assert (await sends(bob, f"{where}/approve", {"why": "good"}))[1] == "/sops/announcement"
    assert "good" in await ann.get(where)


async def test_nobody_approves_their_own_not_even_an_admin(strict: House) -> None:
    await people(strict, 3)
    ann, bob = await strict.operator("ann", "admin"), await strict.operator("bob", "manager")
    assert 'value="start"' not in await ann.get("/sops/start?template=announcement")
    _, where = await sends(ann, "/sops/start", {**TEA, "do": "start"})
    assert where.startswith("/sops/approvals/")
    assert "Approve and start" not in await ann.get(where)
    status, page = await sends(ann, f"{where}/approve", {})
    assert status == 403
    assert "somebody else has to approve it" in page
    assert await strict.rooms.sops.all() == []
    assert "1 proposal waits for your word" in await bob.get("/")
    assert "waits for your word" not in await ann.get("/")
    assert (await sends(bob, f"{where}/approve", {}))[0] == 303
    status, page = await sends(bob, f"{where}/approve", {})
    assert status == 409
    assert len(await strict.rooms.sops.all()) == 1


async def test_a_proposal_is_rejected_with_a_reason_or_withdrawn(house: House) -> None:
    await people(house, 3)
    ann, bob = await house.operator("ann", "author"), await house.operator("bob", "manager")
    _, first = await sends(ann, "/sops/start", {**TEA, "do": "propose"})
    _, second = await sends(ann, "/sops/start", {**TEA, "do": "propose"})
    await sends(bob, f"{first}/reject", {"why": "not on a Sunday"})
    assert "not on a Sunday" in await ann.get(first)
    assert (await sends(bob, f"{second}/withdraw", {}))[0] == 409
    assert (await sends(ann, f"{second}/withdraw", {}))[0] == 303
    listed = await bob.get("/sops/approvals")
    assert "rejected" in listed
    assert "withdrawn" in listed
    assert await house.rooms.sops.all() == []
    assert (await bob.status("/sops/approvals/99999"))[0] == 404


async def test_a_written_audience_is_read_back_in_words_with_its_number(house: House) -> None:
    await people(house, 6)
    ann = await house.operator("ann", "manager")
    ask = {"to": "member", "expression": "group:sandbox/tea and not tag:opt-out"}
    status, part = await sends(ann, "/sops/audience", ask)
    assert status == 200
    assert "茶友会 Tea" in part
    assert "<html" not in part
    assert re.search(r"As of now: \d members", part)
    status, part = await sends(ann, "/sops/audience", {**ask, "expression": "group:sandbox/tee"})
    assert status == 422
    assert "sandbox/tea" in part
    form = {"template": "new_member_week", **WEEK, "kind": "expression", "do": "preview"}
    status, page = await sends(ann, "/sops/start", {**form, "expression": ask["expression"]})
    assert status == 200
    assert "茶友会 Tea" in page
    status, page = await sends(ann, "/sops/start", {**form, "do": "start", "expression": "tagg:x"})
    assert status == 422
    assert await house.rooms.sops.all() == []
    viewer = await house.operator("eve", "viewer")
    assert (await sends(viewer, "/sops/audience", ask))[0] == 403


async def test_saved_audiences_are_offered(house: House) -> None:
    await people(house, 3)
    await house.rooms.segments.save("tea people", "group:sandbox/tea", "ann")
    ann = await house.operator("ann", "author")
    page = unescape(await ann.get("/sops/start?template=new_member_week"))
    term = re.search(r'data-insert="([^>]*?)" data-into', page)
    assert term
    status, part = await sends(ann, "/sops/audience", {"to": "member", "expression": term[1]})
    assert status == 200
    assert "tea people" in part


async def test_a_test_goes_to_oneself_alone_and_counts_nowhere(house: House) -> None:
    await people(house, 3)
    ann = await house.operator("ann", "author")
    status, page = await sends(ann, "/sops/start", {**TEA, "do": "test"})
    assert status == 422
    assert "which chat account is yours" in page
    assert (await sends(ann, "/account/chat", {"chat": "nonsense"}))[0] == 422
    await sends(ann, "/account/chat", {"chat": "sandbox/u1"})
    status, page = await sends(ann, "/sops/start", {**TEA, "do": "test"})
    assert status == 200
    assert "1 test message is on its way." in page
    await house.community.settle()
    entries = [entry for _, entry in await house.community.app.journal.recent(limit=50)]
    sent = [entry for entry in entries if entry.what == "delivery.sent"]
    assert [(entry.conversation, entry.source) for entry in sent] == [
        ("sandbox/d/u1", "test by ann")
    ]
    assert sent[0].text.startswith("Test · ")
    assert "Tea at three" in sent[0].text
    assert await house.rooms.sops.all() == []


async def test_a_running_sop_is_changed_after_its_difference_was_shown(house: House) -> None:
    await people(house, 3)
    await house.rooms.sops.start(
        "announcement", "all-groups", "ann", {"text": "Tea at three", "day": "2099-01-01"}
    )
    bob = await house.operator("bob", "manager")
    assert "/sops/announcement/edit" in await bob.get("/sops/announcement")
    form = {
        "base": "1",
        "p-text": "Tea at four",
        "p-day": "2099-01-01",
        "p-time": "12:00",
        "expression": "group:sandbox/tea",
    }
    status, page = await sends(bob, "/sops/announcement/edit", {**form, "do": "preview"})
    assert status == 200
    assert re.search(r"Tea at <del>three</del><ins>four</ins>", page)
    assert "2 are left out from now on" in page
    assert (await house.rooms.sops.get("announcement")).version == 1
    status, where = await sends(bob, "/sops/announcement/edit", {**form, "do": "apply"})
    assert where == "/sops/announcement"
    assert "Tea at four" in await bob.get(where)
    ((_, change),) = await house.console.audit.recent(limit=1)
    assert change.before["text"] == "Tea at three"
    assert change.after["audience"] == "group:sandbox/tea"
    status, page = await sends(bob, "/sops/announcement/edit", {**form, "do": "apply"})
    assert status == 422
    assert "Somebody else changed it" in page


async def test_times_and_texts_of_steps_are_changed_and_a_step_is_added(house: House) -> None:
    persons = await people(house, 3)
    sops = house.rooms.sops
    await sops.start("new_member_week", "all-groups", "ann", {"topic": "tea"}, language="en")
    bob, step = await house.operator("bob", "manager"), "first-evening"
    base = {"base": "1", "p-topic": "tea", "expression": "all-groups"}
    await persons[0].joins(await house.community.group("running"))
    form = {
        **base,
        f"s-{step}.text": "Hello {{ member.name }}",
        f"s-{step}.at": "19:00",
        "s-new.id": "day-two",
        "s-new.after": "2d",
        "s-new.at": "18:00",
        "s-new.text": "Two days already!",
        "remove-thanks": "yes",
    }
    status, page = await sends(bob, "/sops/new_member_week/edit", {**form, "do": "preview"})
    assert status == 200
    assert "<ins>Hello" in page
    assert "<ins>Two days already!</ins>" in page
    status, _ = await sends(bob, "/sops/new_member_week/edit", {**form, "do": "apply"})
    assert status == 303
    new = (await sops.version(await sops.get("new_member_week"))).template
    changed = new.find(step)
    assert changed
    assert (changed.at, changed.text.en) == ("19:00", "Hello {{ member.name }}")  # type: ignore[union-attr]
    assert new.find("day-two")
    assert new.find("thanks") is None
    base["base"] = "2"
    for field, value, told in (
        ("s-day-two.after", "soon", "expected seconds, or a duration"),
        ("s-day-two.text", "{{ nobody }}", "nobody"),
        ("s-new.id", "day-two", "another step"),
    ):
        given = {**base, field: value, "do": "apply"}
        if field == "s-new.id":
            given |= {"s-new.after": "1d", "s-new.text": "x"}
        status, page = await sends(bob, "/sops/new_member_week/edit", given)
        assert (status, told in page) == (422, True), (field, told)
    assert (await sops.get("new_member_week")).version == 2


async def test_members_in_flight_stay_or_move_and_a_new_step_is_caught_up(house: House) -> None:
    sops = house.rooms.sops
    await people(house, 3)
    await sops.start("new_member_week", "all-groups", "ann", {"topic": "tea"}, language="en")
    house.clock.advance(60)
    newcomer = house.community.member("late", "Late")
    await newcomer.joins(await house.community.group("tea"))
    for _ in range(3):
        house.clock.advance(86_400)
        while await house.rooms.planner.tick():
            await house.community.settle()
    bob = await house.operator("bob", "manager")
    form = {
        "base": "1",
        "p-topic": "tea",
        "expression": "all-groups",
        "s-new.id": "extra",
        "s-new.after": "1d",
        "s-new.text": "One more thing",
    }
    path = "/sops/new_member_week/edit"
    status, page = await sends(bob, path, {**form, "do": "preview"})
    assert status == 200
    assert "1 member got a step already" in page
    assert "“extra” also for 1 member who is past it, at once" in page
    stay = {**form, "do": "apply", "flight": "stay"}
    assert (await sends(bob, path, stay))[0] == 303
    version = await sops.version(await sops.get("new_member_week"))
    assert version.stayed == (1,)


async def test_with_approval_a_managers_change_waits_for_another(strict: House) -> None:
    await people(strict, 3)
    sops = strict.rooms.sops
    await sops.start("weekly_tips", "all-groups", "x")
    ann, bob = await strict.operator("ann", "manager"), await strict.operator("bob", "manager")
    form = {"base": "1", "expression": "group:sandbox/tea", "do": "apply", "note": "only tea"}
    version = await sops.version(await sops.get("weekly_tips"))
    form |= {f"p-{name}": str(value) for name, value in version.parameters.items()}
    _, where = await sends(ann, "/sops/weekly_tips/edit", form)
    assert where.startswith("/sops/approvals/")
    assert (await sops.get("weekly_tips")).version == 1
    page = await bob.get(where)
    for words in ("only tea", "2 are left out from now on", "The steps stay as they are."):
        assert words in page
    assert (await sends(bob, f"{where}/approve", {}))[1] == "/sops/weekly_tips"
    assert (await sops.get("weekly_tips")).version == 2


async def test_a_sop_is_not_changed_just_before_a_step_is_due(house: House) -> None:
    await people(house, 3)
    sops = house.rooms.sops
    soon = utc(house.clock.now() + 120_000 + 8 * 3_600_000)  # in Shanghai
    await sops.start(
        "announcement",
        "all-groups",
        "ann",
        {
            "text": "Tea",
            "day": f"{soon:%Y-%m-%d}",
            "time": f"{soon:%H:%M}",
        },
    )
    version = await sops.version(await sops.get("announcement"))
    bob = await house.operator("bob", "manager")
    form = {f"p-{name}": str(value) for name, value in version.parameters.items()}
    form |= {"base": "1", "expression": "all-groups", "p-text": "Coffee", "do": "apply"}
    status, page = await sends(bob, "/sops/announcement/edit", form)
    assert status == 422
    assert "It is locked: a step is due at" in page
    assert (await sops.get("announcement")).version == 1
