"""What the documentation says of links and figures is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from bot.figures.finder import KINDS
from bot.figures.measures import MEASURES
from bot.figures.row import BYS
from bot.figures.telling import RANKED
from bot.links.rules import LIMIT, SIGNS, VERDICTS
from handlers import link_stats

PAGE = (Path(__file__).parents[2] / "docs" / "links-and-figures.md").read_text(encoding="utf-8")


def table(head: str) -> list[list[str]]:
    rows = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_every_figure_is_defined_as_beside_it() -> None:
    assert table("figure") == [[one.name, one.meaning] for one in MEASURES]


def test_every_verdict_and_sign_is_told() -> None:
    assert [row[0].strip("`") for row in table("verdict")] == [*VERDICTS]
    assert table("sign") == [[one.name, str(one.weight), one.why] for one in SIGNS]
    assert f"from {LIMIT} on it is no click" in PAGE


def test_every_cut_and_order_is_told() -> None:
    cuts = PAGE.partition("They can be cut by ")[2].partition(". Rows")[0].lower()
    assert [by for by in BYS if by not in cuts] == []
    assert [what for what in RANKED if f"`{what}`" not in PAGE] == []
    assert {*KINDS.values()} - {"step"} <= {*re.findall(r"`(\w+):", PAGE)}


def test_the_commands_it_tells_of_are_those_of_the_handler() -> None:
    known = {word for rule in link_stats.router.rules for word in rule.words}
    told = {*re.findall(r"`/([^` ]+(?: (?:links|groups|clicked|did not click))?)", PAGE)}
    assert {"stats", "top links", "who did not click", "谁点了"} <= told <= known
