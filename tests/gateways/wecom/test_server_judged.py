"""wechatpy, which is not ours, finds in the test server what it expects of WeCom."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest
from wechatpy.exceptions import APILimitedException, WeChatClientException
from wechatpy.work import WeChatClient

from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer

from .company import AGENT, SECRET, company

pytestmark = pytest.mark.judge


class Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client, but of the test server: the address of gettoken is fixed in it."""

    def fetch_access_token(self) -> Any:
        return self._fetch_access_token(
            url=f"{self.API_BASE_URL}gettoken",
            params={"corpid": self.corp_id, "corpsecret": self.secret},
        )


async def judged(server: WeComServer, work: Callable[[Any], None]) -> None:
    """Let wechatpy, which blocks, work in a thread of its own."""
    client = Client(server.corp_id, SECRET)
    client.API_BASE_URL = f"{server.url}/cgi-bin/"

    def run() -> None:
        with client._http:
            work(client)

    await asyncio.to_thread(run)


async def test_wechatpy_reads_customers_groups_and_tags(clock: TestClock) -> None:
    async with company(clock) as server:
        people = [server.world.meet(f"c{n}").external_userid for n in range(3)]
        for ident in people:
            server.world.add("ann", ident)
        group = server.world.create_group("ann", "Tea", *people)

        def work(client: Any) -> None:
            contact = client.external_contact
            assert contact.get_follow_user_list()["follow_user"] == ["ann", "ben"]
            assert contact.list("ann")["external_userid"] == people
            assert contact.get(people[0])["follow_user"][0]["userid"] == "ann"
            found = list(contact.gen_all_by_user("ann", 2))
            assert [row["external_contact"]["external_userid"] for row in found] == people
            made = contact.add_corp_tag(None, "level", 1, [{"name": "gold", "order": 1}])
            tag = made["tag_group"]["tag"][0]["id"]
            contact.edit_corp_tag(tag, "silver")
            contact.mark_tag("ann", people[0], add_tag=[tag])
            assert contact.get(people[0])["follow_user"][0]["tags"][0]["tag_name"] == "silver"
            assert contact.get_corp_tag_list([tag])["tag_group"][0]["tag"][0]["id"] == tag
            contact.del_corp_tag(tag_id=tag)
            assert contact.get_group_chat_list(10)["group_chat_list"][0]["chat_id"] == group.chat_id
            info = contact.get_group_chat_info(group.chat_id)["group_chat"]
            assert len(info["member_list"]) == 4
            chats = client.external_contact_group_chat
            assert [one["chat_id"] for one in chats.list_all()] == [group.chat_id]
            assert chats.get(group.chat_id)["group_chat"]["owner"] == "ann"
            assert chats.statistic(1_700_000_000)["items"][0]["owner"] == "ann"
            assert contact.get_unassigned_list()["info"] == []
            data = contact.get_user_behavior_data(["ann"], 1_700_000_000, 1_700_086_400)
            assert data["behavior_data"]

        await judged(server, work)


async def test_wechatpy_sends_welcomes_and_makes_codes(clock: TestClock) -> None:
    async with company(clock) as server:
        customer = server.world.meet().external_userid
        code = server.world.add("ann", customer)

        def work(client: Any) -> None:
            contact = client.external_contact
            text = {"text": {"content": "hello"}}
            contact.send_welcome_msg({"welcome_code": code, **text})
            with pytest.raises(WeChatClientException) as used:
                contact.send_welcome_msg({"welcome_code": code, **text})
            assert used.value.errcode == 41051
            way = contact.add_contact_way(1, 2, state="door", user=["ann"])
            assert way["qr_code"]
            contact.update_contact_way(way["config_id"], "front", state="door", user=["ben"])
            assert contact.get_contact_way(way["config_id"])["contact_way"]["user"] == ["ben"]
            contact.del_contact_way(way["config_id"])
            sent = contact.add_msg_template({"external_userid": [customer], **text})
            assert contact.get_group_msg_result(sent["msgid"])["detail_list"][0]["status"] == 0
            made = contact.add_group_welcome_template(text, AGENT)
            ident = made["template_id"]
            contact.update_group_welcome_template(text, ident, AGENT)
            assert contact.get_group_welcome_template(ident)["text"] == text["text"]
            contact.del_group_welcome_template(ident, AGENT)

        await judged(server, work)


async def test_wechatpy_sends_messages_and_files_and_reads_the_staff(clock: TestClock) -> None:
    async with company(clock) as server:
        code = server.people.visit(userid="ann")

        def work(client: Any) -> None:
            sent = client.message.send_text(AGENT, ["ann", "nobody"], "hello")
            assert sent["invaliduser"] == "nobody"
            client.message.send_markdown(AGENT, "ann", "**hello**")
            card = ("t", "d", "https://example.com")
            client.message.send_text_card(AGENT, "ann", *card)
            article = {"title": "t", "description": "d", "url": "https://a.b", "image": "i"}
            client.message.send_articles(AGENT, "ann", [article])
            media = client.media.upload("file", ("a.txt", io.BytesIO(b"123456")))["media_id"]
            client.message.send_file(AGENT, "ann", media)
            client.media.upload_img(("a.png", io.BytesIO(b"123456")))
            chat = client.appchat.create("team", "Team", "ann", ["ann", "ben"])["chatid"]
            client.appchat.send_text(chat, "hello")
            client.appchat.update(chat, name="Crew")
            assert client.appchat.get(chat)["name"] == "Crew"
            assert client.user.get("ann")["name"] == "Ann"
            assert [u["userid"] for u in client.user.list(1, simple=True)] == ["ann", "ben"]
            assert client.department.list()[0]["id"] == 1
            assert client.oauth.get_user_info(code)["UserId"] == "ann"

        await judged(server, work)
        assert len(server.messages.to("ann")) == 5
        assert len(server.chats.chats["team"].received) == 1


async def test_wechatpy_renews_a_revoked_token_and_knows_the_limit(clock: TestClock) -> None:
    async with company(clock) as server:

        def work(client: Any) -> None:
            client.external_contact.get_follow_user_list()
            server.tokens.revoke()
            client.external_contact.get_follow_user_list()
            server.refuse["externalcontact/get_follow_user_list"] = [45009]
            with pytest.raises(APILimitedException):
                client.external_contact.get_follow_user_list()

        await judged(server, work)
        assert server.asked["gettoken"] == 2
