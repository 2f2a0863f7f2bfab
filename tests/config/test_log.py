"""The log is readable by people and machines, and shows no secret."""

import io
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot import log as logs
from bot.redaction import is_secret, without_secrets


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    for name in ("aiohttp.access", "apscheduler", "asyncio"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def configured(
    style: Literal["auto", "json", "text"] = "json",
    level: Literal["debug", "info", "warning", "error"] = "info",
    stream: io.StringIO | None = None,
) -> io.StringIO:
    stream = stream or io.StringIO()
    logs.configure(level, style, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_without_a_terminal_each_entry_is_a_json_line_with_utc_time() -> None:
    stream = configured("auto")
    structlog.get_logger("bot.x").info("sent", group="护肤", count=2)
    (entry,) = lines(stream)
    assert (entry["event"], entry["group"], entry["count"]) == ("sent", "护肤", 2)
    assert (entry["level"], entry["logger"]) == ("info", "bot.x")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", entry["timestamp"])
    assert "护肤" in stream.getvalue()


def test_a_terminal_gets_text() -> None:
    stream = configured("auto", stream=Terminal())
    structlog.get_logger().info("sent", group="tea")
    with pytest.raises(json.JSONDecodeError):
        lines(stream)
    assert "sent" in stream.getvalue()


def test_the_standard_library_logs_to_the_same_place_in_the_same_form() -> None:
    stream = configured()
    logging.getLogger("aiohttp.server").warning("slow %s", "x", extra={"token": "hunter2"})
    (entry,) = lines(stream)
    assert (entry["event"], entry["level"], entry["logger"]) == (
        "slow x",
        "warning",
        "aiohttp.server",
    )
    assert entry["token"] == "***"


def test_levels_are_kept_and_can_be_changed_later() -> None:
    first = configured(level="warning")
    logger = structlog.get_logger()
    logger.info("quiet")
    logging.getLogger("other").info("quiet")
    assert lines(first) == []
    second = configured(level="info")
    logger.info("loud")
    assert [entry["event"] for entry in lines(second)] == ["loud"]
    assert lines(first) == []


def test_talkative_libraries_speak_only_when_debugging() -> None:
    stream = configured(level="info")
    logging.getLogger("apscheduler.executors.default").info("Running job")
    assert lines(stream) == []
    stream = configured(level="debug")
    logging.getLogger("apscheduler.executors.default").info("Running job")
    assert len(lines(stream)) == 1


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_secret_is_logged(style: Literal["json", "text"]) -> None:
    stream = configured(style)
    log = structlog.get_logger()
    log.info(
        "a", token="hunter2", nested={"Authorization": "hunter2", "list": [{"cookie": "hunter2"}]}
    )
    log.info("b redis://me:hunter2@host/0", url="redis://:hunter2@host")
    log.info("c", value=SecretStr("hunter2"), inner=[SecretStr("hunter2")])
    log.info("d", request="GET /gateways/qq?access_token=hunter2&x=1 HTTP/1.1")
    log.info("e", header="Bearer hunter2", body='{"secret": "hunter2"}')
    log.info("f", error=ValueError("redis://:hunter2@host"))
    logging.getLogger("x").warning("GET %s", "http://me:hunter2@host/")
    try:
        raise ConnectionError("cannot reach redis://:hunter2@host")
    except ConnectionError:
        local = "hunter2"
        log.exception("g", other=len(local))
    written = stream.getvalue()
    assert written.count("***") >= 10
    assert "hunter2" not in written.replace('local = "hunter2"', "")


def test_an_exception_is_logged_with_its_traceback() -> None:
    stream = configured()
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("lib").exception("failed too")
    for entry in lines(stream):
        assert "Traceback" in entry["exception"]
        assert entry["exception"].endswith("RuntimeError: broken")


def test_very_long_values_are_cropped_at_both_ends_kept() -> None:
    stream = configured()
    text = "start" + "x" * 5_000_000 + "end"
    structlog.get_logger().info("long", text=text, many=list(range(1000)), raw=b"y" * 1_000_000)
    assert len(stream.getvalue()) < 20_000
    (entry,) = lines(stream)
    assert entry["text"].startswith("start")
    assert entry["text"].endswith("end")
    assert entry["many"][-1] == "… 950 more"


@pytest.mark.parametrize("evil", ["://a:", "://", "token", "token_", "Bearer ", "://a@"])
def test_a_hostile_message_costs_little_time(evil: str) -> None:
    stream = configured()
    started = time.process_time()
    structlog.get_logger().info("received", text=evil * 1_000_000)
    assert time.process_time() - started < 0.5
    assert lines(stream)


def test_a_members_name_cannot_draw_on_the_terminal() -> None:
    stream = configured("text")
    structlog.get_logger().info("joined\nfake line", name="\x1b[2J\u202ea\rb")
    assert stream.getvalue().count("\n") == 1
    assert not set(stream.getvalue()) & {"\x1b", "\u202e", "\r"}


def test_a_broken_surrogate_can_be_logged() -> None:
    stream = configured()
    structlog.get_logger().info("odd", text="a\ud800b", number=float("nan"))
    stream.getvalue().encode("utf-8")
    assert lines(stream)[0]["number"] == "nan"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(anything)
def test_whatever_is_logged_becomes_plain_json(value: Any) -> None:
    entry = logs.redact(None, "info", {"event": "x", "value": value})
    json.dumps(entry, allow_nan=False, ensure_ascii=False).encode("utf-8")


@example("a/b@c" + "x" * 100)
@given(st.from_regex(r"[a-z0-9:/?#@!$*%.-]{1,40}", fullmatch=True))
def test_the_password_of_any_url_is_hidden(password: str) -> None:
    marked = f"Q{password}Z"
    assert marked not in without_secrets(f"cannot reach redis://me:{marked}@host:6379/0 now")


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.com/a?b=c#d and mail me@example.com",
        "at 21:00: https://example.com:8080/x",
        "a token was missing: say so",
    ],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize("name", ["access_token", "SECRET", "password", "Set-Cookie", "api_key"])
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)
