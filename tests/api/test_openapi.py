"""The description is true: a tester made from it finds no answer it does not foresee."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.api.api import Api
from tests.api.conftest import Shop
from tests.console.house import people

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance", "negative_data_rejection"),
    *("missing_required_header", "unsupported_method", "allow_header_conformance", "ignored_auth"),
)
HOOKS = """
import schemathesis

@schemathesis.hook
def filter_case(context, case):
    # Longer request lines never come as far as the API: the web server refuses them.
    return len(case.as_transport_kwargs().get("url", "") + str(case.query)) < 600
"""


@pytest.mark.timeout(180)
async def test_a_tester_made_from_the_description_finds_nothing_wrong(
    shop: Shop, tmp_path: Path
) -> None:
    rooms = shop.house.rooms
    ada, *_ = await people(shop.house, 3)
    await ada.says("签到", await shop.house.community.group("tea"))
    await rooms.links.make("https://shop.example/")
    await rooms.sops.start("weekly_tips", "all-groups", "ann")
    await rooms.welcomes.scripts.save({"id": "tea", "messages": ["Hello"]}, "ann")
    await rooms.imports.take("ann", "people.csv", b"id,name\nu1,Ada")
    tool, app = await shop.tool(), shop.house.community.app
    base = f"{shop.house.url}/api/v1"
    (tmp_path / "short_lines.py").write_text(HOOKS)
    tester = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json"),
        *("--url", base, "-H", f"Authorization: Bearer {tool.token}", "--no-color"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "8", "--seed", "1", "--no-shrink", "--continue-on-failure"),
        *("--generation-database", "none", "--warnings", "off"),
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
            "SCHEMATHESIS_HOOKS": "short_lines",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(tester.communicate(), 110)
    finally:
        if tester.returncode is None:
            tester.kill()
            await tester.wait()
    assert tester.returncode == 0, said.decode()[-8000:]
    everything = len(Api(app, shop.house.console.directory, shop.tokens).operations)
    assert f"Tested: {everything}" in said.decode()
