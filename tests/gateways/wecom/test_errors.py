"""What each code of WeCom's means for a delivery."""

from __future__ import annotations

import pytest

from bot.gateways.wecom.errors import (
    RULES,
    AlreadyDone,
    StaleMedia,
    Unreachable,
    WeComError,
    failure,
)
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry
from bot.model.phrase import Phrase


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, Misconfigured) for code in (40001, 40013, 40091, 40056, 48002, 60020, 93000)),
        *((code, Unreachable) for code in (40003, 60111, 84061, 40096, 81013, 301021)),
        *((code, Retry) for code in (45009, 45033, 41063, 41096)),
        *((40007, StaleMedia), (41051, AlreadyDone)),
        *((code, Refused) for code in (41050, 45002, 40058, 123456)),
    ],
)
def test_a_code_becomes_what_is_to_be_done(code: int, kind: type[Exception]) -> None:
    made = failure(WeComError(code, "hint: [1_2_abc]"))
    assert type(made) is kind
    assert isinstance(made.reason, Phrase)
    assert str(code) in made.reason


def test_what_to_do_about_a_fault_of_ours_is_said_and_can_be_translated() -> None:
    reason = failure(WeComError(60020, "not allowed")).reason
    assert isinstance(reason, Phrase)
    chinese = {"{what} (code {code})": "{what}（{code}）", RULES[60020].say: "请加入企业可信IP。"}
    assert reason.said(lambda text: chinese[text]) == "请加入企业可信IP。（60020）"


def test_an_unknown_code_is_told_with_its_hint() -> None:
    made = failure(WeComError(123456, "odd, hint: [1_2_abc]"))
    assert made.reason == "WeCom refused it with code 123456: odd, hint: [1_2_abc]"


def test_nothing_is_tried_for_ever() -> None:
    for code, rule in RULES.items():
        if rule.do == "again":
            assert 0 < rule.deadline <= 4 * 3600
            ended = failure(WeComError(code, "busy"), rule.tries, idempotent=True)
            assert type(ended) is Refused


def test_a_welcome_that_another_app_is_sending_is_tried_within_its_20_seconds() -> None:
    assert RULES[41096].deadline < 10
    first, second = (failure(WeComError(41096, ""), attempt) for attempt in (0, 1))
    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert (first.after, second.after) == (1.0, 2.0)


def test_a_limit_makes_the_whole_account_wait_longer_each_time() -> None:
    waits = [failure(WeComError(45009, ""), attempt) for attempt in range(7)]
    assert all(isinstance(wait, Retry) and wait.scope == "account" for wait in waits)
    assert [wait.after for wait in waits if isinstance(wait, Retry)] == [
        *(60, 120, 240, 480, 960, 1920, 3600),
    ]


def test_a_limit_of_our_own_makes_nobody_wait_longer_than_it_lasts() -> None:
    wait = failure(WeComError(45009, "our own limit", after=0.25))
    assert isinstance(wait, Retry)
    assert wait.after == 0.25


@pytest.mark.parametrize(
    ("error", "idempotent", "kind"),
    [
        (WeComError(0, "no answer", sent=True), False, InDoubt),
        (WeComError(0, "no answer", sent=True), True, Retry),
        (WeComError(0, "no answer", sent=False), False, Retry),
        (WeComError(-1, "system busy", sent=True), False, InDoubt),
        (WeComError(-1, "system busy", sent=True), True, Retry),
        (WeComError(-1, "no token: system busy"), False, Retry),
    ],
)
def test_what_may_have_gone_out_is_in_doubt_unless_twice_is_once(
    error: WeComError, idempotent: bool, kind: type[Exception]
) -> None:
    assert type(failure(error, idempotent=idempotent)) is kind
