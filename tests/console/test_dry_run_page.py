"""The dry run in the console: numbers, reasons and the members behind them."""

from __future__ import annotations

from tests.console.house import House, people


async def test_a_dry_run_shows_who_will_get_it_and_who_not(house: House) -> None:
    await people(house, 3)
    sops = house.rooms.sops
    await sops.start("weekly_tips", "all-groups", "ann", {"monday": "hello"})
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/sops/weekly_tips/dry-run")
    assert "wednesday" in page
    assert "Nothing is sent" in page
    names = await visitor.get("/sops/weekly_tips/dry-run/who?why=gets&step=wednesday")
    assert "茶友会 Tea" in names
    assert "Dry run" in await visitor.get("/sops/weekly_tips")
    assert (await visitor.status("/sops/weekly_tips/dry-run/who?why=magic"))[0] == 404
    assert (await visitor.status("/sops/weekly_tips/dry-run/who?why=gets&day=x"))[0] == 404
    assert (await visitor.status("/sops/nothing/dry-run"))[0] == 404
