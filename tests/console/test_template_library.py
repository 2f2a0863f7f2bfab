"""The library of templates in the console: shown, searched, copied, taken in and out."""

from __future__ import annotations

from html import unescape

import pytest

from tests.console.editing import TEA, post, upload
from tests.console.house import House


async def test_a_template_is_shown_as_a_card_and_as_a_timeline(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    page = unescape(await visitor.get("/sops/templates"))
    for words in ("A new member's first week", "When not", "6 steps · 7 days"):
        assert words in page
    page = unescape(await visitor.get("/sops/templates/new_member_week"))
    for words in (
        "3 days later",
        "20:00–21:00",
        "up to 6 hours late",
        "good to have you here",
        "欢迎来到",
    ):
        assert words in page
    waits = page.index("Waits for a reply, at most 2 days")
    assert waits < page.index("it came</span> 1 minute later")
    assert "/sops/start" not in page  # a viewer starts nothing
    assert "/edit" not in page


async def test_the_library_is_searched_by_title_name_and_purpose(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/sops/templates?q=leap")
    assert "birthday" not in page
    page = await visitor.get("/sops/templates?q=生日")
    assert 'id="birthday"' in page
    assert 'id="webinar"' not in page
    assert "No template fits" in await visitor.get("/sops/templates?q=zebra")


async def test_an_exported_template_can_be_imported_under_another_name(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    async with visitor.client.get("/sops/templates/survey/export") as answer:
        content = await answer.read()
        assert answer.headers["Content-Disposition"] == 'attachment; filename="survey.toml"'
    status, said = await upload(visitor, "survey.toml", content)
    assert status == 422
    assert "Another template is called this." in said
    status, where = await upload(visitor, "survey.toml", content, "my-survey")
    assert (status, where) == (303, "/sops/templates/my-survey")
    shelf = house.rooms.sops.shelf
    assert await shelf.get("my-survey") == await shelf.get("survey")
    assert (await shelf.find("my-survey")).text == content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TEA.replace("member.name", "member.nmae").encode(), "bad.toml:9"),
        (TEA.encode().replace(b"Thank", b"\xff"), "bad.toml:22"),
        (b"", "Choose a .toml file."),
        (b"#" * 263_000, "The file has more than 256 kB."),
    ],
)
async def test_an_import_with_mistakes_says_where_and_keeps_nothing(
    house: House, content: bytes, words: str
) -> None:
    visitor = await house.operator("ann", "manager")
    status, said = await upload(visitor, "bad.toml", content)
    assert status == 422
    assert words in said
    assert "bad" not in await house.rooms.sops.shelf.names()
    assert (await upload(visitor, "bad.toml", b"#" * 400_000))[0] == 413


async def test_a_copy_is_made_changed_and_taken_away(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    status, where = await post(
        visitor, "/sops/templates/birthday/duplicate", {"to": "birthday-vip"}
    )
    assert (status, where) == (303, "/sops/templates/birthday-vip/edit")
    status, said = await post(visitor, "/sops/templates/birthday/duplicate", {"to": "Birthday 2"})
    assert status == 422
    assert "Expected lower-case letters" in said
    assert "your own, version 1" in await visitor.get("/sops/templates/birthday-vip")
    await post(visitor, "/sops/templates/birthday-vip/delete", {})
    assert (await visitor.status("/sops/templates/birthday-vip"))[0] == 404
    assert "Version 1" in await visitor.get("/sops/templates/birthday-vip/history")
    await post(visitor, "/sops/templates/birthday-vip/restore", {"version": "1"})
    assert (await visitor.status("/sops/templates/birthday-vip"))[0] == 200
