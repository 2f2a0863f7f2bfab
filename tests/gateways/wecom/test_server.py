"""The test server behaves as the documents say WeCom does."""

from __future__ import annotations

import asyncio
import base64
from hashlib import md5
from typing import Any

import aiohttp
import pytest

from bot.gateways.wecom.api import WeComApi
from bot.testing.clock import TestClock
from bot.testing.wecom import Limits, Variants, WeComServer

from .company import AGENT, client, company, refused, text

E = "externalcontact/"


async def ask(server: WeComServer, path: str, **params: str) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/cgi-bin/{path}", params=params) as answer,
    ):
        return dict(await answer.json())


async def push(server: WeComServer, key: str, body: dict[str, Any]) -> int:
    """What a robot's webhook answers."""
    url = f"{server.url}/cgi-bin/webhook/send"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, params={"key": key}, json=body) as answer,
    ):
        return int((await answer.json())["errcode"])


async def code(api: WeComApi, path: str, **body: Any) -> int:
    return (await refused(api, path, body)).errcode


# tokens and access


@pytest.mark.parametrize("same", [True, False])
async def test_a_token_is_repeated_or_not_as_the_variant_says(clock: TestClock, same: bool) -> None:
    async with company(clock, variants=Variants(same_token=same)) as server:
        secret = {"corpid": server.corp_id, "corpsecret": "app-secret"}
        one = await ask(server, "gettoken", **secret)
        clock.advance(60)
        two = await ask(server, "gettoken", **secret)
        assert (one["access_token"] == two["access_token"]) is same
        assert (one["expires_in"], two["expires_in"]) == (7200, 7140 if same else 7200)


async def test_wrong_secrets_ban_the_address_for_an_hour(clock: TestClock) -> None:
    async with company(clock, limits=Limits(wrong_secrets=3)) as server:
        right = {"corpid": server.corp_id, "corpsecret": "app-secret"}
        codes = [
            (await ask(server, "gettoken", **(right | {"corpsecret": "x"})))["errcode"]
            for _ in range(4)
        ]
        assert codes == [40001, 40001, 40001, 45009]
        assert (await ask(server, "gettoken", **right))["errcode"] == 45009
        clock.advance(3600)
        assert (await ask(server, "gettoken", **right))["errcode"] == 0


async def test_an_error_has_a_hint_that_differs_each_time(clock: TestClock) -> None:
    async with company(clock) as server:
        one, two = [await ask(server, "user/get", access_token="x") for _ in range(2)]
        assert one["errcode"] == two["errcode"] == 40014
        assert "hint: [" in one["errmsg"]
        assert one["errmsg"] != two["errmsg"]


async def test_a_breach_of_a_minutes_limit_blocks_that_call_for_a_minute(
    clock: TestClock,
) -> None:
    async with company(clock, limits=Limits(api_minute=3)) as server, client(server, clock) as api:
        token = (await ask(server, "gettoken", corpid=server.corp_id, corpsecret="app-secret"))[
            "access_token"
        ]
        path = E + "get_follow_user_list"
        codes = [(await ask(server, path, access_token=token))["errcode"] for _ in range(5)]
        assert codes == [0, 0, 0, 45009, 45009]
        assert (await api.get("user/simplelist", department_id="1"))["userlist"]
        clock.advance(59)
        assert (await ask(server, path, access_token=token))["errcode"] == 45009
        clock.advance(1)
        assert (await ask(server, path, access_token=token))["errcode"] == 0


async def test_an_app_that_may_not_see_customers_is_told_so(clock: TestClock) -> None:
    async with company(clock) as server:
        server.app(1000003, "other", contacts=False)
        async with client(server, clock, secret="other") as api:
            assert await code(api, E + "groupchat/get", chat_id="x") == 48002
            assert server.asked[1000003, E + "groupchat/get"] == 1


WORDS = ("text", "tag", "user", "userlist", "attachments", "chat_id_list", "owner_filter", "sender")


@pytest.mark.parametrize("part", [None, "x", 7, ["x"], {"x": "x"}], ids=str)
async def test_whatever_is_asked_is_answered_with_a_code(clock: TestClock, part: object) -> None:
    body = {word: part for word in WORDS if part}
    async with company(clock) as server:
        secret = {"corpid": server.corp_id, "corpsecret": "app-secret"}
        token = (await ask(server, "gettoken", **secret))["access_token"]
        async with aiohttp.ClientSession() as http:
            for path in server.paths():
                url = f"{server.url}/cgi-bin/{path}"
                async with http.post(url, params={"access_token": token}, json=body) as answer:
                    assert answer.status == 200, path
                    assert isinstance((await answer.json())["errcode"], int)


