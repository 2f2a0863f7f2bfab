"""The examples of docs/conversions.md sign as the server reads; the command line does too."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner

from bot.cli.main import commands
from bot.links.codes import Code
from bot.links.signing import sign
from tests.console.house import opened, people

PAGE = (Path(__file__).parents[2] / "docs" / "conversions.md").read_text()
SECRET = "k-secret_1"
FIELDS = {
    "name": "order-17",
    "code": "2Gk9Xw1b",
    "value": "12.00",
    "currency": "CNY",
    "key": "0a1b2c3d",
    "to": "https://shop.example/谢谢?a=1+2&b=%2F it's (fine)!*~",
}


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def in_python() -> str:
    names: dict[str, Any] = {}
    exec(example("python"), names)
    return str(names["signed"]("https://go.example", "sale", SECRET, **FIELDS))


def in_javascript() -> str:
    node = which("node")
    assert node, "the test needs Node.js"
    call = f"signed('https://go.example', 'sale', '{SECRET}', {json.dumps(FIELDS)})"
    script = f"{example('js')}\nprocess.stdout.write({call})"
    return subprocess.run([node, "-e", script], check=True, capture_output=True, text=True).stdout


def in_php() -> str:
    php = which("php")
    assert php
    fields = json.dumps(FIELDS)
    call = (
        f"signed('https://go.example', 'sale', '{SECRET}', json_decode(<<<'X'\n{fields}\nX, true))"
    )
    script = f"{example('php')}\necho {call};"
    return subprocess.run([php, "-r", script], check=True, capture_output=True, text=True).stdout


WAYS = [
    in_python,
    *([in_javascript] if which("node") else []),
    *([in_php] if which("php") else []),
]


@pytest.mark.parametrize("signed", WAYS)
def test_an_example_signs_what_the_server_reads(signed: Callable[[], str]) -> None:
    parts = urlsplit(signed())
    told = dict(parse_qsl(parts.query, strict_parsing=True))
    assert parts.path == "/v/sale"
    assert told.pop("sig") == sign(SECRET, "sale", FIELDS)
    assert told == FIELDS


async def test_the_example_is_recorded(valkey: str) -> None:
    async with opened(valkey, "docs-conversions") as house:
        await people(house, 1)
        rooms = house.rooms
        link = await rooms.links.make("https://shop.example/spring")
        key, secret = await rooms.signing_keys.make("shop", [], "ann")
        code = rooms.links.codes.pack(Code(link))
        names: dict[str, Any] = {}
        exec(example("python"), names)
        fields = {**FIELDS, "key": key.id, "code": code, "to": "https://shop.example/thanks"}
        visitor = house.visitor()
        address = names["signed"](house.url, "sale", secret, **fields)
        async with visitor.client.get(
            address.removeprefix(house.url), allow_redirects=False
        ) as answer:
            assert answer.status == 302, await answer.text()
        (found,) = await rooms.conversions.recent()
        assert (found.link, str(found.value)) == (link, "12.00")


def test_the_command_line_makes_keys_and_signs(valkey: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'workspace = "cli-keys"\n[store]\nurl = "unix://{valkey}"\n')

    def muster(*words: str) -> str:
        given = ["--config", str(config), "conversions", *words]
        result = CliRunner().invoke(commands(), given)
        assert result.exit_code == 0, result.output
        return result.stdout

    key, secret = muster("key", "add", "shop", "--host", "Shop.example").split()
    (listed,) = json.loads(muster("key", "list", "--json"))
    assert (listed["name"], listed["hosts"]) == ("shop", ["shop.example"])
    assert secret not in muster("key", "list") + json.dumps(listed)
    words = (
        "--key",
        "shop",
        "--name",
        "o-1",
        "--code",
        "x",
        "--value",
        "1.50",
        "--currency",
        "CNY",
    )
    parts = urlsplit(muster("sign", "sale", *words).strip())
    told = dict(parse_qsl(parts.query))
    assert told.pop("sig") == sign(secret, "sale", told)
    assert (parts.path, told["key"], told["name"]) == ("/v/sale", key, "o-1")
    assert muster("key", "revoke", "shop") == "shop is revoked.\n"
    assert json.loads(muster("key", "list", "--json")) == []
    given = ["--config", str(config), "conversions", "sign", "sale", *words]
    result = CliRunner().invoke(commands(), given)
    assert (result.exit_code, 'no key "shop"' in result.output) == (1, True)
