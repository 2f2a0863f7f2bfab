"""Group robots speak in their groups, within twenty messages a minute, and cannot listen."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.config import load_config
from bot.gateways.adapter import Inlet
from bot.gateways.adapters import ADAPTERS
from bot.gateways.wecom_robot import WeComRobot, WeComRobotSettings
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, InDoubt, Misconfigured, Receipt, Refused, Retry
from bot.model.event import BaseEvent
from bot.model.message import File, Image, LinkCard, Mention, Message, Segment, Video
from bot.testing import TestClock
from bot.testing.wecom import WeComServer

SALES, WAREHOUSE = "key-of-sales", "key-of-warehouse"


class Robots:
    """The gateway; how it is stands in ``status``."""

    def __init__(self, server: WeComServer, clock: TestClock, **settings: Any) -> None:
        self.server = server
        self.status: list[str] = []
        inlet = Inlet(
            "robots",
            self._accept,
            clock,
            alive=lambda: self.status.append("alive"),
            lost=self.status.append,
        )
        address = f"{server.url}/cgi-bin/webhook/send?key={SALES}"
        keys = {"sales": address, "warehouse": WAREHOUSE}
        chosen = {"robots": keys, "api_url": server.url} | settings
        self.adapter = WeComRobot(inlet, WeComRobotSettings.model_validate(chosen))

    async def _accept(self, event: BaseEvent) -> bool:
        raise AssertionError("a robot hears nothing")

    async def say(
        self,
        *parts: str | Segment,
        id: str = "",  # noqa: A002, as Delivery has it
        attempt: int = 0,
        **to: str,
    ) -> Receipt:
        where = to or {"group": "sales"}
        return await self.adapter.send(
            Delivery(
                id=id,
                attempt=attempt,
                to=Conversation(gateway="robots", **where),
                message=Message.of(*parts),
            )
        )

    def heard(self, key: str = SALES) -> list[dict[str, Any]]:
        return self.server.robots.robots[key].received


@pytest.fixture
async def robots(clock: TestClock) -> AsyncIterator[Robots]:
    server = WeComServer(clock)
    server.robots.make(SALES)
    server.robots.make(WAREHOUSE)
    async with server.serve():
        made = Robots(server, clock)
        try:
            yield made
        finally:
            await made.adapter.close()


def test_it_is_known_by_its_name() -> None:
    assert ADAPTERS["wecom_robot"] is WeComRobot


async def test_words_call_whom_they_mention(robots: Robots) -> None:
    await robots.say("Please look, ", Mention(account="ann", name="Ann"), Mention(account=None))
    [body] = robots.heard()
    assert body["text"]["mentioned_list"] == ["ann", "@all"]
    assert body["text"]["content"].startswith("Please look, @Ann")


async def test_each_group_has_its_own_robot(robots: Robots) -> None:
    await robots.say("Stock is low", group="warehouse")
    assert (len(robots.heard()), len(robots.heard(WAREHOUSE))) == (0, 1)
    with pytest.raises(Refused, match="warehouse"):
        await robots.say("Stock is low", group="warehous")
    with pytest.raises(Refused, match="one person"):
        await robots.say("Hello", account="ann")


async def test_pictures_files_and_cards_are_shown(robots: Robots) -> None:
    png = b"\x89PNG\r\n\x1a\npicture"
    picture = Image(url=f"data:image/png;base64,{b64encode(png).decode()}")
    pdf = File(url="data:application/pdf,%25PDF-1.7", name="plan.pdf")
    card = LinkCard(url="https://x.example", title="Plan", image="https://x.example/p.png")
    film = Video(url="https://x.example/v.mp4", alt="The shop")
    receipt = await robots.say("Today", picture, pdf, card, film)
    bodies = robots.heard()
    assert [body["msgtype"] for body in bodies] == ["text", "image", "file", "news", "text"]
    assert b64decode(bodies[1]["image"]["base64"]) == png
    assert bodies[1]["image"]["md5"] == md5(png, usedforsecurity=False).hexdigest()
    assert bodies[3]["news"]["articles"][0]["picurl"] == "https://x.example/p.png"
    assert "https://x.example/v.mp4" in bodies[4]["text"]["content"]
    assert receipt.degraded == ("video shown as a link",)


async def test_a_large_picture_goes_as_a_file(robots: Robots) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(2 << 20)
    picture = Image(url=f"data:image/png;base64,{b64encode(png).decode()}")
    await robots.say(picture)
    assert [body["msgtype"] for body in robots.heard()] == ["file"]


async def test_a_file_is_uploaded_once_for_each_robot_and_again_after_three_days(
    robots: Robots, clock: TestClock
) -> None:
    pdf = File(url="data:application/pdf,%25PDF-1.7", name="plan.pdf")
    for group in ("sales", "sales", "warehouse"):
        await robots.say(pdf, group=group)
    assert robots.server.asked["webhook/upload_media"] == 2
    clock.advance(3 * 86_400)
    await robots.say(pdf)
    robots.server.refuse["webhook/send"] = [40007]  # let go of early
    await robots.say(pdf)
    assert robots.server.asked["webhook/upload_media"] == 4
    assert len(robots.heard()) == 4


async def test_a_long_text_comes_in_pieces_and_only_the_last_calls(robots: Robots) -> None:
    await robots.say("好" * 1500, Mention(account="ann", name="Ann"))
    texts = [body["text"] for body in robots.heard()]
    assert len(texts) == 3
    assert all(len(text["content"].encode()) <= 2048 for text in texts)
    assert [text.get("mentioned_list") for text in texts] == [None, None, ["ann"]]


async def test_above_its_limit_a_robot_waits_and_the_others_go_on(
    robots: Robots, clock: TestClock
) -> None:
    can = robots.adapter.capabilities
    assert can.chat_rate
    assert (can.chat_rate.count, can.chat_rate.seconds) == (20, 60)
    for number in range(20):
        await robots.say(str(number))
    with pytest.raises(Retry) as told:
        await robots.say("one too many")
    assert (told.value.after, told.value.scope) == (60, "chat")
    clock.advance(60)
    await robots.say("one too many", attempt=1)


async def test_after_a_failure_in_the_middle_only_the_rest_is_sent(robots: Robots) -> None:
    for number in range(19):
        await robots.say(str(number))
    with pytest.raises(Retry):
        await robots.say("好" * 1000, id="one")
    robots.server.robots._counters._blocked.clear()
    robots.server.robots._counters._times.clear()
    await robots.say("好" * 1000, id="one", attempt=1)
    assert "".join(body["text"]["content"] for body in robots.heard()[19:]) == "好" * 1000


@pytest.mark.parametrize("how", ["removed", "disabled", "left"])
async def test_a_robot_that_is_gone_is_an_operators_matter(robots: Robots, how: str) -> None:
    there = robots.server.robots.robots
    there[SALES].disabled = how == "disabled"
    there[SALES].in_group = how != "left"
    if how == "removed":
        del there[SALES]
    with pytest.raises(Misconfigured, match="robot was removed, disabled") as told:
        await robots.say("Hello")
    assert robots.status == [told.value.reason]
    assert SALES not in told.value.reason


async def test_an_unanswered_message_is_in_doubt_and_an_unreachable_wecom_is_tried_again(
    robots: Robots, clock: TestClock
) -> None:
    robots.server.refuse["webhook/send"] = [-1]
    with pytest.raises(InDoubt):
        await robots.say("Hello")
    nowhere = Robots(robots.server, clock, api_url="http://127.0.0.1:1")
    with pytest.raises(Retry) as told:
        await nowhere.say("Hello")
    assert SALES not in str(told.value.reason)
    await nowhere.adapter.close()


@pytest.mark.parametrize(
    "key", ["", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "two words", "https://x/?key="]
)
def test_what_is_no_webhook_address_is_said_without_repeating_it(key: str) -> None:
    with pytest.raises(ValidationError, match="webhook address") as told:
        WeComRobotSettings.model_validate({"robots": {"sales": key}})
    [error] = told.value.errors()
    assert not key or key not in error["msg"]


def test_addresses_may_stand_in_files(tmp_path: Path) -> None:
    address = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SALES}"
    (tmp_path / "sales").write_text(address + "\n")
    (tmp_path / "config.toml").write_text(
        '[gateways.robots]\nadapter = "wecom_robot"\n'
        '[gateways.robots.robots]\nsales = { file = "sales" }\n'
    )
    config = load_config(tmp_path / "config.toml", {})
    found = config.gateway_settings("robots", WeComRobotSettings)
    assert found.robots["sales"].get_secret_value() == SALES
    assert SALES not in repr(found)
