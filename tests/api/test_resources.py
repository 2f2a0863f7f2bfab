"""Links, members, groups, audiences and SOPs over the API are what the house has."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Shop, Tool
from tests.console.house import click_around, live, people


async def every(tool: Tool, path: str, limit: int = 2) -> list[Any]:
    found, mark = [], "&" if "?" in path else "?"
    cursor = ""
    while True:
        page = await tool.get(
            f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        )
        assert len(page["items"]) <= limit
        found += page["items"]
        if not page["next"]:
            return found
        cursor = page["next"]


async def test_a_link_is_made_once_found_and_listed_in_pages(shop: Shop) -> None:
    tool = await shop.tool()
    body = {"url": "https://shop.example/茶?a=1#x", "campaign": "spring"}
    made, again = [await tool.ask("POST", "/links", body) for _ in range(2)]
    assert (made.status, again.status, made.json) == (201, 200, again.json)
    assert made.json["url"] == body["url"]
    assert "/l/" in made.json["short"]
    assert await tool.get(f"/links/{made.json['number']}") == made.json
    for n in range(4):
        await tool.ask("POST", "/links", {"url": f"https://shop.example/{n}"})
    assert [one["number"] for one in await every(tool, "/links")] == [5, 4, 3, 2, 1]
    assert [one["number"] for one in await every(tool, "/links?q=spring")] == [1]
    audited = [row for row in await shop.audited() if row[1] == "link.made"]
    assert len(audited) == 5
    assert audited[-1] == ("token shop", "link.made", "#1")


async def test_a_link_leads_nowhere_but_to_the_web(shop: Shop) -> None:
    said = await (await shop.tool()).ask("POST", "/links", {"url": "javascript:alert(1)"})
    assert (said.status, said.at) == (422, [("body", "/url")])


async def test_link_stats_are_those_of_the_console(shop: Shop) -> None:
    sale = await click_around(shop.house)
    clicks, tool = shop.house.rooms.clicks, await shop.tool()
    sums, found = await clicks.sums(sale), await tool.get(f"/links/{sale}/stats?days=20")
    assert found["total"] == {
        name: getattr(sums, name) for name in ("hits", "clicks", "members", "visitors")
    }
    assert found["verdicts"] == dict(sums.verdicts)
    assert len(found["days"]) == 20
    assert sum(day["clicks"] for day in found["days"]) == sums.clicks
    assert sum(part["clicks"] for part in found["groups"]) == sums.clicks
    assert {part["step"] for part in found["steps"]} == {"", "weekly_tips/wednesday"}
    assert (await tool.ask("GET", "/links/99/stats")).status == 404


async def test_members_are_found_and_given_tags_once(shop: Shop) -> None:
    await people(shop.house, 5)
    tool = await shop.tool()
    assert [one["number"] for one in await every(tool, "/members")] == [5, 4, 3, 2, 1]
    assert [one["name"] for one in await every(tool, "/members?q=ada")] == ["Ada Lovelace"]
    for _ in range(2):
        said = await tool.ask("PUT", "/members/1/tags/%E8%8C%B6%E5%8F%8B")
        assert said.json == {"tags": ["茶友"]}
    known = await tool.get("/members/1")
    assert (known["tags"], known["groups"]) == (["茶友"], [1, 2])
    assert (await tool.get("/audience?audience=tag:茶友"))["count"] == 1
    for _ in range(2):
        said = await tool.ask("DELETE", "/members/1/tags/%E8%8C%B6%E5%8F%8B")
        assert said.json == {"tags": []}
    changes = [row for row in await shop.audited() if row[1].startswith("member.")]
    assert changes == [
        ("token shop", "member.untagged", "member 1"),
        ("token shop", "member.tagged", "member 1"),
    ]
    assert (await tool.ask("PUT", "/members/99/tags/vip")).status == 404


async def test_groups_tell_how_many_are_in_them(shop: Shop) -> None:
    await people(shop.house, 6)
    tool = await shop.tool()
    found = await every(tool, "/groups")
    assert [(one["id"], one["members"]) for one in found] == [
        ("tea", 4),
        ("skincare", 4),
        ("running", 4),
    ]
    assert await tool.get("/groups/2") == found[1]
    assert (await tool.ask("GET", "/groups/9")).status == 404


async def test_audiences_are_counted_and_what_is_wrong_is_named(shop: Shop) -> None:
    await people(shop.house, 6)
    await shop.house.rooms.segments.save("tea", "group:sandbox/tea", "ann")
    tool = await shop.tool()
    assert (await tool.get("/audience?audience=segment:tea"))["count"] == 4
    assert (await tool.get("/audience?audience=all-groups&to=group"))["count"] == 3
    assert [one["name"] for one in await every(tool, "/segments")] == ["tea"]
    wrong = await tool.ask("GET", "/audience?audience=segment:te")
    assert (wrong.status, wrong.at) == (422, [("query", "/audience")])
    assert wrong.json["errors"][0]["hint"] == 'did you mean "tea"?'


START = {"template": "announcement", "audience": "all-groups", "parameters": {"text": "hello"}}


async def test_a_sop_is_started_paused_resumed_and_stopped(shop: Shop) -> None:
    await people(shop.house, 3)
    tool = await shop.tool()
    made = await tool.ask("POST", "/sops", START)
    assert (made.status, made.json["name"], made.json["state"]) == (201, "announcement", "running")
    known = await tool.get("/sops/announcement")
    assert (known["audience"], known["by"]) == ("all-groups", "token shop")
    for verb, state in (("pause", "paused"), ("resume", "running"), ("stop", "stop")):
        body = {"reason": "wrong date"} if verb == "pause" else None
        said = await tool.ask("POST", f"/sops/announcement/{verb}", body)
        assert said.json["state"].startswith(state), said.text
    late = await tool.ask("POST", "/sops/announcement/pause", {})
    assert (late.status, late.at) == (409, [])
    assert (await tool.ask("POST", "/sops/nothing/stop")).status == 404
    done = [what for who, what, on in await shop.audited() if "token shop" in f"{who} {on}"]
    assert done == ["sop.stopping", "sop.running", "sop.paused", "sop.started"]


async def test_a_start_sent_again_starts_nothing(shop: Shop) -> None:
    await people(shop.house, 3)
    tool = await shop.tool()
    told = [await tool.ask("POST", "/sops", START, Idempotency_Key="s1") for _ in range(3)]
    assert {one.text for one in told} == {told[0].text}
    assert len((await tool.get("/sops"))["items"]) == 1
    other = await tool.ask("POST", "/sops", {**START, "name": "x"}, Idempotency_Key="s1")
    assert other.status == 409


async def test_what_is_wrong_with_a_start_is_named_with_its_place(shop: Shop) -> None:
    tool = await shop.tool()
    for change, at in (
        ({"audience": "tag:"}, "/audience"),
        ({"template": "announcemen"}, "/template"),
        ({"parameters": {}}, "/parameters/text"),
        ({"name": "start"}, "/name"),
    ):
        said = await tool.ask("POST", "/sops", {**START, **change})
        assert said.status == 422, said.text
        assert said.at == [("body", at)], said.text
    assert (await tool.get("/sops"))["items"] == []


async def test_where_starts_need_approval_the_api_only_proposes(strict: Shop) -> None:
    await people(strict.house, 3)
    tool = await strict.tool()
    said = await tool.ask("POST", "/sops", START)
    assert (said.status, said.json["state"]) == (202, "waiting")
    assert (await tool.get("/sops"))["items"] == []
    (waiting,) = await strict.house.rooms.proposals.waiting()
    assert (waiting.id, waiting.by) == (said.json["proposal"], "token shop")
    await strict.house.rooms.proposals.approve(waiting.id, "ann")
    assert [one["name"] for one in (await tool.get("/sops"))["items"]] == ["announcement"]


async def test_results_and_runs_are_those_of_the_console(shop: Shop) -> None:
    await live(shop.house)
    tool, rooms = await shop.tool(), shop.house.rooms
    sop = await rooms.sops.get("weekly_tips")
    account = await rooms.report.of(sop)
    found = await tool.get("/sops/weekly_tips/results")
    assert found["total"]["sent"] == account.total.sent > 0
    assert found["total"]["clicks"] == account.total.clicks
    assert [one["step"] for one in found["steps"]] == [line.step for line in account.lines]
    runs = await every(tool, "/sops/weekly_tips/runs", 1)
    assert [one["run"] for one in runs] == [r.id for r in await rooms.sops.results.runs(sop.id)]
    assert sum(one["numbers"]["sent"] for one in runs) == account.total.sent
