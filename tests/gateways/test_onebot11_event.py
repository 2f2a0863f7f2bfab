"""OneBot 11 reports as real implementations send them, and what they mean to us."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.gateways.adapter import Inlet
from bot.gateways.frames import FrameError, load
from bot.gateways.onebot11.reports import Names, Reports
from bot.model.conversation import Account
from bot.model.event import (
    BaseEvent,
    ContactAdded,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)

from .clock import MovableClock


async def _never(event: BaseEvent) -> bool:
    raise AssertionError


class Reader:
    """Reads payloads as one connection would."""

    def __init__(self, *, repeats: bool = False) -> None:
        self.clock = MovableClock()
        self.reports = Reports(
            Inlet("qq", _never, self.clock, lambda: None), lambda message_id: message_id == "77"
        )
        self.repeats = repeats
        self.connect()

    def connect(self) -> None:
        self.names = Names(self.clock.now, repeats=self.repeats)

    def read(self, **fields: Any) -> BaseEvent | None:
        frame = json.dumps(fields)
        return self.reports.event(load(frame), self.names)


def notice(kind: str, sub_type: str = "", **fields: Any) -> dict[str, Any]:
    return {
        "time": 1750000000,
        "self_id": 10001,
        "post_type": "notice",
        "notice_type": kind,
        "sub_type": sub_type,
        "group_id": 100,
        "user_id": 20001,
        **fields,
    }


def message(**fields: Any) -> dict[str, Any]:
    return {
        "time": 1750000000,
        "self_id": 10001,
        "post_type": "message",
        "message_type": "group",
        "message_id": 5,
        "group_id": 100,
        "user_id": 20001,
        "message": "hi",
        **fields,
    }


@pytest.mark.parametrize(
    ("payload", "kind", "expected"),
    [
        (
            notice("group_increase", "approve", operator_id=3),
            MemberJoined,
            {"by": "3", "how": "approved"},
        ),
        (
            notice("group_increase", "invite", operator_id="3"),
            MemberJoined,
            {"by": "3", "how": "invited"},
        ),
        (notice("group_increase", "", operator_id=0), MemberJoined, {"by": None, "how": "unknown"}),
        (notice("group_increase", "approve", user_id=10001), GroupCreated, {"group": "100"}),
        (
            notice("group_decrease", "leave", operator_id=20001),
            MemberLeft,
            {"by": None, "how": "left"},
        ),
        (
            notice("group_decrease", "kick", operator_id=3),
            MemberLeft,
            {"by": "3", "how": "removed"},
        ),
        (notice("group_decrease", "kick_me", user_id=10001), GroupDismissed, {"group": "100"}),
        (notice("group_decrease", "leave", user_id="10001"), GroupDismissed, {"group": "100"}),
        (notice("group_decrease", "disband", user_id=0), GroupDismissed, {"group": "100"}),
        (notice("friend_add", group_id=None), ContactAdded, {"group": None}),
        (notice("group_admin", "set"), GroupChanged, {"what": "other"}),
        (
            notice("notify", "group_name", name_new="新名"),
            GroupChanged,
            {"what": "name", "group_name": "新名"},
        ),
    ],
    ids=lambda value: value.get("sub_type", "") if isinstance(value, dict) else None,
)
def test_notices(payload: dict[str, Any], kind: type[BaseEvent], expected: dict[str, Any]) -> None:
    event = Reader().read(**payload)
    assert type(event) is kind
    assert {name: getattr(event, name) for name in expected} == expected
    assert event is not None
    assert event.at == 1750000000_000


@pytest.mark.parametrize(
    "payload",
    [
        notice("group_recall"),
        notice("notify", "poke"),
        notice("from_the_future", group_id=None, user_id=None),
        {"post_type": "request", "request_type": "friend", "user_id": 1},
        {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"},
        {"post_type": "message_sent", "message_type": "group", "user_id": 10001, "group_id": 1},
        {"post_type": "something", "time": "never"},
        message(user_id=10001),
    ],
    ids=lambda payload: payload.get("notice_type") or payload["post_type"],
)
def test_what_means_nothing_to_us_is_left_alone(payload: dict[str, Any]) -> None:
    assert Reader().read(**payload) is None


def received(event: BaseEvent | None) -> MessageReceived:
    assert isinstance(event, MessageReceived)
    return event


@pytest.mark.parametrize("as_text", [True, False])
def test_ids_may_be_numbers_or_strings(as_text: bool) -> None:
    fields = message(message="[CQ:at,qq=10001] hi")
    if as_text:
        fields |= {k: str(fields[k]) for k in ("self_id", "message_id", "group_id", "user_id")}
    event = received(Reader().read(**fields))
    assert (event.account.id, event.group, event.to_bot) == ("20001", "100", True)
    assert event.id == received(Reader().read(**message())).id


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"sender": {"nickname": "N", "card": "C"}}, "C"),
        ({"sender": {"nickname": "N", "card": ""}}, "N"),
        ({"sender": {"nickname": "N", "card": None, "level": 7}}, "N"),
        ({"sender": {}}, ""),
        ({"sender": None}, ""),
        ({"sender": "gone"}, ""),
        ({}, ""),
        ({"sender": {"card": "😀" * 400 + "\u202eevil\u2066"}}, "😀" * 400 + "\u202eevil\u2066"),
    ],
    ids=range(8),
)
def test_the_sender_may_be_told_in_part(fields: dict[str, Any], name: str) -> None:
    assert received(Reader().read(**message(**fields))).account.name == name


@pytest.mark.parametrize(
    ("moment", "at"),
    [
        (1750000000, 1750000000_000),
        ("1750000000", 1750000000_000),
        (1750000000123, 1750000000_123),
        (None, None),
        ("soon", None),
        (-5, None),
        (float("inf"), None),
        (1e300, None),
        ([], None),
    ],
    ids=str,
)
def test_a_time_that_is_none_is_now(moment: object, at: int | None) -> None:
    reader = Reader()
    event = received(reader.read(**message(time=moment)))
    assert event.at == (at or reader.clock.now())


def test_an_anonymous_member_has_an_identity_of_their_own() -> None:
    masked = {"id": 9, "name": "大力茶客", "flag": "x"}
    event = received(Reader().read(**message(user_id=80000000, anonymous=masked)))
    assert event.account == Account(id="anonymous:9", name="大力茶客")


def test_a_message_may_come_only_raw() -> None:
    event = received(Reader().read(**message(message=None, raw_message="hi &#91;x&#93;")))
    assert event.message.text == "hi [x]"


def test_half_a_character_does_no_harm() -> None:
    text = "a\ud83d😀"
    event = received(Reader().read(**message(message=text, sender={"card": "\ude00"})))
    assert event.message.text == "a?😀"
    event.model_dump_json().encode()


@pytest.mark.parametrize(
    "fields",
    [
        message(group_id=None),
        message(user_id=None),
        message(user_id={"id": 1}),
        message(user_id=True),
        message(group_id="x" * 129),
        notice("group_increase", group_id=None),
        notice("group_increase", user_id=0),
        notice("friend_add", user_id=None),
    ],
)
def test_a_report_that_does_not_say_whom_it_is_about_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match="unusable fields"):
        Reader().read(**fields)


def test_messages_of_one_id_in_two_groups_or_times_are_two_events() -> None:
    reader = Reader()
    ids = [
        received(reader.read(**message(**fields))).id
        for fields in ({}, {"group_id": 101}, {"time": 1750000001}, {"message_type": "private"})
    ]
    assert len(set(ids)) == 4


def test_a_message_without_an_id_is_named_like_a_notice() -> None:
    reader = Reader()
    first, second = (reader.read(**message(message_id=None)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_the_order_of_keys_does_not_change_an_events_name() -> None:
    one, two = Reader(repeats=True), Reader(repeats=True)
    payload = notice("group_increase", "approve")
    first = one.read(**payload)
    second = two.read(**dict(reversed(payload.items())))
    assert first is not None
    assert second is not None
    assert first.id == second.id


@pytest.mark.parametrize("repeats", [False, True], ids=["WebSocket", "callback"])
def test_without_a_time_the_next_join_of_the_same_member_is_another_event(repeats: bool) -> None:
    reader = Reader(repeats=repeats)
    ids = set()
    for _ in range(3):
        event = reader.read(**notice("group_increase", "approve", time=None))
        assert event is not None
        ids.add(event.id)
        reader.clock.jump(3600)
        reader.connect()
    assert len(ids) == 3


def test_long_connections_remember_only_so_many_names() -> None:
    reader = Reader()
    for number in range(1500):
        reader.read(**notice("group_increase", user_id=number + 1))
    assert len(reader.names._seen) <= 1024


def test_counts_of_unknown_reports_stay_bounded() -> None:
    reader = Reader()
    for number in range(500):
        reader.read(post_type="notice", notice_type=f"made_up_{number}")
    assert len(reader.reports.ignored) == 100


@pytest.mark.parametrize(
    ("interval", "silence"), [(5000, 15), (30000, 90), (10_000_000, 300), (0, 90), ("x", 90)]
)
def test_silence_follows_the_heartbeat_within_reason(interval: object, silence: float) -> None:
    reader = Reader()
    reader.read(post_type="meta_event", meta_event_type="heartbeat", interval=interval)
    assert reader.reports.silence == silence


def test_only_a_plain_no_means_that_the_account_is_offline() -> None:
    reader = Reader()
    for status in (None, {}, {"online": None}, {"online": "?"}, "fine", {"online": True}):
        reader.read(post_type="meta_event", meta_event_type="heartbeat", status=status)
        assert not reader.reports.offline
    reader.read(post_type="meta_event", meta_event_type="heartbeat", status={"online": False})
    assert reader.reports.offline
    reader.read(**message())
    assert not reader.reports.offline
    reader.read(post_type="notice", notice_type="bot_offline", user_id=10001)
    assert reader.reports.offline
