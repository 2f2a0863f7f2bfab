"""config.toml: defaults, sections, and what is refused at the start."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Config, load_config
from bot.located import Problems
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.welcome.scripts import configured


def config(tmp_path: Path, text: str, **environ: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environ)


def refused(tmp_path: Path, text: str, **environ: str) -> str:
    with pytest.raises(Problems) as raised:
        config(tmp_path, text, **environ)
    return str(raised.value).replace(f"{tmp_path}/", "")


def test_without_a_file_everything_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = load_config(None, {"PATH": "/bin"})
    assert found == Config()
    assert found.web.url() == "http://127.0.0.1:8080"
    assert found.data_dir == Path("data")
    assert found.store.url is None


def test_config_toml_in_the_current_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("workspace = 'tea'")
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {}).workspace == "tea"


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="no such file"):
        load_config(tmp_path / "other.toml", {})


def test_the_example_is_valid_as_it_stands() -> None:
    example = Path(__file__).parents[2] / "config.example.toml"
    assert load_config(example, {}).routes[0].groups[1].capacity == 500


def test_the_example_is_valid_with_its_example_lines_too(tmp_path: Path) -> None:
    lines = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8").split("\n")
    used = [line[1:] if line[:1] == "#" and line[1:2] not in ("", " ") else line for line in lines]
    assert used != lines
    found = config(tmp_path, "\n".join(used))
    assert found.gateways["qq"].adapter == "onebot11"
    assert found.store.url is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\n\nprot = 1", 'config.toml:3: web.prot: unknown key; did you mean "port"?'),
        (
            "[web]\nport = 'eighty'",
            'config.toml:2: web.port: expected a whole number between 0 and 65535, got "eighty"',
        ),
        (
            "timezone = 'Asia/Shanghia'",
            'config.toml:1: timezone: expected a time zone such as "Asia/Shanghai", '
            'got "Asia/Shanghia"; did you mean "Asia/Shanghai"?',
        ),
        (
            "timezone = 'Asia/Beijing'",
            'config.toml:1: timezone: expected a time zone such as "Asia/Shanghai", '
            'got "Asia/Beijing"; did you mean "Asia/Shanghai"?',
        ),
        ("workspace = 'Tea House'", "config.toml:1: workspace: expected a name of lower-case"),
        ("language = 'cn'", 'config.toml:1: language: expected "zh" or "en", got "cn"'),
        ("handlers = ['a/b.py']", "config.toml:1: handlers[0]: expected a Python module such as"),
        (
            "[web]\npublic_url = 'bot.example.com'",
            "config.toml:2: web.public_url: expected an http",
        ),
        (
            "[web]\npublic_url = 'https://me:hunter2@host'",
            "config.toml:2: web.public_url: expected an http or https URL such as "
            "https://bot.example.com, without user, query and fragment, "
            'got "https://***@host"',
        ),
        ("[web]\npublic_url = 'http://h:x'", "config.toml:2: web.public_url: expected an http"),
        (
            "[web]\ntrusted_proxies = ['nearby']",
            "config.toml:2: web.trusted_proxies[0]: expected an address or network such as "
            '"10.0.0.0/8", got "nearby"',
        ),
        ("[store]\nurl = 'mysql://x'", "config.toml:2: store.url: expected a URL that starts with"),
        ("[gateways.qq]\n", "config.toml:1: gateways.qq.adapter: missing; expected text"),
        (
            "[gateways.QQ]\nadapter = 'onebot11'",
            "config.toml:1: gateways.QQ: expected a name of lower-case letters, digits, - and _, "
            'got "QQ"',
        ),
        (
            "[delivery]\nquiet_hours = '22:00'",
            'config.toml:2: delivery.quiet_hours: expected two times of day such as "22:00-08:00", '
            'or "none", got "22:00"',
        ),
        (
            "[delivery]\nquiet_hours = '8:00-08:00'",
            "config.toml:2: delivery.quiet_hours: expected two",
        ),
        ("[delivery]\ndaily_cap = 0", "config.toml:2: delivery.daily_cap: expected a whole number"),
        ("[welcome]\nwindow = '5 secs'", "config.toml:2: welcome.window: expected seconds, or"),
        ("[welcome]\nwindow = -1", "config.toml:2: welcome.window: expected seconds, or"),
        ("[welcome]\nwindow = true", "config.toml:2: welcome.window: expected seconds, or"),
        (
            "[welcome]\nmessages = ['']",
            "config.toml:2: welcome.messages[0]: expected text that",
        ),
        (
            "[checkin.daily]\nreminder = '24:00'",
            "config.toml:2: checkin.daily.reminder: expected a",
        ),
        (
            "[checkin.daily]\ntimezone = 'UTC+8'",
            "config.toml:2: checkin.daily.timezone: expected a",
        ),
        (
            "[checkin.daily]\ngroups = ['tea']",
            'config.toml:2: checkin.daily.groups[0]: expected a group as "gateway/group id", '
            'got "tea"',
        ),
        (
            "[checkin.daily]\nreminder_groups = ['sandbx/tea']",
            'config.toml:2: checkin.daily.reminder_groups[0]: unknown gateway "sandbx"; '
            'did you mean "sandbox"?',
        ),
        ("[log]\nlevel = 'warn'", 'config.toml:2: log.level: expected "debug", "info", "warning"'),
        (
            "[retention]\njournal_days = 0",
            "config.toml:2: retention.journal_days: expected a whole",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_and_says_why(tmp_path: Path, text: str, said: str) -> None:
    message = refused(tmp_path, text)
    assert message.startswith(said)
    assert "\n" not in message


ROUTE = "[[routes]]\nname = 'a'\nwords = ['x']\ngroups = ['sandbox/1']\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROUTE + ROUTE, 'config.toml:6: routes[1].name: another route is called "a" too'),
        (ROUTE + "lobby = ['qq/2']", 'config.toml:5: routes[0].lobby[0]: unknown gateway "qq"'),
        (ROUTE.replace("1", "") + "", "config.toml:4: routes[0].groups[0]: expected a group as"),
        (ROUTE.replace("'x'", ""), "config.toml:3: routes[0].words: expected a list of texts that"),
        (
            ROUTE.replace("x", "(护") + "mode = 'regex'",
            "config.toml:3: routes[0].words[0]: not a regular expression: missing ): (护",
        ),
        (ROUTE + "mode = 'exat'", 'config.toml:5: routes[0].mode: expected "exact", "all"'),
    ],
)
def test_a_wrong_route_stops_the_start_and_says_why(tmp_path: Path, text: str, said: str) -> None:
    assert refused(tmp_path, text).startswith(said)


def test_routes_lead_to_groups_with_and_without_a_capacity(tmp_path: Path) -> None:
    text = ROUTE.replace("['sandbox/1']", "['sandbox/1/x', {group='sandbox/2', capacity=9}]")
    first, second = config(tmp_path, text).routes[0].groups
    assert (first.group, first.capacity) == (Conversation(gateway="sandbox", group="1/x"), None)
    assert (second.group, second.capacity) == (Conversation(gateway="sandbox", group="2"), 9)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("'30s'", 30),
        ("'6h'", 21_600),
        ("'1h 30m'", 5400),
        ("'3d'", 259_200),
    ],
)
def test_durations_are_seconds_or_words(tmp_path: Path, written: str, seconds: float) -> None:
    assert config(tmp_path, f"[welcome]\nwindow = {written}").welcome.window == seconds


@pytest.mark.parametrize("written", ["'9:05'", "'09:05'", "09:05:00", "'９：０５'"])
def test_times_of_day_are_understood(tmp_path: Path, written: str) -> None:
    found = config(tmp_path, f"[checkin.daily]\nreminder = {written}")
    assert found.checkin["daily"].reminder == "09:05"


def test_quiet_hours_and_cap_can_be_switched_off(tmp_path: Path) -> None:
    found = config(tmp_path, "[delivery]\nquiet_hours = 'none'\ndaily_cap = 'none'").delivery
    assert (found.quiet_hours, found.daily_cap) == (None, None)


def test_a_groups_welcome_differs_only_in_what_it_sets(tmp_path: Path) -> None:
    text = """
        [welcome]
        messages = ["hi", { text = "more", after = "20s", to = "direct" }]
        window = 9
        [welcome.groups."tea"]
        messages = ["tea!"]
        [welcome.groups."qq/tea"]
        enabled = false
    """
    usual, tea, silent = configured(config(tmp_path, text).welcome)
    assert [(m.text, m.after, m.to) for m in usual.messages] == [
        ("hi", 0, "group"),
        ("more", 20, "direct"),
    ]
    assert ([m.text for m in tea.messages], tea.window, tea.silent) == (["tea!"], 9, False)
    assert (silent.silent, silent.when.groups) == (True, ("qq/tea",))


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    found = config(tmp_path, "data_dir = 'd'\nsop_templates = '/srv/sops'")
    assert found.data_dir == tmp_path / "d"
    assert found.sop_templates == Path("/srv/sops")


def test_the_url_to_show_is_public_or_local(tmp_path: Path) -> None:
    assert config(tmp_path, "[web]\npublic_url = 'https://b.example/x/'").web.url() == (
        "https://b.example/x"
    )
    assert config(tmp_path, "[web]\nhost = '::'\nport = 0").web.url(81) == "http://[::1]:81"
    assert config(tmp_path, "[web]\nhost = '0.0.0.0'").web.url() == "http://127.0.0.1:8080"


def test_trusted_proxies_are_networks(tmp_path: Path) -> None:
    found = config(tmp_path, "[web]\ntrusted_proxies = ['10.0.0.7', 'fd00::/8']").web
    assert found.trusted_proxies == (ip_network("10.0.0.7/32"), ip_network("fd00::/8"))


class OneBot(Frozen):
    url: str
    access_token: SecretStr | None = None


GATEWAY = "[gateways.qq]\nadapter = 'onebot11'\n"


def test_an_adapter_gets_its_own_settings(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2\n")
    found = config(tmp_path, GATEWAY + "url = 'ws://x'\naccess_token = {file = 'token'}")
    settings = found.gateway_settings("qq", OneBot)
    assert settings.url == "ws://x"
    assert settings.access_token == SecretStr("hunter2")


def test_an_adapters_settings_can_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2")
    found = config(
        tmp_path,
        "[gateways.my-qq]\nadapter = 'onebot11'",
        MUSTER__GATEWAYS__MY_QQ__URL="ws://x",
        MUSTER__GATEWAYS__MY_QQ__ACCESS_TOKEN_FILE="token",
    )
    settings = found.gateway_settings("my-qq", OneBot)
    assert (settings.url, settings.access_token) == ("ws://x", SecretStr("hunter2"))


def test_an_adapters_wrong_settings_are_located_and_show_no_token(tmp_path: Path) -> None:
    found = config(tmp_path, GATEWAY + "ulr = 'ws://x'\naccess_token = ['hunter2']")
    with pytest.raises(Problems) as raised:
        found.gateway_settings("qq", OneBot)
    assert str(raised.value).replace(f"{tmp_path}/", "").split("\n") == [
        "config.toml:1: gateways.qq.url: missing; expected text",
        'config.toml:3: gateways.qq.ulr: unknown key; did you mean "url"?',
        "config.toml:4: gateways.qq.access_token: expected text",
    ]


def test_an_unreadable_secret_of_an_adapter_is_located(tmp_path: Path) -> None:
    found = config(tmp_path, GATEWAY + "url = 'ws://x'\naccess_token = {file = 'nope'}")
    with pytest.raises(Problems, match=r":4: gateways.qq.access_token: cannot read the secret"):
        found.gateway_settings("qq", OneBot)


def test_what_only_the_app_can_check_is_located_too(tmp_path: Path) -> None:
    problem = config(tmp_path, GATEWAY).problem(("gateways", "qq", "adapter"), "unknown adapter")
    assert str(problem).endswith("config.toml:2: gateways.qq.adapter: unknown adapter")


def test_a_printed_configuration_holds_no_secret(tmp_path: Path) -> None:
    text = GATEWAY + "anything = 'hunter2'\n[store]\nurl = 'redis://:hunter2@host'"
    assert "hunter2" not in repr(config(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"", "the file is empty"),
        (b"\xff\xfe", "the file is not UTF-8 text"),
        (b"x" * 100_000, "the file is too large for a secret"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_located(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    message = refused(tmp_path, "[store]\nurl = { file = 'url' }")
    assert message == f"config.toml:2: store.url: cannot read the secret from url: {reason}"


def test_a_secret_file_may_end_with_a_line_break(tmp_path: Path) -> None:
    (tmp_path / "url").write_bytes(b"redis://:p w@host\r\n")
    found = config(tmp_path, "[store]\nurl = { file = 'url' }").store.url
    assert found is not None
    assert found.get_secret_value() == "redis://:p w@host"


def test_only_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("tea")
    message = refused(tmp_path, "workspace = { file = 'name' }")
    assert message.startswith("config.toml:1: workspace: expected a name")


def test_the_wrong_content_of_a_secret_file_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("hunter2")
    message = refused(tmp_path, "[store]\nurl = { file = 'url' }")
    assert message.startswith("config.toml:2: store.url: expected a URL that starts with redis://")
    assert "hunter2" not in message
