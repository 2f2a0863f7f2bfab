"""Group welcomes in the console: written, chosen by people, and watched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape
from itertools import count

import pytest

from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer
from tests.console.house import CONFIG, House, opened
from tests.gateways.wecom.company import SECRET, company
from tests.gateways.wecom.shop import KEY, TOKEN

_houses = count(1)
ADD = "externalcontact/group_welcome_template/add"
FORM = {"gateway": "wecom", "text": "Welcome, {{ member.name }}!", "attachment": "", "tell": "on"}


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock) as served:
        yield served


@pytest.fixture
async def house(valkey: str, server: WeComServer) -> AsyncIterator[House]:
    """A bot with a gateway that keeps group welcomes."""
    gateway = f"""
[gateways.wecom]
adapter = "wecom"
corp_id = "{server.corp_id}"
agent_id = 1000002
secret = "{SECRET}"
token = "{TOKEN}"
aes_key = "{KEY}"
api_url = "{server.url}"
"""
    async with opened(valkey, f"welcomes{next(_houses)}", CONFIG + gateway) as made:
        yield made


async def test_a_text_is_written_and_the_page_says_that_a_person_must_choose_it(
    house: House, server: WeComServer
) -> None:
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/group-welcomes")
    for words in ("No group welcome yet", "A person must choose it for each group", "入群欢迎语"):
        assert words in page
    answer = await visitor.post("/group-welcomes", FORM)
    one = answer.headers["Location"]
    assert answer.status == 303
    assert "It is at the platform now." in await visitor.get(one)
    assert len(server.welcomes.templates) == 1
    listed = await visitor.get("/group-welcomes")
    assert "at the platform" in listed
    assert "Welcome, {{ member.name }}!" in unescape(listed)


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    house: House, server: WeComServer
) -> None:
    visitor = await house.operator("ann", "manager")
    form = {**FORM, "text": "Hello {{ member.age }}", "attachment": "link_card", "url": "tea"}
    token = await visitor.csrf()
    async with visitor.client.post(
        "/group-welcomes", data={**form, "csrf": token}, headers={"Origin": visitor.url}
    ) as answer:
        page = unescape(await answer.text())
    assert answer.status == 422
    for words in (
        "nothing is filled in here but {{ member.name }}, got {{ member.age }}",
        "expected an address such as https://example.com/tea.jpg",
        "missing",
        "Hello {{ member.age }}",
    ):
        assert words in page
    assert not server.asked[ADD]


async def test_one_that_was_edited_elsewhere_says_so_and_is_put_back(
    house: House, server: WeComServer
) -> None:
    visitor = await house.operator("ann", "manager")
    one = (await visitor.post("/group-welcomes", FORM)).headers["Location"]
    (ident,) = server.welcomes.templates
    server.welcomes.edited(ident, "Somebody else's words")
    await visitor.post("/group-welcomes/look", {})
    assert "edited elsewhere" in await visitor.get("/group-welcomes")
    page = unescape(await visitor.get(one))
    assert "Somebody else's words" in page
    assert "edited elsewhere" in unescape(await visitor.get("/"))
    await visitor.post(f"{one}/push", {})
    assert "at the platform" in await visitor.get(one)
    assert server.welcomes.templates[ident].body["text"]["content"] == "Welcome, %NICKNAME%!"


async def test_one_in_doubt_says_what_to_look_for(house: House, server: WeComServer) -> None:
    visitor = await house.operator("ann", "manager")
    server.refuse[ADD] = [-1]
    one = (await visitor.post("/group-welcomes", FORM)).headers["Location"]
    page = await visitor.get(one)
    assert "in doubt" in page
    assert "It is not there: make it" in page
    assert "Delete this text" not in page  # nobody knows what would be deleted
    await visitor.post(f"{one}/push", {})
    assert len(server.welcomes.templates) == 1


async def test_one_is_changed_and_deleted(house: House, server: WeComServer) -> None:
    visitor = await house.operator("ann", "manager")
    one = (await visitor.post("/group-welcomes", FORM)).headers["Location"]
    card = {"attachment": "link_card", "url": "https://tea.example/new", "title": "Tea"}
    await visitor.post(one, {**FORM, **card})
    (template,) = server.welcomes.templates.values()
    assert template.body["link"]["url"] == "https://tea.example/new"
    assert "https://tea.example/new" in await visitor.get(one)
    await visitor.post(f"{one}/end", {})
    assert server.welcomes.templates == {}
    assert (await visitor.status(one))[0] == 404


async def test_a_viewer_reads_and_changes_nothing(house: House, server: WeComServer) -> None:
    manager = await house.operator("ann", "manager")
    one = (await manager.post("/group-welcomes", FORM)).headers["Location"]
    viewer = await house.operator("ben", "viewer")
    page = await viewer.get(one)
    assert "Change it" not in page
    assert (await viewer.post(f"{one}/end", {})).status == 403
    assert len(server.welcomes.templates) == 1


async def test_where_no_gateway_keeps_such_texts_the_menu_does_not_name_them(valkey: str) -> None:
    async with opened(valkey, f"welcomes{next(_houses)}") as plain:
        visitor = await plain.operator("ann", "manager")
        assert "/group-welcomes" not in await visitor.get("/")
        page = await visitor.get("/group-welcomes")  # but whoever comes is told what to do
        for words in ("No gateway here keeps such texts", "wecom", 'href="/welcomes"'):
            assert words in page
        assert "<textarea" not in page
