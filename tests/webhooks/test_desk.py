"""Webhooks are kept by admins: on the page, over the API, on the command line; secrets stay."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.testing.clock import TestClock
from bot.tokens import SCOPES, Tokens
from bot.webhooks.endpoint import BadWebhook, checked_url
from bot.webhooks.events import described
from bot.webhooks.post import Post
from tests.api.conftest import Tool
from tests.cli.conftest import Line, muster
from tests.console.conftest import Visitor
from tests.console.house import opened
from tests.webhooks.conftest import Wired

__all__ = ["muster"]
DOCS = Path(__file__).parents[2] / "docs"


# where messages may go


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hooks",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://2130706433/",
        "https://127.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://user:pass@shop.example/",
        "https://shop.example/#part",
        "ftp://shop.example/",
        "https://",
        "shop.example",
        "https://shop.example/a b",
        "https://" + "a" * 2000,
    ],
)
def test_what_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(BadWebhook):
        checked_url(url, allow_private=False)


def test_with_the_setting_the_own_network_may_be_told_and_only_it_without_https() -> None:
    assert checked_url("http://127.0.0.1:9000/hooks", allow_private=True)
    assert checked_url("https://10.0.0.5/hooks", allow_private=True)
    with pytest.raises(BadWebhook):
        checked_url("http://93.184.216.34/", allow_private=True)


class Liar(AbstractResolver):
    """Says that every name is this very machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


async def test_a_name_that_leads_into_the_own_network_is_not_connected_to() -> None:
    post = Post(TestClock(), allow_private=False, resolver=Liar())
    try:
        reply = await post.send("https://shop.example/", b"{}", {})
        assert (reply.status, reply.reason) == (0, "private")
        reply = await post.send("https://169.254.169.254/", b"{}", {})
        assert (reply.status, reply.reason) == (0, "private")
    finally:
        await post.close()


# the page


async def test_an_admin_adds_tests_pauses_and_takes_away_a_webhook_on_the_page(
    wired: Wired,
) -> None:
    ann = await wired.house.operator("ann", "admin")
    assert "Nobody is told yet" in await ann.get("/webhooks")
    form = {"url": f"{wired.shop.url}?key=s3cretkey", "note": "The shop", "event": "member.joined"}
    page = await said(ann, "/webhooks", form)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page)
    assert secret
    listed = await ann.get("/webhooks")
    assert "The shop" in listed
    assert "whsec_" not in listed
    assert "s3cretkey" not in listed
    (one,) = await wired.rooms.webhooks.all()
    here = f"/webhooks/{one.id}"
    assert secret[0] not in await ann.get(here)
    assert "It arrived: the answer was 204." in await said(ann, f"{here}/test", {})
    wired.shop.answers = [500]
    assert "It did not arrive: it answered 500." in await said(ann, f"{here}/test", {})
    assert wired.shop.heard[0].verified(secret[0])["type"] == "webhook.test"
    assert (await ann.post(f"{here}/pause", {})).status == 303
    assert "paused" in await ann.get(here)
    assert (await ann.post(f"{here}/resume", {})).status == 303
    page = await said(ann, f"{here}/rotate", {})
    assert "whsec_" in page
    assert secret[0] not in page
    assert (await ann.post(f"{here}/remove", {})).status == 303
    assert "Nobody is told yet" in await ann.get("/webhooks")
    audit = await ann.get("/audit")
    assert "Added a webhook" in audit
    assert "whsec_" not in audit
    assert "s3cretkey" not in audit


async def said(visitor: Visitor, path: str, form: dict[str, str]) -> str:
    """What a form is answered with."""
    async with visitor.client.post(
        path, data={**form, "csrf": await visitor.csrf()}, headers={"Origin": visitor.url}
    ) as answer:
        return await answer.text()


async def test_what_is_wrong_is_said_at_the_field_and_kept(wired: Wired) -> None:
    ann = await wired.house.operator("ann", "admin", "zh")
    page = await said(ann, "/webhooks", {"url": "http://93.184.216.34/", "event": "member.left"})
    assert 'value="http://93.184.216.34/"' in page
    assert 'value="member.left" checked' in page
    assert 'class="wrong" role="alert"' in page
    assert (await ann.post("/webhooks", {"url": wired.shop.url})).status == 422


async def test_only_admins_see_webhooks(wired: Wired) -> None:
    bob = await wired.house.operator("bob", "manager")
    assert (await bob.status("/webhooks"))[0] == 403
    assert "/webhooks" not in await bob.get("/")


async def test_dead_letters_are_sent_again_from_the_page(wired: Wired) -> None:
    endpoint, store = await wired.connect("member.joined"), wired.house.store
    wired.shop.status = 500
    await wired.happens(2)
    await wired.shop.wait(2)
    await given_up(wired, endpoint.id)
    ann = await wired.house.operator("ann", "admin")
    assert "2 events were not taken by a webhook" in await ann.get("/")
    page = await ann.get(f"/webhooks/{endpoint.id}")
    assert page.count("it answered 500") >= 2
    wired.shop.status = 200
    (first, _) = await wired.rooms.webhook_queue.letters(endpoint.id)
    await ann.post(f"/webhooks/{endpoint.id}/replay", {"event": first.event})
    heard = await wired.shop.wait(3)
    assert heard[2].id == first.event
    await ann.post(f"/webhooks/{endpoint.id}/drop", {})
    assert await store.call("ZCARD", store.keys.webhook_dead(endpoint.id)) == 0


