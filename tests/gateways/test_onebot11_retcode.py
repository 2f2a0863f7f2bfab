"""OneBot 11 return codes and which kind of failure they are; settings and their errors."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.gateways.onebot11 import OneBot11Settings
from bot.gateways.onebot11.retcode import data_of, from_http
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "ok", "retcode": 0, "data": 7},
        {"status": "ok", "data": 7},
        {"status": "async", "retcode": 1, "data": 7},
        {"retcode": "0", "data": 7},
    ],
)
def test_success(answer: dict[str, Any]) -> None:
    assert data_of(answer) == 7


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1400, Refused), (1401, Misconfigured), (1403, Misconfigured), (1404, Misconfigured),
        (100, Refused), (102, Refused), (103, Refused), (104, Retry), (201, Retry), (-23, Refused),
        (200, Refused), (1200, Refused),
        (10002, Misconfigured), (10003, Refused), (10005, Refused), (20002, InDoubt),
        (33001, InDoubt), (35001, Refused), ("odd", Refused), (None, Refused), ([], Refused),
    ],
)  # fmt: skip
def test_failures(code: object, error: type[SendError]) -> None:
    with pytest.raises(error) as caught:
        data_of({"status": "failed", "retcode": code, "message": "no", "wording": "不行"})
    assert caught.value.reason.startswith("不行 / no (retcode")


def test_a_very_long_reason_is_cut() -> None:
    with pytest.raises(Refused) as caught:
        data_of({"status": "failed", "retcode": 100, "wording": "x" * 10_000})
    assert len(caught.value.reason) <= 300


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Misconfigured), (403, Misconfigured), (404, Misconfigured), (400, Refused),
        (406, Refused), (500, InDoubt), (502, InDoubt), (503, Retry), (429, Retry),
    ],
)  # fmt: skip
def test_http_statuses(status: int, error: type[SendError]) -> None:
    assert type(from_http(status)) is error


def test_retry_after_is_honoured_within_reason() -> None:
    waits = [from_http(429, given) for given in ("30", "999999", "soon", None)]
    assert [wait.after for wait in waits if isinstance(wait, Retry)] == [30, 600, 10, 10]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "forward"}, "needs url"),
        ({"mode": "http"}, "needs api_url"),
        ({"mode": "forward", "url": "http://x/?access_token=s3cret"}, "ws://127.0.0.1:3001"),
        ({"mode": "http", "api_url": "127.0.0.1:3000"}, "http://127.0.0.1:3001"),
        ({"mode": "sideways"}, "'forward', 'reverse' or 'http'"),
        ({"acess_token": "x"}, "acess_token"),
    ],
)
def test_settings_that_cannot_work_say_what_is_expected(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        OneBot11Settings.model_validate(settings)


def test_secrets_are_not_printed() -> None:
    settings = OneBot11Settings.model_validate({"access_token": "s3cret", "secret": "s3cret"})
    assert "s3cret" not in repr(settings)
