"""The curl examples of docs/api.md work as they stand."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from bot.tokens import SCOPES, Tokens
from tests.console.house import opened, people

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


async def test_the_examples_of_the_api_work_as_they_stand(valkey: str) -> None:
    async with opened(valkey, "docs-api") as house:
        await people(house, 3)
        _, token = await Tokens(house.store).make("shop", SCOPES, "ann", seconds=60)
        ran = 0
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
            for command in re.findall(r"^curl (?:.*\\\n)*.*$", block, re.MULTILINE):
                ran += 1
                said = await curl(command, f"{house.url}/api/v1", token)
                assert "errors" not in said, (command, said)
        assert ran == 22


async def curl(command: str, base: str, token: str) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", command),
        env={"MUSTER": base, "TOKEN": token, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, object] = json.loads(said)
    return found


def test_every_scope_is_in_the_documentation() -> None:
    table = PAGE.partition("| scope |")[2].partition("\n\n")[0]
    assert {*re.findall(r"`([a-z]+:[a-z-]+)`", table)} == {*SCOPES}
