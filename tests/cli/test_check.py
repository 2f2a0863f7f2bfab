"""``muster check``: everything that is wrong, with file and line, before anything starts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import commands


def check(folder: Path, config: str, *arguments: str) -> Result:
    path = folder / "config.toml"
    path.write_text(config, encoding="utf-8")
    return CliRunner().invoke(commands(), ["--config", str(path), "check", *arguments])


def test_a_fine_configuration_is_said_to_be_fine(tmp_path: Path) -> None:
    result = check(tmp_path, 'timezone = "Asia/Shanghai"\n')
    assert result.exit_code == 0, result.output
    assert "✗" not in result.output


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[web]\nprot = 80\n", 'config.toml:2: web.prot: unknown key; did you mean "port"?'),
        ('timezone = "Asia/Shangai"\n', 'did you mean "Asia/Shanghai"?'),
        ('\n[gateways.qq]\nadapter = "onebot12"\n', "config.toml:3: gateways.qq.adapter"),
        ('handlers = ["no_such_module_anywhere"]\n', "no_such_module_anywhere"),
        (
            '[[routes]]\nname = "a"\nwords = ["(("]\nmode = "regex"\ngroups = ["sandbox/x"]\n',
            "config.toml:3: routes[0].words[0]: not a regular expression",
        ),
        ("web = [\n", "config.toml:"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, config: str, said: str) -> None:
    result = check(tmp_path, config)
    assert result.exit_code == 1
    assert said in result.output


def test_a_broken_sop_template_is_found_without_starting(tmp_path: Path) -> None:
    (tmp_path / "sop_templates").mkdir()
    template = (
        'title = "x"\nanchor = "calendar"\n[[step]]\nid = "a"\n'
        'every = "61 * * * *"\ntext = "{{ grop.name }}"\n'
    )
    (tmp_path / "sop_templates" / "bad.toml").write_text(template, encoding="utf-8")
    result = check(tmp_path, "")
    assert result.exit_code == 1
    assert "bad.toml:5" in result.output
    assert "bad.toml:6" in result.output
    assert 'did you mean "group"' in result.output


def test_a_store_that_cannot_be_reached_is_an_error_without_its_password(tmp_path: Path) -> None:
    result = check(tmp_path, '[store]\nurl = "redis://user:hunter2@127.0.0.1:1/0"\n', "--json")
    assert result.exit_code == 1
    assert "hunter2" not in result.output
    assert any("cannot be reached" in row["what"] for row in json.loads(result.output))


def test_a_server_of_ones_own_is_examined(tmp_path: Path, valkey: str) -> None:
    result = check(tmp_path, f'[store]\nurl = "unix://{valkey}"\n')
    assert result.exit_code == 0, result.output
    assert "every acknowledged write is on disk" in result.output
