"""Admins make tokens for other tools in the console, and end them there."""

from __future__ import annotations

import re

from aiohttp import ClientSession

from tests.console.house import House


async def works(house: House, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        ClientSession() as client,
        client.get(f"{house.url}/api/v1/links", headers=headers) as answer,
    ):
        return answer.status


async def test_a_token_is_shown_once_works_and_ends_when_revoked(house: House) -> None:
    admin = await house.operator("ann", "admin")
    form = {"name": "shop", "scope": "read:links", "days": "30"}
    csrf = await admin.csrf()
    async with admin.client.post(
        "/operators/tokens", data={**form, "csrf": csrf}, headers={"Origin": house.url}
    ) as answer:
        shown = await answer.text()
    found = re.search(r'<code id="token">(muster_[\w-]+)</code>', shown)
    assert found
    assert await works(house, found[1]) == 200
    listed = await admin.get("/operators/tokens")
    assert "shop" in listed
    assert found[1].rpartition("_")[2] not in listed
    ident = re.search(r'name="id" value="(\w+)"', listed)
    assert ident
    revoked = await admin.post("/operators/tokens/revoke", {"id": ident[1]})
    assert revoked.status == 303
    assert await works(house, found[1]) == 401
    audited = await admin.get("/audit")
    assert "Made an API token" in audited
    assert "Ended an API token" in audited


async def test_a_token_that_cannot_be_made_is_refused_with_the_reason(house: House) -> None:
    admin = await house.operator("ann", "admin")
    for form, said in (
        ({"name": "shop", "days": "30"}, "Choose at least one scope."),
        ({"name": "", "scope": "read:links", "days": "30"}, "A token&#39;s name has"),
        ({"name": "shop", "scope": "read:links", "days": "9999"}, "Choose when it ends."),
    ):
        csrf = await admin.csrf()
        async with admin.client.post(
            "/operators/tokens", data={**form, "csrf": csrf}, headers={"Origin": house.url}
        ) as answer:
            assert answer.status == 422
            assert said in await answer.text()
    assert "No tokens yet" in await admin.get("/operators/tokens")


async def test_tokens_are_for_admins(house: House) -> None:
    manager = await house.operator("bo", "manager")
    assert (await manager.status("/operators/tokens"))[0] == 403
    assert (await manager.post("/operators/tokens", {"name": "x"})).status == 403
