"""Proposals: what one operator wants to start or change waits for another's yes."""

from __future__ import annotations

import asyncio

import pytest

from bot.console.audit import Audit
from bot.located import Problems
from bot.sop.changes.difference import Change, Differences
from bot.sop.changes.proposals import NoSuchProposal, OwnProposal, Proposals
from bot.sop.changes.redline import redline
from bot.sop.faults import Locked, WrongState
from bot.sop.foresight.preview import Preview

from .town import HOUR, Town

ROUTE = """
title = "Tips"
anchor = "calendar"
topic = "tips"
[parameters.what]
[[step]]
id = "morning"
every = "0 9 * * *"
text = "Tip: {{ what }}"
"""
WEEK = """
title = "First days"
anchor = "joined"
[[step]]
id = "hello"
after = "1h"
text = "Hello"
"""
LATER = WEEK + '[[step]]\nid = "later"\nafter = "2h"\ntext = "And later"\n'


@pytest.fixture
async def proposals(town: Town) -> Proposals:
    town.template("tips", ROUTE)
    await town.join("小明")
    return Proposals(town.sops)


async def test_what_is_proposed_starts_when_somebody_else_approves_it(
    town: Town, proposals: Proposals
) -> None:
    made = await proposals.start("tips", "all-groups", "ann", {"what": "tea"}, note="for June")
    assert await town.sops.all() == []
    sop = await proposals.approve(made.id, "bob", "good")
    assert [one.id for one in await town.sops.all()] == [sop.id] == ["tips"]
    assert (sop.identity.template, sop.identity.by) == ("tips", "bob")
    done = await proposals.get(made.id)
    assert (done.state, done.decided, done.why, done.sop) == ("approved", "bob", "good", "tips")
    await town.pass_by(24 * HOUR)
    assert await town.texts() == ["Tip: tea"]


async def test_nobody_approves_their_own(town: Town, proposals: Proposals) -> None:
    made = await proposals.start("tips", "all-groups", "ann", {"what": "tea"})
    with pytest.raises(OwnProposal):
        await proposals.approve(made.id, "ann")
    assert (await proposals.get(made.id)).state == "waiting"
    assert await town.sops.all() == []


async def test_two_who_approve_at_once_start_it_once(town: Town, proposals: Proposals) -> None:
    made = await proposals.start("tips", "all-groups", "ann", {"what": "tea"})
    others = [Proposals(town.room()) for _ in range(5)]
    answers = await asyncio.gather(
        *(one.approve(made.id, f"bob{n}") for n, one in enumerate(others)), return_exceptions=True
    )
    assert sum(isinstance(answer, WrongState) for answer in answers) == 4
    assert len(await town.sops.all()) == 1
    with pytest.raises(WrongState, match="approved by bob"):
        await proposals.approve(made.id, "eve")


