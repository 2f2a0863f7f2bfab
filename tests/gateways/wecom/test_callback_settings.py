"""The settings of a WeCom gateway: what is wrong is said where it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load_config
from bot.gateways.wecom.settings import WeComSettings
from bot.located import Problems

from .caller import KEY

RIGHT = {
    "corp_id": '"ww1234567890abcdef"',
    "agent_id": "1000002",
    "secret": '"the-secret"',
    "token": '"QDG6eK"',
    "aes_key": f'"{KEY}"',
}


def settings(folder: Path, **keys: str) -> WeComSettings:
    """The settings as they are read from a file."""
    lines = [f"{key} = {value}" for key, value in (RIGHT | keys).items() if value]
    file = folder / "config.toml"
    file.write_text('[gateways.shop]\nadapter = "wecom"\n' + "\n".join(lines), encoding="utf-8")
    return load_config(file, {}).gateway_settings("shop", WeComSettings)


def test_five_values_are_enough(tmp_path: Path) -> None:
    read = settings(tmp_path)
    assert (read.corp_id, read.agent_id) == ("ww1234567890abcdef", "1000002")
    assert read.api_url == "https://qyapi.weixin.qq.com"
    assert KEY not in repr(read)
    assert "the-secret" not in repr(read)


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    assert settings(tmp_path, aes_key='{ file = "key" }').aes_key.get_secret_value() == KEY


def test_what_wecom_leaves_open_can_be_set(tmp_path: Path) -> None:
    given = '{ join_scenes = { "1" = "invited" }, call_concurrency = 10 }'
    read = settings(tmp_path, unconfirmed=given)
    assert read.unconfirmed.join_scenes == {"1": "invited"}
    assert read.unconfirmed.call_concurrency == 10


@pytest.mark.parametrize(
    ("key", "value", "line", "words"),
    [
        ("aes_key", f'"{KEY[:-3]}"', 7, "expected 43 characters A-Z, a-z, 0-9, got 40"),
        ("aes_key", f'"{KEY}="', 7, "got 44"),
        ("token", '"with space"', 6, "letters and digits, got 10"),
        ("secret", '""', 5, "the app's Secret"),
        ("corp_id", '"ww 12"', 3, "企业 ID"),
        ("agent_id", '"my app"', 4, "such as 1000002"),
        ("agent_id", "true", 4, "agent_id"),
        ("api_url", '"qyapi.weixin.qq.com"', 8, "https://qyapi.weixin.qq.com"),
        ("replay_window", "-1", 8, "replay_window"),
        ("aes_kee", '"x"', 8, "aes_key"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_no_secret(
    tmp_path: Path, key: str, value: str, line: int, words: str
) -> None:
    with pytest.raises(Problems) as refused:
        settings(tmp_path, **{key: value})
    said = str(refused.value)
    assert f"config.toml:{line}" in said
    assert words in said
    assert KEY[:10] not in said


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="token"):
        settings(tmp_path, token="")