async def given_up(wired: Wired, endpoint: str) -> None:
    """What waits is given up now, as after the last try."""
    store = wired.house.store
    due, dead = store.keys.webhook_due(endpoint), store.keys.webhook_dead(endpoint)
    async with asyncio.timeout(10):
        while await store.call("ZCARD", store.keys.webhook_sending(endpoint)):
            await asyncio.sleep(0.01)
    for event, score in (await store.table("ZRANGE", due, 0, -1, "WITHSCORES")).items():
        await store.call("ZREM", due, event)
        await store.call("ZADD", dead, score, event)


# the API and the command line


async def test_a_tool_keeps_webhooks_over_the_api(wired: Wired) -> None:
    house = wired.house
    _, token = await Tokens(house.store).make("crm", SCOPES, "ann", seconds=60)
    visitor = house.visitor()
    tool = Tool(visitor.client, token)
    wanted = {"url": wired.shop.url, "events": ["member.joined"], "note": "crm"}
    made = await tool.ask("POST", "/webhooks", wanted)
    assert made.status == 201
    here = f"/webhooks/{made.json['id']}"
    assert made.json["secret"].startswith("whsec_")
    assert "whsec_" not in (await tool.ask("GET", "/webhooks")).text
    tried = (await tool.ask("POST", f"{here}/test")).json
    assert (tried["arrived"], tried["status"]) == (True, 204)
    wrong = await tool.ask("PUT", here, {**wanted, "events": ["member.join"]})
    assert (wrong.status, wrong.at) == (422, [("body", "/events")])
    assert 'did you mean "member.joined"' in wrong.json["detail"]
    wired.shop.status = 500
    await wired.happens()
    await wired.shop.wait(2)
    await given_up(wired, made.json["id"])
    (letter,) = (await tool.get(f"{here}/letters"))["items"]
    assert (letter["type"], letter["reason"]) == ("member.joined", "status 500")
    wired.shop.status = 204
    again = await tool.ask("POST", f"{here}/letters/{letter['event']}/replay")
    assert again.json == {"replayed": 1}
    await wired.shop.wait(3)
    assert (await tool.ask("POST", f"{here}/pause")).json["state"] == "paused"
    assert (await tool.ask("DELETE", here)).status == 200
    assert (await tool.ask("GET", here)).status == 404
    reader = Tool(visitor.client, await self_made(house.store, "read:webhooks"))
    assert (await reader.ask("POST", "/webhooks", wanted)).status == 403


async def self_made(store: object, scope: str) -> str:
    """A token with one scope."""
    _, text = await Tokens(store).make("reader", [scope], "ann", seconds=60)  # type: ignore[arg-type]
    return text


def test_webhooks_on_the_command_line(muster: Line) -> None:
    url = "https://shop.example/hooks?key=s3cretkey"
    made = muster.muster("webhooks", "add", url, "--event", "member.joined", "--name", "shop")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("whsec_")
    listed = muster.muster("webhooks", "list").output
    assert "shop" in listed
    (row,) = json.loads(muster.muster("webhooks", "list", "--json").stdout)
    assert (row["events"], row["state"], row["waiting"]) == (["member.joined"], "active", 0)
    assert "s3cretkey" not in json.dumps(row)
    assert muster.muster("webhooks", "pause", "shop").exit_code == 0
    assert "paused" in muster.muster("webhooks", "list").output
    assert muster.muster("webhooks", "resume", "shop").exit_code == 0
    assert muster.muster("webhooks", "letters", "shop").output == "Nothing was given up.\n"
    assert muster.muster("webhooks", "replay", "shop").output == "0 sent again.\n"
    assert muster.muster("webhooks", "remove", "shop", "--yes").exit_code == 0
    gone = muster.muster("webhooks", "pause", "shop")
    assert (gone.exit_code, "there is no webhook 'shop'" in gone.output) == (1, True)
    wrong = muster.muster("webhooks", "add", "https://x.example", "--event", "member.join")
    assert (wrong.exit_code, 'did you mean "member.joined"' in wrong.output) == (1, True)


def test_the_documented_shapes_are_those_that_are_sent() -> None:
    kept = json.loads((DOCS / "webhooks.schema.json").read_text("utf-8"))
    assert kept == described(), "muster webhooks events --json > docs/webhooks.schema.json"
    text = (DOCS / "webhooks.md").read_text("utf-8")
    assert all(f"`{one['title']}`" in text for one in described()["oneOf"])


async def test_without_the_setting_a_running_bot_tells_nobody_in_its_network(
    valkey: str, wired: Wired
) -> None:
    async with opened(valkey, "hooks-strict") as house:
        with pytest.raises(BadWebhook):
            await house.rooms.webhooks.add(wired.shop.url, ["member.joined"], "ann")