async def test_an_end_in_the_middle_of_an_approval_never_starts_it_twice(
    town: Town, proposals: Proposals, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await proposals.start("tips", "all-groups", "ann", {"what": "tea"})
    apply = town.store.apply

    async def ends_before(_: object) -> bool:
        raise ConnectionError

    async def ends_after(effects: object) -> bool:
        await apply(effects)  # type: ignore[arg-type]
        raise ConnectionError

    for ending, state, started in ((ends_before, "waiting", 0), (ends_after, "approved", 1)):
        monkeypatch.setattr(town.store, "apply", ending)
        with pytest.raises(ConnectionError):
            await proposals.approve(made.id, "bob")
        monkeypatch.setattr(town.store, "apply", apply)
        assert (await proposals.get(made.id)).state == state
        assert len(await town.sops.all()) == started
    with pytest.raises(WrongState):
        await proposals.approve(made.id, "bob")
    assert len(await town.sops.all()) == 1


async def test_what_was_approved_is_what_was_proposed_though_the_file_changed(
    town: Town, proposals: Proposals
) -> None:
    made = await proposals.start("tips", "all-groups", "ann", {"what": "tea"})
    town.template("tips", ROUTE.replace("Tip:", "Buy:"))
    await proposals.approve(made.id, "bob")
    await town.pass_by(24 * HOUR)
    assert await town.texts() == ["Tip: tea"]


async def test_what_is_wrong_is_told_when_it_is_proposed(proposals: Proposals) -> None:
    with pytest.raises(Problems, match="what: missing"):
        await proposals.start("tips", "all-groups", "ann")
    with pytest.raises(Problems, match="page"):
        await proposals.start("tips", "all-groups", "ann", {"what": "x"}, name="approvals")
    assert await proposals.all() == []


async def test_a_proposed_edit_is_made_when_it_is_approved(
    town: Town, proposals: Proposals
) -> None:
    await town.start("tips", what="tea")
    made = await proposals.edit("tips", "ann", parameters={"what": "coffee"})
    assert (await town.sops.get("tips")).version == 1
    sop = await proposals.approve(made.id, "bob")
    assert sop.version == 2
    await town.pass_by(24 * HOUR)
    assert await town.texts() == ["Tip: coffee"]


async def test_an_edit_proposed_for_what_changed_since_is_not_made(
    town: Town, proposals: Proposals
) -> None:
    await town.start("tips", what="tea")
    made = await proposals.edit("tips", "ann", parameters={"what": "coffee"})
    await town.sops.edit("tips", "eve", parameters={"what": "milk"})
    with pytest.raises(WrongState, match="changed since"):
        await proposals.approve(made.id, "bob")
    assert (await proposals.get(made.id)).state == "waiting"


async def test_a_sop_is_locked_for_some_minutes_before_a_step_is_due(
    town: Town, proposals: Proposals
) -> None:
    town.sop_settings = town.sop_settings.model_copy(update={"lock": 600.0})
    town.change()
    await town.start("tips", what="tea")
    made = await Proposals(town.sops).edit("tips", "ann", parameters={"what": "coffee"})
    town.clock.advance(20 * HOUR + 55 * 60)  # 08:55
    with pytest.raises(Locked, match="09:00") as locked:
        await Proposals(town.sops).approve(made.id, "bob")
    assert "T09:00" in locked.value.due
    await town.pass_by(6 * 60)
    assert (await Proposals(town.sops).approve(made.id, "bob")).version == 2


async def test_a_no_and_a_withdrawal_are_final(proposals: Proposals) -> None:
    first = await proposals.start("tips", "all-groups", "ann", {"what": "tea"})
    second = await proposals.start("tips", "all-groups", "ann", {"what": "tea"})
    assert [one.id for one in await proposals.waiting()] == [second.id, first.id]
    await proposals.reject(first.id, "bob", "too much")
    with pytest.raises(WrongState, match="only who proposed"):
        await proposals.withdraw(second.id, "bob")
    await proposals.withdraw(second.id, "ann")
    for one in (first, second):
        with pytest.raises(WrongState):
            await proposals.approve(one.id, "bob")
    assert (await proposals.get(first.id)).why == "too much"
    with pytest.raises(NoSuchProposal):
        await proposals.get("nothing")


async def test_the_audit_has_every_change_with_before_and_after(
    town: Town, proposals: Proposals
) -> None:
    await town.start("tips", what="tea")
    made = await proposals.edit(
        "tips", "ann", parameters={"what": "coffee"}, audience="gateway:sandbox"
    )
    await proposals.approve(made.id, "bob", "yes")
    found = [change for _, change in await Audit(town.store).recent(limit=3)]
    changes = {change.what: change for change in found}
    edited, yes = changes["sop.edited"], changes["proposal.approved"]
    assert (edited.who, edited.on) == ("bob", "sop tips")
    assert edited.before == {"audience": "all-groups", "what": "tea"}
    assert edited.after == {"audience": "gateway:sandbox", "what": "coffee"}
    assert (yes.before, yes.after["state"], yes.after["why"]) == (
        {"state": "waiting"},
        "approved",
        "yes",
    )
    assert changes["proposal.made"].who == "ann"


async def test_an_approved_new_step_reaches_who_is_past_it_when_that_was_asked_for(
    town: Town,
) -> None:
    town.template("week", WEEK)
    proposals = Proposals(town.sops)
    await town.start("week")
    town.clock.advance(60)
    await town.join("小明")
    await town.pass_by(5 * HOUR)
    assert await town.texts() == ["Hello"]
    new = town.sops.library.parse(LATER, "later.toml")
    made = await proposals.edit("week", "ann", template=new, catch_up=("later",))
    await proposals.approve(made.id, "bob")
    await town.pass_by(HOUR)
    assert await town.texts() == ["And later"]


# what an approver sees


@pytest.fixture
def differences(town: Town) -> Differences:
    return Differences(town.sops, Preview(town.sops))


async def test_an_edit_is_shown_as_what_went_and_what_came(
    town: Town, differences: Differences
) -> None:
    town.template("tips", ROUTE)
    await town.join("小明")
    sop = await town.start("tips", what="green tea")
    text = ROUTE.replace("0 9 * * *", "0 10 * * *").replace(
        'id = "morning"', 'id = "morning"\nunless = "gateway:sandbox"'
    )
    text += '[[step]]\nid = "night"\nevery = "0 20 * * *"\ntext = "Good night"\n'
    new = await town.sops.revised(
        sop, "ann", town.sops.library.parse(text, "x.toml"), None, {"what": "black tea"}
    )
    found = await differences.edit(sop, new)
    assert [(one.id, one.kind) for one in found.steps] == [
        ("morning", "changed"),
        ("night", "added"),
    ]
    morning, night = found.steps
    assert morning.texts[""] == (
        ("same", "Tip: "),
        ("gone", "green"),
        ("new", "black"),
        ("same", " tea"),
    )
    assert morning.timed
    assert morning.settings == (Change("unless", "", "gateway:sandbox"),)
    assert night.texts[""] == (("new", "Good night"),)
    assert found.parameters == (Change("what", "green tea", "black tea"),)
    assert not found.audience.changed
    back = await differences.edit(sop, await town.sops.revised(sop, "ann"))
    assert back.empty


async def test_a_step_that_goes_and_a_guard_that_changes_are_shown(
    town: Town, differences: Differences
) -> None:
    town.template("week", LATER)
    await town.join("小明")
    sop = await town.start("week")
    short = WEEK.replace("[[step]]", "[guards]\ndaily_cap = 2\n[[step]]")
    new = await town.sops.revised(sop, "ann", town.sops.library.parse(short, "x.toml"))
    found = await differences.edit(sop, new)
    assert [(one.id, one.kind) for one in found.steps] == [("later", "removed")]
    assert found.steps[0].texts[""] == (("gone", "And later"),)
    assert found.settings == (Change("guards.daily_cap", "", "2"),)


async def test_who_joins_and_leaves_an_audience_is_named(
    town: Town, differences: Differences
) -> None:
    town.template("week", WEEK)
    numbers = [await town.join(name) for name in ("小明", "李雷", "Ada")]
    await town.tag(numbers[0], "vip")
    await town.tag(numbers[1], "vip")
    await town.tag(numbers[2], "new")
    sop = await town.start("week", "tag:vip")
    await town.leave(numbers[1])
    new = await town.sops.revised(sop, "ann", audience="tag:new or (tag:vip and all-groups)")
    audience = (await differences.edit(sop, new)).audience
    assert (audience.staying, audience.joining, audience.leaving) == (1, ("Ada",), ("李雷",))
    assert audience.total == 2


async def test_it_tells_who_is_in_flight_and_who_is_past_a_new_step(
    town: Town, differences: Differences
) -> None:
    town.template("week", WEEK)
    sop = await town.start("week")
    town.clock.advance(60)
    await town.join("小明")
    await town.join("Ada")
    await town.pass_by(90 * 60)
    await town.join("李雷")
    await town.pass_by(45 * 60)
    new = await town.sops.revised(sop, "ann", town.sops.library.parse(LATER, "later.toml"))
    found = await differences.edit(sop, new)
    assert found.flight.count() == 2
    assert {step: who.count() for step, who in found.past.items()} == {"later": 2}
    edited = await town.sops.edit("week", "ann", template=new.template, catch_up=found.past)
    assert edited.version == 2
    await town.texts()
    await town.pass_by(10 * 60)
    assert await town.texts() == ["And later", "And later"]


async def test_a_start_is_shown_as_all_it_brings(town: Town, differences: Differences) -> None:
    town.template("tips", ROUTE)
    await town.group("tea")
    await town.group("run")
    made = await Proposals(town.sops).start("tips", "all-groups", "ann", {"what": "tea"})
    found = await differences.start(await Proposals(town.sops).draft(made))
    assert [(one.kind, one.texts[""]) for one in found.steps] == [("added", (("new", "Tip: tea"),))]
    assert (found.audience.total, found.audience.joining) == (2, ("tea", "run"))


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("每周三见", "每周四见", ["same 每周", "gone 三", "new 四", "same 见"]),
        ("the green tea", "a black tea", ["gone the green", "new a black", "same  tea"]),
        ("one\ntwo\n", "one\ntwo\nthree\n", ["same one\ntwo\n", "new three\n"]),
        ("", "new", ["new new"]),
        ("same", "same", ["same same"]),
        ("x " * 4000, "y " * 4000, [f"gone {'x ' * 4000}", f"new {'y ' * 4000}"]),
    ],
)
def test_a_redline_marks_only_what_differs(before: str, after: str, pieces: list[str]) -> None:
    found = redline(before, after)
    assert [f"{mark} {text}" for mark, text in found] == pieces
    assert "".join(text for mark, text in found if mark != "new") == before
    assert "".join(text for mark, text in found if mark != "gone") == after
