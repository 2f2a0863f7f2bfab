"""Who may do what over the API, and how requests are refused."""

from __future__ import annotations

import pytest

from bot.api.api import Api
from bot.tokens import SCOPES, BadToken
from tests.api.conftest import Shop
from tests.store.dump import dump


def operations(shop: Shop) -> list[tuple[str, str, str]]:
    app = shop.house.community.app
    api = Api(app, shop.house.console.directory, shop.tokens)
    words = {"tag": "vip", "entry": "1-0", **dict.fromkeys(("name", "webhook", "event"), "x")}
    words |= {"programme": "daily", "day": "2026-06-17", "script": "tea"}
    fill = {**words, "number": "1", "application": "1"}
    return [(one.method, one.path.format(**fill), one.scope) for one in api.operations]


async def test_without_a_token_there_is_nothing_but_the_description(shop: Shop) -> None:
    for text in ("", "nonsense", "muster_00000000_" + "x" * 43):
        nobody = shop.holding(text)
        for method, path, _ in operations(shop):
            said = await nobody.ask(method, path)
            assert said.status == 401, path
            assert said.headers["WWW-Authenticate"].startswith("Bearer")
    described = await shop.holding("").ask("GET", "/openapi.json")
    assert described.status == 200


async def test_a_token_does_only_what_its_scopes_allow(shop: Shop) -> None:
    tools = {scope: await shop.tool(scope, name=scope) for scope in SCOPES}
    for method, path, needed in operations(shop):
        for scope, tool in tools.items():
            said = await tool.ask(method, path)
            assert (said.status == 403) == (scope != needed), (path, scope, said.text)
            if scope != needed:
                assert f'scope="{needed}"' in said.headers["WWW-Authenticate"]


async def test_a_wrong_secret_and_a_token_in_the_address_open_nothing(shop: Shop) -> None:
    tool = await shop.tool()
    other = shop.holding(tool.token[:-1] + ("x" if tool.token[-1] != "x" else "y"))
    assert (await other.ask("GET", "/links")).status == 401
    nobody = shop.holding("")
    assert (await nobody.ask("GET", f"/links?access_token={tool.token}")).status == 401


async def test_a_token_ends_when_it_was_to_end_and_when_it_is_revoked(shop: Shop) -> None:
    short, long = await shop.tool(name="short"), await shop.tool(name="long", days=30)
    assert (await short.ask("GET", "/links")).status == 200
    shop.house.clock.advance(86_401)
    assert (await short.ask("GET", "/links")).status == 401
    assert (await long.ask("GET", "/links")).status == 200
    (token,) = [one for one in await shop.tokens.all() if one.name == "long"]
    assert await shop.tokens.revoke(token.id, "ann")
    assert (await long.ask("GET", "/links")).status == 401
    assert ("ann", "token.revoked", "long") in await shop.audited()


async def test_only_a_digest_of_the_secret_is_kept(shop: Shop) -> None:
    tool = await shop.tool()
    await tool.ask("GET", "/links")
    secret = tool.token.rpartition("_")[2]
    assert secret
    assert secret not in str(await dump(shop.house.store))


async def test_a_token_has_its_own_rate_and_says_when_to_come_back(shop: Shop) -> None:
    slow = await shop.tool("read:links", name="slow", per_minute=60)
    other = await shop.tool("read:links", name="other", per_minute=60)
    answers = [await slow.ask("GET", "/links") for _ in range(7)]
    assert [one.status for one in answers] == [200] * 6 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    assert (await other.ask("GET", "/links")).status == 200
    shop.house.clock.advance(1)
    assert (await slow.ask("GET", "/links")).status == 200
    assert (await slow.ask("GET", "/links")).status == 429


async def test_it_is_known_when_a_token_was_last_used(shop: Shop) -> None:
    tool = await shop.tool()
    (token,) = await shop.tokens.all()
    assert await shop.tokens.used() == {}
    await tool.ask("GET", "/links")
    assert await shop.tokens.used() == {token.id: shop.house.clock.now()}


@pytest.mark.parametrize(
    ("name", "scopes", "seconds", "said"),
    [
        ("", ["read:links"], 60, "name"),
        ("a", [], 60, "scope"),
        ("a", ["read:link"], 60, 'did you mean "read:links"?'),
        ("a", ["read:links"], 0, "ends"),
        ("taken", ["read:links"], 60, "There is a token of this name."),
    ],
)
async def test_a_token_that_cannot_be_is_not_made(
    shop: Shop, name: str, scopes: list[str], seconds: int, said: str
) -> None:
    await shop.tokens.make("taken", ["read:links"], "ann", seconds=60)
    with pytest.raises(BadToken, match=said.replace("?", r"\?")):
        await shop.tokens.make(name, scopes, "ann", seconds=seconds)
    assert len(await shop.tokens.all()) == 1


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/links?limit=0", ("query", "/limit")),
        ("/links?limit=1.0", ("query", "/limit")),
        ("/links?limit=1&limit=2", ("query", "/limit")),
        ("/links?pages=2", ("query", "/pages")),
        ("/links?cursor=nonsense", ("query", "/cursor")),
        ("/links/none", ("path", "/number")),
        ("/links/1?number=2", ("query", "/number")),
        ("/audience?audience=tag:", ("query", "/audience")),
    ],
)
async def test_a_wrong_value_is_named_with_its_place(
    shop: Shop, path: str, where: tuple[str, str]
) -> None:
    said = await (await shop.tool()).ask("GET", path)
    assert said.status == 422
    assert said.at == [where]


async def test_an_unknown_name_is_told_the_nearest(shop: Shop) -> None:
    said = await (await shop.tool()).ask("POST", "/links", {"ur": "https://a.example"})
    assert said.status == 422
    hints = {one["at"]: one["hint"] for one in said.json["errors"]}
    assert hints == {"/url": "", "/ur": 'did you mean "url"?'}


async def test_bodies_are_json_and_not_large(shop: Shop) -> None:
    tool = await shop.tool()
    assert (await tool.ask("POST", "/links", raw=b"{")).status == 400
    assert (await tool.ask("POST", "/links", raw=b"[" * 50_000)).status in (400, 422)
    text = await tool.ask("POST", "/links", raw=b"{}", Content_Type="text/plain")
    assert text.status == 415
    assert (await tool.ask("POST", "/links", raw=b" " * 65_537)).status == 413
    number = await tool.ask("POST", "/links", {"url": 5})
    assert number.at == [("body", "/url")]


async def test_other_methods_and_paths_are_refused_as_problems(shop: Shop) -> None:
    tool = await shop.tool()
    patched = await tool.ask("PATCH", "/links")
    assert (patched.status, patched.headers["Allow"], patched.at) == (405, "GET, POST", [])
    missing = await tool.ask("GET", "/nothing/here")
    assert (missing.status, missing.at) == (404, [])
    asked = await tool.ask("OPTIONS", "/links", Origin="https://evil.example")
    assert asked.status == 405
    assert "Access-Control-Allow-Origin" not in asked.headers


async def test_while_the_store_is_away_tools_are_told_to_come_back(shop: Shop) -> None:
    from bot.store.line import StoreError

    tool = await shop.tool()

    async def away(*_: object) -> None:
        raise StoreError("away")

    shop.house.community.app.store.call = away
    try:
        said = await tool.ask("GET", "/links")
    finally:
        shop.house.community.app.store.call = shop.house.community.app.store.line.call
    assert said.status == 503
    assert said.headers["Retry-After"] == "5"