async def test_only_trusted_addresses_may_call(clock: TestClock) -> None:
    async with company(clock) as server:
        secret = {"corpid": server.corp_id, "corpsecret": "app-secret"}
        token = (await ask(server, "gettoken", **secret))["access_token"]
        server.trusted = frozenset({"127.0.0.2"})
        url, query = f"{server.url}/cgi-bin/department/list", {"access_token": token}
        codes = []
        for address in ("127.0.0.1", "127.0.0.2"):
            connector = aiohttp.TCPConnector(local_addr=(address, 0))
            async with (
                aiohttp.ClientSession(connector=connector) as http,
                http.get(url, params=query) as answer,
            ):
                codes.append((await answer.json())["errcode"])
        assert codes == [60020, 0]


# app messages


async def test_above_30_a_minute_messages_are_dropped_without_a_word(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        for number in range(35):
            answer = await api.post("message/send", text("ann", str(number)))
            assert answer["errcode"] == 0
        assert len(server.messages.to("ann")) == 30
        assert len(server.messages.dropped) == 5
        await api.post("message/send", text("ben"))
        clock.advance(60)
        await api.post("message/send", text("ann", "later"))
        assert len(server.messages.to("ann")) == 31


async def test_unknown_recipients_are_named_and_only_unknown_ones_refused(
    clock: TestClock,
) -> None:
    async with company(clock) as server, client(server, clock) as api:
        answer = await api.post("message/send", text("ann|Nobody|ben"))
        assert answer["invaliduser"] == "nobody"
        assert [m.userid for m in server.messages.received] == ["ann", "ben"]
        assert await code(api, "message/send", **text("nobody")) == 81013
        assert await code(api, "message/send", **text("")) == 82001
        assert await code(api, "message/send", **text("ann", agentid=7)) == 301002


async def test_the_duplicate_check_shows_a_message_once(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        body = text("ann", enable_duplicate_check=1, duplicate_check_interval=600)
        for _ in range(3):
            await api.post("message/send", body)
        assert len(server.messages.received) == 1
        clock.advance(600)
        await api.post("message/send", body)
        assert len(server.messages.received) == 2


async def test_a_message_is_recalled_and_a_card_updated_once(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        card = {"card_type": "button_interaction", "task_id": "t"}
        message = {"touser": "ann", "agentid": AGENT, "msgtype": "template_card"}
        sent = await api.post("message/send", message | {"template_card": card})
        update = {
            "agentid": AGENT,
            "response_code": sent["response_code"],
            "userids": ["ann"],
            "button": {"replace_name": "Done"},
        }
        await api.post("message/update_template_card", update)
        assert server.messages.received[0].updated == {"replace_name": "Done"}
        assert await code(api, "message/update_template_card", **update) == 40058
        await api.post("message/recall", {"msgid": sent["msgid"]})
        assert server.messages.received[0].recalled


async def test_an_app_group_chat_is_made_changed_and_sent_to(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        body = {"chatid": "team", "name": "Team", "userlist": ["ann", "ben"]}
        assert (await api.post("appchat/create", body))["chatid"] == "team"
        server.world.hire("cam")
        await api.post("appchat/update", {"chatid": "team", "add_user_list": ["cam"]})
        chat = await api.get("appchat/get", chatid="team")
        assert chat["chat_info"]["userlist"] == ["ann", "ben", "cam"]
        assert not server.chats.chats["team"].shown
        await api.post(
            "appchat/send", {"chatid": "team", "msgtype": "text", "text": {"content": "hi"}}
        )
        assert server.chats.chats["team"].shown
        assert await code(api, "appchat/create", name="one", userlist=["ann"]) == 40058


# media


async def test_media_end_after_three_days(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        kept = await api.upload("media/upload", "a.png", b"123456", type="image")
        assert isinstance(kept["created_at"], str)
        body = {"touser": "ann", "agentid": AGENT, "msgtype": "image"}
        body |= {"image": {"media_id": kept["media_id"]}}
        clock.advance(3 * 86_400 - 1)
        await api.post("message/send", body)
        clock.advance(1)
        assert await code(api, "message/send", **body) == 40007


async def test_a_download_is_bytes_or_an_error_and_obeys_range(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        media = (await api.upload("media/upload", "a.txt", b"0123456789", type="file"))["media_id"]
        secret = {"corpid": server.corp_id, "corpsecret": "app-secret"}
        token = (await ask(server, "gettoken", **secret))["access_token"]
        query = {"access_token": token, "media_id": media}
        url = f"{server.url}/cgi-bin/media/get"
        async with aiohttp.ClientSession() as http:
            async with http.get(url, params=query) as answer:
                assert await answer.read() == b"0123456789"
                assert "a.txt" in answer.headers["Content-Disposition"]
            async with http.get(url, params=query, headers={"Range": "bytes=2-4"}) as answer:
                assert (answer.status, await answer.read()) == (206, b"234")
        wrong = await ask(server, "media/get", access_token=token, media_id="x")
        assert wrong["errcode"] == 40007


# customers, groups and tags


async def test_customers_are_listed_with_who_follows_them(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        people = [server.world.meet(f"c{n}").external_userid for n in range(3)]
        for ident in people:
            server.world.add("ann", ident, state="door")
        server.world.add("ben", people[0], half=True)
        assert (await api.get(E + "list", userid="ann"))["external_userid"] == people
        detail = await api.get(E + "get", external_userid=people[0])
        assert [f["userid"] for f in detail["follow_user"]] == ["ann", "ben"]
        assert detail["follow_user"][0]["state"] == "door"
        first = await api.post(E + "batch/get_by_user", {"userid_list": ["ann"], "limit": 2})
        rest = await api.post(
            E + "batch/get_by_user", {"userid_list": ["ann"], "cursor": first["next_cursor"]}
        )
        found = [*first["external_contact_list"], *rest["external_contact_list"]]
        assert [row["external_contact"]["external_userid"] for row in found] == people
        assert rest["next_cursor"] == ""
        assert (await refused(api, E + "get?external_userid=wmnobody")).errcode == 40096
        assert (await refused(api, E + "no_such_call")).errcode == 40066


async def test_who_removed_whom_decides_whether_calls_still_work(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        [tag] = server.world.make_tags("level", "gold")
        one, two = (server.world.meet().external_userid for _ in range(2))
        server.world.add("ann", one)
        server.world.add("ann", two)
        server.world.removed_by_customer("ann", one)
        server.world.remove("ann", two)
        marks = [{"userid": "ann", "external_userid": i, "add_tag": [tag.id]} for i in (one, two)]
        await api.post(E + "mark_tag", marks[0])
        assert await code(api, E + "mark_tag", **marks[1]) == 84061


async def test_a_group_tells_its_roster_and_its_version(clock: TestClock) -> None:
    async with company(clock, variants=Variants(settle=2)) as server, client(server, clock) as api:
        guest = server.world.meet("Guest").external_userid
        group = server.world.create_group("ann", "Tea")
        ask_group = {"chat_id": group.chat_id, "need_name": 1}
        clock.advance(10)
        before = (await api.post(E + "groupchat/get", ask_group))["group_chat"]
        server.world.join(group.chat_id, guest, state="poster")
        early = (await api.post(E + "groupchat/get", ask_group))["group_chat"]
        assert early == before  # not settled yet
        clock.advance(2)
        after = (await api.post(E + "groupchat/get", ask_group))["group_chat"]
        assert after["member_version"] != before["member_version"]
        joined = after["member_list"][-1]
        assert (joined["userid"], joined["name"], joined["state"]) == (guest, "Guest", "poster")
        told = server.callbacks.waiting[-1]
        assert (told["LastMemVer"], told["CurMemVer"]) == (
            *(before["member_version"], after["member_version"]),
        )
        listed = await api.post(E + "groupchat/list", {"limit": 10})
        assert listed["group_chat_list"] == [{"chat_id": group.chat_id, "status": 0}]


async def test_tags_of_others_cannot_be_changed(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        [theirs] = server.world.make_tags("admin's", "gold")
        assert await code(api, E + "edit_corp_tag", id=theirs.id, name="x") == 60011
        ours = await api.post(E + "add_corp_tag", {"group_name": "mine", "tag": [{"name": "a"}]})
        ident = ours["tag_group"]["tag"][0]["id"]
        await api.post(E + "edit_corp_tag", {"id": ident, "name": "b"})
        assert server.world.tags[ident].name == "b"
        await api.post(E + "del_corp_tag", {"tag_id": [ident]})
        listed = await api.post(E + "get_corp_tag_list", {})
        assert [group["group_name"] for group in listed["tag_group"]] == ["admin's"]


async def test_more_than_five_marks_at_once_are_refused(clock: TestClock) -> None:
    async with company(clock) as server:
        secret = {"corpid": server.corp_id, "corpsecret": "app-secret"}
        token = (await ask(server, "gettoken", **secret))["access_token"]
        path = E + "mark_tag"
        server.gates[path] = asyncio.Event()
        calls = [asyncio.create_task(ask(server, path, access_token=token)) for _ in range(8)]
        while sum(call.done() for call in calls) < 3:
            await asyncio.sleep(0.005)
        server.gates[path].set()
        codes = [(await call)["errcode"] for call in calls]
        assert codes.count(45033) == 3


# welcomes and live codes


async def test_a_welcome_has_20_seconds_and_one_use(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        codes = [server.world.add("ann", server.world.meet().external_userid) for _ in range(4)]
        welcome = {"text": {"content": "hello"}}
        send = E + "send_welcome_msg"
        server.world.welcome_codes[codes[1]].busy = True
        server.world.talk("ann", server.world.welcome_codes[codes[2]].external_userid)
        clock.advance(19.9)
        await api.post(send, {"welcome_code": codes[0], **welcome})
        for used, expected in [(codes[0], 41051), (codes[1], 41096), (codes[2], 41051)]:
            assert await code(api, send, welcome_code=used, **welcome) == expected
        clock.advance(0.1)
        assert await code(api, send, welcome_code=codes[3], **welcome) == 41050
        assert len(server.welcomes.sent) == 1


async def test_a_groups_welcome_text_is_kept_and_its_owner_told(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        path = E + "group_welcome_template/"
        made = await api.post(path + "add", {"text": {"content": "Hi %NICKNAME%"}})
        ident = {"template_id": made["template_id"]}
        assert (await api.post(path + "get", ident))["text"] == {"content": "Hi %NICKNAME%"}
        await api.post(path + "edit", ident | {"text": {"content": "Hello"}})
        await api.post(path + "del", ident)
        assert await code(api, path + "get", **ident) == 40058
        assert server.welcomes.told_owners == [made["template_id"]]


async def test_customers_who_scan_a_contact_way_reach_its_staff_in_turn(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        way = {"type": 2, "scene": 2, "state": "spring", "user": ["ann", "ben"]}
        made = await api.post(E + "add_contact_way", way)
        assert made["qr_code"]
        people = [server.world.meet().external_userid for _ in range(4)]
        assert all(server.ways.scan(made["config_id"], ident) for ident in people)
        told = server.callbacks.waiting
        assert [event["UserID"] for event in told] == ["ann", "ben", "ann", "ben"]
        assert {event["State"] for event in told} == {"spring"}
        update = {"config_id": made["config_id"], "user": ["ben"]}
        await api.post(E + "update_contact_way", update)
        found = await api.post(E + "get_contact_way", {"config_id": made["config_id"]})
        assert found["contact_way"]["user"] == ["ben"]
        assert "state" not in found["contact_way"]  # an update overwrites all
        assert await code(api, E + "add_contact_way", **(way | {"user": ["nobody"]})) == 40003


async def test_a_join_way_fills_its_groups_and_opens_new_ones(clock: TestClock) -> None:
    async with company(clock, limits=Limits(group_size=2)) as server, client(server, clock) as api:
        group = server.world.create_group("ann", "Tea 1")
        way = {"scene": 2, "chat_id_list": [group.chat_id], "room_base_name": "Tea "}
        made = await api.post(E + "groupchat/add_join_way", way | {"room_base_id": 2, "state": "p"})
        people = [server.world.meet().external_userid for _ in range(2)]
        entered = [server.ways.scan_group(made["config_id"], ident) for ident in people]
        assert entered[0] == group.chat_id
        assert server.world.groups[entered[1]].name == "Tea 2"
        found = await api.post(E + "groupchat/get_join_way", {"config_id": made["config_id"]})
        assert found["join_way"]["chat_id_list"] == entered
        assert found["join_way"]["qr_code"]


# mass messages


async def mass(server: WeComServer, api: WeComApi, **about: Any) -> str:
    body = {"text": {"content": "sale"}, **about}
    return str((await api.post(E + "add_msg_template", body))["msgid"])


async def statuses(api: WeComApi, msgid: str, userid: str) -> list[int]:
    answer = await api.post(E + "get_groupmsg_send_result", {"msgid": msgid, "userid": userid})
    return [row["status"] for row in answer["send_list"]]


async def test_nothing_is_sent_before_the_tap_and_then_each_target_has_its_outcome(
    clock: TestClock,
) -> None:
    async with company(clock, limits=Limits(month=1)) as server, client(server, clock) as api:
        people = [server.world.meet().external_userid for _ in range(3)]
        for ident in people:
            server.world.add("ann", ident)
        server.world.removed_by_customer("ann", people[1])
        first = await mass(server, api, external_userid=people[2:])
        server.mass.tap(first, "ann")
        answer = await api.post(
            E + "add_msg_template",
            {"external_userid": [*people, "wmstranger"], "text": {"content": "sale"}},
        )
        assert answer["fail_list"] == ["wmstranger"]
        msgid = answer["msgid"]
        clock.advance(86_400)
        assert await statuses(api, msgid, "ann") == [0, 0, 0]
        server.mass.tap(msgid, "ann")
        assert await statuses(api, msgid, "ann") == [1, 2, 3]
        task = await api.post(E + "get_groupmsg_task", {"msgid": msgid})
        assert task["task_list"] == [
            {"userid": "ann", "status": 2, "send_time": server.world.now()}
        ]
        assert (
            await code(api, E + "add_msg_template", external_userid=["x"], text={"content": "a"})
            == 41048
        )


async def test_a_mass_message_to_groups_needs_its_owner(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        groups = [server.world.create_group(owner, owner).chat_id for owner in ("ann", "ben")]
        body = {"chat_type": "group", "text": {"content": "sale"}, "chat_id_list": groups}
        assert await code(api, E + "add_msg_template", **body) == 40058
        answer = await api.post(E + "add_msg_template", body | {"sender": "ann"})
        assert answer["fail_list"] == groups[1:]
        server.mass.tap(answer["msgid"], "ann")
        assert await statuses(api, answer["msgid"], "ann") == [1]


async def test_reminders_and_cancelling_have_their_limits(clock: TestClock) -> None:
    async with (
        company(clock, variants=Variants(dispatch=30)) as server,
        client(server, clock) as api,
    ):
        server.world.add("ann", server.world.meet().external_userid)
        msgid = await mass(server, api, sender="ann")
        assert await code(api, E + "get_groupmsg_task", msgid=msgid) == 41063
        clock.advance(30)
        for _ in range(3):
            await api.post(E + "remind_groupmsg_send", {"msgid": msgid})
        assert await code(api, E + "remind_groupmsg_send", msgid=msgid) == 41094
        clock.advance(86_400)
        await api.post(E + "remind_groupmsg_send", {"msgid": msgid})
        await api.post(E + "cancel_groupmsg_send", {"msgid": msgid})
        assert await code(api, E + "remind_groupmsg_send", msgid=msgid) == 41093
        with pytest.raises(ValueError, match="nothing to confirm"):
            server.mass.tap(msgid, "ann")


# robots


async def test_a_robot_takes_twenty_a_minute_and_no_long_text(clock: TestClock) -> None:
    async with company(clock) as server:
        robot = server.robots.make("key-1")
        body = {"msgtype": "markdown", "markdown": {"content": "x" * 4097}}
        assert await push(server, "key-1", body) == 40058
        hello = {"msgtype": "text", "text": {"content": "hello"}}
        assert [await push(server, "key-1", hello) for _ in range(20)] == [*[0] * 19, 45009]
        clock.advance(60)
        data = b"\x89PNG picture"
        digest = md5(data, usedforsecurity=False).hexdigest()
        image = {"base64": base64.b64encode(data).decode(), "md5": digest}
        assert await push(server, "key-1", {"msgtype": "image", "image": image}) == 0
        robot.disabled = True
        assert await push(server, "key-1", hello) == 93004
        assert await push(server, "gone", hello) == 93000
