"""Environment variables override the file, and a misspelt one stops the start."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Config, load_config
from bot.located import Located, Problems
from bot.model.base import Frozen
from bot.settings.environment import overlay


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(text: str = "", **environ: str) -> Config:
    Path("config.toml").write_text(text, encoding="utf-8")
    return load_config(None, environ)


def refused(text: str = "", **environ: str) -> str:
    with pytest.raises(Problems) as raised:
        config(text, **environ)
    return str(raised.value)


def test_the_environment_overrides_the_file() -> None:
    found = config("[web]\nport = 1\nhost = 'h'", MUSTER__WEB__PORT="2")
    assert (found.web.port, found.web.host) == (2, "h")


def test_values_are_read_as_their_setting_needs_them() -> None:
    found = config(
        MUSTER__WORKSPACE="123",
        MUSTER__SANDBOX__OPEN="true",
        MUSTER__WELCOME__WINDOW="10s",
        MUSTER__HANDLERS='["a", "b.c"]',
        MUSTER__DELIVERY__DAILY_CAP="none",
        MUSTER__CHECKIN__DAILY='{"words": ["签到"], "points": 2}',
        MUSTER__CHECKIN__READING="{ reminder = '21:00' }",
        MUSTER__CHECKIN__READING__POINTS="3",
        MUSTER__ROUTES='[{name = "a", words = ["x"], groups = ["sandbox/1"]}]',
    )
    assert found.workspace == "123"
    assert found.sandbox.open is True
    assert found.welcome.window == 10
    assert found.handlers == ("a", "b.c")
    assert found.delivery.daily_cap is None
    assert (found.checkin["daily"].words, found.checkin["daily"].points) == (("签到",), 2)
    assert (found.checkin["reading"].reminder, found.checkin["reading"].points) == ("21:00", 3)
    assert found.routes[0].name == "a"


def test_text_that_begins_like_a_table_and_is_none_stays_text() -> None:
    found = config(MUSTER__GATEWAYS__QQ__ADAPTER="{x", MUSTER__GATEWAYS__QQ__TOKEN='a"b\nc = 1')
    assert found.gateways["qq"].adapter == "{x"
    assert found.gateways["qq"].model_extra == {"token": 'a"b\nc = 1'}


def test_a_gateway_of_the_file_is_found_by_its_name_in_capitals() -> None:
    found = config("[gateways.my-qq]\nadapter = 'a'", MUSTER__GATEWAYS__MY_QQ__ADAPTER="b")
    assert {name: gateway.adapter for name, gateway in found.gateways.items()} == {"my-qq": "b"}


def test_other_programs_variables_are_left_alone() -> None:
    assert config(MUSTER_WEB="x", PATH="/bin", MUSTERS__X="y") == config()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MUSTER__WEB__PROT", 'did you mean "MUSTER__WEB__PORT"?'),
        ("MUSTER__STORE__URL_FIEL", 'did you mean "MUSTER__STORE__URL"?'),
        ("MUSTER__TIMEZON", 'did you mean "MUSTER__TIMEZONE"?'),
        ("MUSTER__WORKSPACE_FILE", 'did you mean "MUSTER__WORKSPACE"?'),
        ("MUSTER__CHECKIN__DAILY__POINT", 'did you mean "MUSTER__CHECKIN__DAILY__POINTS"?'),
        ("MUSTER__WEB__PORT__X", 'did you mean "MUSTER__WEB__PORT"?'),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest(name: str, hint: str) -> None:
    said = refused("[checkin.daily]\n", **{name: "hunter2"})
    assert said == f"{name}: unknown environment variable; {hint}"


@pytest.mark.parametrize("name", ["MUSTER__", "MUSTER__WEB__", "MUSTER____PORT"])
def test_an_incomplete_variable_is_refused(name: str) -> None:
    assert refused(**{name: "1"}).startswith(f"{name}: unknown environment variable")


def test_a_wrong_value_is_blamed_on_its_variable() -> None:
    assert refused("[web]\nport = 1", MUSTER__WEB__PORT="eighty") == (
        'MUSTER__WEB__PORT: web.port: expected a whole number between 0 and 65535, got "eighty"'
    )


def test_everything_wrong_in_file_and_environment_is_said_at_once() -> None:
    said = refused("[web]\nprot = 1", MUSTER__WEB__PORT="x", MUSTER__X="1").split("\n")
    assert [line.split(": ")[0] for line in said] == [
        "MUSTER__WEB__PORT",
        "MUSTER__X",
        "config.toml:2",
    ]


def test_a_variable_does_not_hide_that_its_section_is_no_table() -> None:
    said = refused("web = 3", MUSTER__WEB__PORT="1")
    assert said.startswith("config.toml:1: web: expected a table, got 3")


def test_a_secret_comes_from_the_file_a_variable_names() -> None:
    Path("url").write_text("redis://:hunter2@host\n")
    found = config("[store]\nurl = 'redis://x'", MUSTER__STORE__URL_FILE="url")
    assert found.store.url == SecretStr("redis://:hunter2@host")


def test_a_setting_whose_own_name_ends_with_file_is_no_secret_file() -> None:
    class Model(Frozen):
        key: SecretStr | None = None
        key_file: str = ""

    located, problems = overlay(Model, Located("t.toml"), {"MUSTER__KEY_FILE": "x"})
    assert (located.data, problems) == ({"key_file": "x"}, [])


def test_a_missing_secret_file_is_blamed_on_its_variable() -> None:
    assert refused(MUSTER__STORE__URL_FILE="/none") == (
        "MUSTER__STORE__URL_FILE: store.url: cannot read the secret from /none: "
        "No such file or directory"
    )


def test_a_secret_given_twice_is_refused() -> None:
    said = refused(MUSTER__STORE__URL="redis://hunter2", MUSTER__STORE__URL_FILE="url")
    assert said == "MUSTER__STORE__URL_FILE: set it or the one without _FILE, not both"


def test_a_wrong_secret_is_not_shown() -> None:
    said = refused(MUSTER__STORE__URL="hunter2")
    assert said.startswith("MUSTER__STORE__URL: store.url: expected a URL that starts with")
    assert "hunter2" not in said
