"""What the tests of templates in the console share: a template, its form, and posting it."""

from __future__ import annotations

from html import unescape
from pathlib import Path

from aiohttp import FormData

from bot.console.pages.sop_form import Form
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.templates.library import Library
from tests.console.conftest import Visitor
from tests.console.house import House
from tests.sop.town import FIGURES

TEA = """# Ours.
title = "Tea week"
anchor = "joined"

[[step]]
id = "hello"
after = "0d"
at = "20:00"
text = "Hello {{ member.name }}"

[[step]]
id = "ask"
after = "2d"
at = "20:00"
text = "How was it?"

[[step]]
id = "thanks"
follows = "ask"
after = "1h"
if = "step:ask/replied"
text = "Thank you"
"""
FOLDER = Path(__file__).parents[2] / "sop_templates"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def library() -> Library:
    templates = Templates()
    return Library(FOLDER, templates, [*Writer(templates, FIGURES).names, "link"])


async def tea(house: House) -> None:
    await house.rooms.sops.shelf.add("tea-week", TEA, "ann")


def fields(name: str = "tea-week", **changed: str) -> dict[str, str]:
    """What a browser posts of the tea week's form, with some fields written over."""
    form = Form.of(library().parse(TEA, name), "en")
    found = {**form.head, "base": "1", "do": "save"}
    for letter, rows in (("p", form.parameters), ("s", form.steps)):
        for number, row in enumerate(rows):
            found |= {f"{letter}{number}.{key}": value for key, value in row.items()}
    return found | {key.replace("__", "."): value for key, value in changed.items()}


async def post(visitor: Visitor, path: str, form: dict[str, str]) -> tuple[int, str]:
    data = {**form, "csrf": await visitor.csrf()}
    async with visitor.client.post(path, data=data, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") + unescape(await answer.text())


async def upload(visitor: Visitor, name: str, content: bytes, called: str = "") -> tuple[int, str]:
    data = FormData()
    data.add_field("csrf", await visitor.csrf())
    data.add_field("name", called)
    data.add_field("file", content, filename=name)
    path = "/sops/templates/import"
    async with visitor.client.post(path, data=data, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") + unescape(await answer.text())
