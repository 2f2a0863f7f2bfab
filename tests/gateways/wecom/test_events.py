"""What each callback of WeCom's means in our words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gateways.wecom.events import NOBODY, Report, read
from bot.gateways.wecom.notes import (
    ArchiveAgreed,
    Changed,
    ContactEdited,
    TagsChanged,
    TransferFailed,
)
from bot.gateways.wecom.settings import Unconfirmed
from bot.gateways.wecom.xml import Unreadable, parse
from bot.model.event import (
    ActionChosen,
    ContactAdded,
    ContactRemoved,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
from bot.model.message import AnySegment, Image, LinkCard, Text, Unknown

from .caller import event, scanned, xml

PAIR = {"UserID": "ann", "ExternalUserID": "wmBo"}
VERSIONS = {"LastMemVer": "v1", "CurMemVer": "v2"}


def report(plain: bytes) -> Report:
    return read(parse(plain), "wecom", Unconfirmed().join_scenes)


def contact(change: str, **fields: object) -> Report:
    return report(xml(event("change_external_contact", ChangeType=change, **PAIR, **fields)))


def group(change: str, detail: str = "", **fields: object) -> Report:
    fields = {"ChatId": "wrTea", "ChangeType": change, "UpdateDetail": detail} | fields
    return report(xml(event("change_external_chat", **fields)))


def app(kind: str, **fields: object) -> Report:
    head = event("", FromUserName="ann")
    del head["Event"]
    return report(xml({**head, "MsgType": kind, **fields}))


def ids(*reports: Report) -> list[str]:
    return [e.id for r in reports for e in r.events]


# contacts


@pytest.mark.parametrize("change", ["add_external_contact", "add_half_external_contact"])
def test_a_customer_adds_staff(change: str) -> None:
    found = contact(change, State="door", WelcomeCode="W1")
    (added,) = found.events
    assert isinstance(added, ContactAdded)
    assert (added.account.id, added.staff, added.group) == ("wmBo", "ann", None)
    assert (added.channel, added.welcome_token) == ("door", "W1")
    assert added.half == (change == "add_half_external_contact")
    assert found.kind == f"change_external_contact.{change}"


def test_without_state_and_code_there_is_no_channel_and_no_welcome() -> None:
    (added,) = contact("add_external_contact", State="").events
    assert isinstance(added, ContactAdded)
    assert (added.channel, added.welcome_token) == (None, None)


def test_half_and_whole_additions_are_two_events() -> None:
    assert len({*ids(contact("add_external_contact"), contact("add_half_external_contact"))}) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"ChangeType": "del_external_contact", "Source": "DELETE_BY_TRANSFER"},
        {"ChangeType": "del_external_contact"},
        {"ChangeType": "del_follow_user"},
    ],
)
def test_a_contact_is_removed_by_either_side(fields: Mapping[str, str]) -> None:
    (removed,) = report(xml(event("change_external_contact", **PAIR, **fields))).events
    assert isinstance(removed, ContactRemoved)
    assert (removed.account.id, removed.staff) == ("wmBo", "ann")
    assert removed.by == ("contact" if fields["ChangeType"] == "del_follow_user" else "staff")


def test_what_is_no_event_of_ours_is_a_note_for_who_keeps_contacts_and_tags() -> None:
    assert contact("edit_external_contact").notes == (ContactEdited("ann", "wmBo"),)
    failed = contact("transfer_fail", FailReason="customer_refused")
    assert failed.notes == (TransferFailed("ann", "wmBo", "customer_refused"),)
    agreed = contact("msg_audit_approved", WelcomeCode="W1")
    assert agreed.notes == (ArchiveAgreed("ann", "wmBo", "W1"),)
    tag = event("change_external_tag", Id="et1", TagType="tag", ChangeType="shuffle", StrategyId=7)
    assert report(xml(tag)).notes == (TagsChanged("et1", "tag", "shuffle", "7"),)
    assert failed.known
    assert failed.events == ()


# groups


def test_a_group_is_created_changed_and_dismissed() -> None:
    created, dismissed = group("create"), group("dismiss")
    assert isinstance(created.events[0], GroupCreated)
    assert created.notes == (Changed("wrTea", "", "", complete=False),)
    assert isinstance(dismissed.events[0], GroupDismissed)
    for what in ("name", "owner", "notice"):
        found = group("update", f"change_{what}")
        (changed,) = found.events
        assert isinstance(changed, GroupChanged)
        assert (changed.what, changed.group, changed.account) == (what, "wrTea", NOBODY)
        assert found.notes == (Changed("wrTea", "", "", complete=False),)
        assert found.kind == f"change_external_chat.update.change_{what}"


@pytest.mark.parametrize(
    ("scene", "how"), [("0", "invited"), ("3", "link"), ("1", "unknown"), ("", "unknown")]
)
@pytest.mark.parametrize("form", ["items", "commas"])
def test_everybody_who_joined_is_one_event(scene: str, how: str, form: str) -> None:
    who: object = ["wmBo", "wmCy", "dan"] if form == "items" else "wmBo, wmCy,dan"
    found = group(
        "update", "add_member", JoinScene=scene, MemChangeCnt=3, MemChangeList=who, **VERSIONS
    )
    assert all(isinstance(e, MemberJoined) and e.how == how for e in found.events)
    assert [(e.account.id, e.group) for e in found.events] == [
        *(("wmBo", "wrTea"), ("wmCy", "wrTea"), ("dan", "wrTea"))
    ]
    assert len({*ids(found)}) == 3
    assert found.notes == (Changed("wrTea", "v1", "v2", complete=True, scanned=how == "link"),)


@pytest.mark.parametrize(("scene", "how"), [("0", "left"), ("1", "removed"), ("9", "unknown")])
def test_who_left_left_alone_or_was_removed(scene: str, how: str) -> None:
    found = group("update", "del_member", QuitScene=scene, JoinScene=0, MemChangeList=["wmBo"])
    (left,) = found.events
    assert isinstance(left, MemberLeft)
    assert (left.account.id, left.how) == ("wmBo", how)


@pytest.mark.parametrize("listed", [{}, {"MemChangeList": ""}, {"MemChangeList": []}])
def test_without_a_list_the_group_changed_and_must_be_asked_for(listed: dict[str, Any]) -> None:
    found = group("update", "add_member", MemChangeCnt=2, **VERSIONS, **listed)
    (changed,) = found.events
    assert isinstance(changed, GroupChanged)
    assert changed.what == "other"
    assert found.notes == (Changed("wrTea", "v1", "v2", complete=False),)


def test_a_list_shorter_than_its_count_is_taken_and_must_be_asked_for() -> None:
    found = group("update", "add_member", MemChangeCnt=10, MemChangeList=["wmBo", "wmBo", "wmCy"])
    assert [e.account.id for e in found.events] == ["wmBo", "wmCy"]
    assert found.notes == (Changed("wrTea", "", "", complete=False),)


def test_a_change_of_a_kind_we_do_not_know_is_a_change_all_the_same() -> None:
    (changed,) = group("update", "change_colour").events
    assert isinstance(changed, GroupChanged)
    assert changed.what == "other"


# ids


def test_twenty_who_scan_one_code_in_one_second_are_twenty_events() -> None:
    assert len({*ids(*(report(scanned(f"wm{n}")) for n in range(20)))}) == 20


CHANGED = {
    "ChatId": "wrTea",
    "ChangeType": "update",
    "UpdateDetail": "add_member",
    **VERSIONS,
    "UserID": "ann",
    "ExternalUserID": "wmBo",
    "EventKey": "k",
    "TaskId": "t",
    "CreateTime": 1_781_654_399,
}


@pytest.mark.parametrize("field", CHANGED)
def test_events_that_differ_in_one_field_are_two(field: str) -> None:
    one = event("change_external_chat", **CHANGED)
    other = one | {field: 1_781_654_400 if field == "CreateTime" else "change_owner"}
    assert ids(report(xml(one))) != ids(report(xml(other)))


def test_the_same_event_told_again_in_another_order_form_or_with_another_code_is_the_same() -> None:
    fields = event("change_external_contact", ChangeType="add_external_contact", **PAIR)
    turned = dict(reversed([*fields.items()]))
    again = (
        xml(fields).replace(b"><", b">\n  <"),
        xml(turned),
        json.dumps(fields).encode(),
        xml(fields | {"WelcomeCode": "W2"}),
    )
    assert len({*ids(*map(report, (xml(fields), *again)))}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"A": "x", "B": "y"}, {"A": "x[]by"}),
        ({"A": "x", "B": "y"}, {"A": "x[]1:b1:y"}),
        ({"A": "xy", "B": ""}, {"A": "x", "B": "y"}),
        ({"A": "", "B": "x"}, {"A": "x", "B": ""}),
        ({"AB": "x"}, {"A": "Bx"}),
        ({"A": {"B": "x"}}, {"A": "", "B": "x"}),
    ],
)
def test_words_cannot_be_moved_from_one_field_into_another_without_a_new_id(
    one: Mapping[str, object], other: Mapping[str, object]
) -> None:
    first, second = (xml(event("click", FromUserName="ann", **more)) for more in (one, other))
    assert ids(report(first)) != ids(report(second))


# the app


@pytest.mark.parametrize(
    ("kind", "fields", "segment"),
    [
        ("text", {"Content": " 几点开门 "}, Text(text="几点开门")),
        ("image", {"PicUrl": "https://p/1", "MediaId": "m"}, Image(url="https://p/1")),
        ("image", {"MediaId": "m"}, Unknown(name="image")),
        ("voice", {"MediaId": "m", "Format": "amr"}, Unknown(name="voice")),
        ("video", {"MediaId": "m"}, Unknown(name="video")),
        ("location", {"Location_X": "23.1", "Location_Y": "113.3"}, Unknown(name="location")),
        (
            "link",
            {"Title": "Tea", "Description": "green", "Url": "https://t", "PicUrl": "https://p"},
            LinkCard(url="https://t", title="Tea", description="green", image="https://p"),
        ),
        ("hologram", {}, Unknown(name="hologram")),
    ],
)
def test_staff_write_to_the_app(
    kind: str, fields: Mapping[str, object], segment: AnySegment
) -> None:
    (said,) = app(kind, MsgId=42, AgentID=1, **fields).events
    assert isinstance(said, MessageReceived)
    assert said.message.segments == (segment,)
    assert (said.id, said.account.id, said.group, said.to_bot) == ("m:42", "ann", None, True)


def test_what_people_paste_does_not_make_a_message_unreadable() -> None:
    for plain in (
        xml(event("", FromUserName="ann") | {"MsgType": "text", "Content": "a\x0bb\x00\ufffe🍵"}),
        b"\xef\xbb\xbf<xml><MsgType>text</MsgType><CreateTime>1</CreateTime>"
        b"<FromUserName>ann</FromUserName><Content>ab\xf0\x9f\x8d\xb5\x1f</Content></xml>",
        b'{"MsgType":"text","CreateTime":1,"FromUserName":"ann",'
        b'"Content":"ab\\ud800\\u0000\xf0\x9f\x8d\xb5"}',
    ):
        (said,) = report(plain).events
        assert isinstance(said, MessageReceived)
        assert said.message.text == "ab🍵"


@pytest.mark.parametrize("kind", ["click", "CLICK", "view", "pic_weixin", "location_select"])
def test_a_menu_entry_is_chosen(kind: str) -> None:
    (chosen,) = report(xml(event(kind, FromUserName="ann", EventKey="stats"))).events
    assert isinstance(chosen, ActionChosen)
    assert (chosen.account.id, chosen.action) == ("ann", "stats")


def test_a_card_is_answered_with_what_was_chosen_on_which_card() -> None:
    chosen = (
        b"<SelectedItems><SelectedItem><QuestionKey>q1</QuestionKey><OptionIds>"
        b"<OptionId>a</OptionId><OptionId>b</OptionId></OptionIds></SelectedItem>"
        b"<SelectedItem><QuestionKey>q2</QuestionKey><OptionIds/></SelectedItem></SelectedItems>"
    )
    fields = {"FromUserName": "ann", "EventKey": "ok", "TaskId": "t1", "ResponseCode": "r"}
    plain = xml(event("template_card_event", **fields)).replace(b"</xml>", chosen + b"</xml>")
    found = report(plain)
    (action,) = found.events
    assert isinstance(action, ActionChosen)
    assert (action.account.id, action.action, action.card) == ("ann", "ok", "t1")
    assert action.choices == {"q1": ("a", "b"), "q2": ()}


def test_staff_who_only_look_are_no_event_and_nothing_unknown() -> None:
    for kind in ("enter_agent", "LOCATION", "subscribe", "unsubscribe"):
        assert report(xml(event(kind, FromUserName="ann"))) == Report(kind.lower())


@pytest.mark.parametrize(
    "fields",
    [
        event("change_weather"),
        event("change_external_contact", ChangeType="blink", **PAIR),
        event("change_external_chat", ChangeType="blink", ChatId="wrTea"),
        event(""),
    ],
)
def test_a_kind_we_do_not_know_is_said_to_be_unknown(fields: Mapping[str, object]) -> None:
    found = report(xml(fields))
    assert not found.known
    assert (found.events, found.notes) == ((), ())
    assert found.kind


@pytest.mark.parametrize(
    "fields",
    [
        event("change_external_contact", ChangeType="add_external_contact", UserID="ann"),
        event("change_external_contact", ChangeType="add_external_contact", ExternalUserID="wm"),
        event("change_external_chat", ChangeType="create"),
        event("click", FromUserName="", EventKey="stats"),
        {"MsgType": "text", "CreateTime": 1},
        {"CreateTime": 1, "FromUserName": "ann"},
        *(
            {"MsgType": "text", "FromUserName": "ann", "CreateTime": t}
            for t in ("", "x", "１７８", "1" * 12, -1)
        ),
    ],
)
def test_without_when_or_whom_there_is_nothing_to_read(fields: Mapping[str, object]) -> None:
    with pytest.raises(Unreadable):
        report(xml(fields))


# documents


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_unreadable(junk: bytes) -> None:
    for plain in (junk, b"<xml>" + junk + b"</xml>", b'{"a":"' + junk + b'"}'):
        with suppress(Unreadable):
            assert report(plain).kind


@pytest.mark.parametrize(
    "plain",
    [
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml/>',
        b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
        b'<!DOCTYPE xml [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><xml/>',
        b'<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xml>&b;</xml>',
        b"<!DOCTYPE xml><xml/>",
        b"<xml>&nbsp;</xml>",
        b"<xml><a></xml>",
        b"<xml/><xml/>",
        b"<a>" * 17 + b"</a>" * 17,
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'{"a":' + b"[" * 99 + b"]" * 99 + b"}",
    ],
)
def test_documents_with_types_entities_or_depths_are_refused(plain: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(plain)


def test_a_declared_encoding_does_not_change_what_is_read() -> None:
    said = '<?xml version="1.0" encoding="UTF-16"?><xml><Content>你好</Content></xml>'
    assert parse(said.encode()).get("Content") == "你好"
