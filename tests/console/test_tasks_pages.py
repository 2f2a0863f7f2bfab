"""Staff tasks in the console: texts to copy, and what becomes of them."""

from __future__ import annotations

import re
from html import unescape

from bot.sop.outcomes.errand import Book, Errand
from bot.store.effects import Effects
from tests.console.house import House, assign, people


async def test_a_task_shows_its_text_its_reader_and_that_it_is_late(house: House) -> None:
    await people(house, 3)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    await assign(house, sop, "New tea <b>is</b> here\nShall I send some?", late=5, member=2)
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/tasks")
    for words in (
        "New tea &lt;b&gt;is&lt;/b&gt; here\nShall",
        "李雷",
        "due 5 hours ago",
        "data-copy",
    ):
        assert words in page
    assert "1 task waits for staff" in await visitor.get("/")


async def test_a_task_is_done_left_out_or_put_off_once(house: House) -> None:
    await people(house, 4)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    first, second, third = [
        await assign(house, sop, f"text {n}", late=1, member=n) for n in (1, 2, 3)
    ]
    visitor = await house.operator("ann", "manager")
    await visitor.post("/tasks/done", {"id": first.id})
    await visitor.post("/tasks/skip", {"id": second.id})
    await visitor.post("/tasks/postpone", {"id": third.id, "hours": "3"})
    (left,) = await house.rooms.sops.tasks.open()
    assert (left.id, left.due) == (third.id, house.clock.now() + 3 * 3_600_000)
    run = await house.rooms.sops.results.run(sop.id, "1/wednesday/x")
    assert (run.sent, run.skipped) == (1, {"staff": 1})
    assert (await visitor.post("/tasks/done", {"id": first.id})).status == 303
    assert "Somebody else closed it already." in await visitor.get("/tasks")
    assert (await visitor.post("/tasks/postpone", {"id": third.id, "hours": "x"})).status == 404
    told = [(change.what, change.on) for _, change in await house.console.audit.recent(limit=3)]
    assert told == [
        ("task.postponed", third.id),
        ("task.skipped", second.id),
        ("task.done", first.id),
    ]


async def test_a_viewer_copies_texts_and_decides_nothing(house: House) -> None:
    await people(house, 1)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    task = await assign(house, sop, "hello")
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/tasks")
    assert "data-copy" in page
    assert 'action="/tasks/' not in page
    assert (await visitor.post("/tasks/done", {"id": task.id})).status == 403
    assert await house.rooms.sops.tasks.count() == 1


async def test_tasks_are_paged_and_found(house: House) -> None:
    await people(house, 1)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    for n in range(1, 31):
        await assign(house, sop, f"text number {n}.", late=50 - n, member=n)
    visitor = await house.operator("ann", "viewer")
    first = await visitor.get("/tasks")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    pages = first + await visitor.get(unescape(onward[1]))
    found = [int(n) for n in re.findall(r"text number (\d+)\.", pages)]
    assert found == list(range(1, 31))
    assert re.findall(r"text number (\d+)\.", await visitor.get("/tasks?q=number+17")) == ["17"]
    assert "No task fits" in await visitor.get("/tasks?q=nothing")


async def test_without_tasks_the_page_says_where_they_come_from(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    assert "Nothing to do" in await visitor.get("/tasks")
    assert "tasks wait" not in await visitor.get("/")


async def test_a_task_that_staff_have_in_their_app_says_so_and_is_taken_back(
    house: House,
) -> None:
    await people(house, 1)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    task = await assign(house, sop, "New tea", member=1)
    book, now = Book(house.store), house.clock.now()
    errand = Errand(
        id=f"{sop.id}/7",
        gateway="wecom",
        staff="li",
        kind="direct",
        sop=sop.id,
        run=task.run,
        text="New tea",
        ends=now + 86_400_000,
        step="asked",
        platform="msg-1",
        since=now,
        reminded=(now, now),
    )
    effects = Effects(house.store.keys)
    book.begin(effects, errand, now + 60_000)
    effects.do("HSET", house.store.keys.sop_errand_of(), task.id, errand.id)
    assert await house.store.apply(effects)
    viewer = await house.operator("bea", "viewer")
    page = await viewer.get("/tasks")
    assert "With li in wecom since" in page
    assert "reminded 2 times" in page
    assert 'action="/tasks/withdraw"' not in page
    assert (await viewer.post("/tasks/withdraw", {"id": task.id})).status == 403
    visitor = await house.operator("ann", "manager")
    await visitor.post("/tasks/remind", {"id": task.id})
    wishes = house.store.keys.sop_errand_wish()
    assert await house.store.text("HGET", wishes, errand.id) == "remind\nann"
    await visitor.post("/tasks/withdraw", {"id": task.id})
    assert await house.store.text("HGET", wishes, errand.id) == "withdraw\nann"
    assert (await visitor.post("/tasks/remind", {"id": "none"})).status == 303
    told = [change.what for _, change in await house.console.audit.recent(limit=2)]
    assert told == ["errand.withdraw", "errand.remind"]
