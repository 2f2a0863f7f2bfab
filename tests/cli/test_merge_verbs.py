"""``muster members merge`` and ``split``, in a terminal."""

from __future__ import annotations

import json

from bot.app import App
from bot.model.conversation import Account
from bot.store.effects import Effects
from tests.cli.conftest import Line


async def two(app: App) -> None:
    for ident, city in (("u1", "SH"), ("u2", "BJ")):
        number = await app.members.number("sandbox", Account(id=ident, name=ident.upper()))
        effects = Effects(app.store.keys)
        effects.attribute(number, "city", city)
        await app.store.apply(effects)


async def cities(app: App) -> list[str]:
    return [one.attributes["city"] for one in await app.members.some([1, 2])]


def test_two_members_are_looked_at_merged_and_split(muster: Line) -> None:
    muster.inside(two)
    looked = muster.muster("members", "merge", "1", "2", "--dry-run")
    assert looked.exit_code == 0
    assert "account sandbox/u2" in looked.output
    assert "SH or BJ" in looked.output
    assert muster.inside(cities) == ["SH", "BJ"]
    merged = muster.muster("members", "merge", "2", "1", "--yes", "--choose", "city=BJ", "--json")
    assert json.loads(merged.stdout)["survivor"] == 1
    assert muster.inside(cities) == ["BJ"]
    split = muster.muster("members", "split", "2", "--json")
    assert json.loads(split.stdout) == {"former": 2, "survivor": 1}
    assert muster.inside(cities) == ["SH", "BJ"]


def test_mistakes_are_told_without_a_traceback(muster: Line) -> None:
    muster.inside(two)
    for words, said in (
        (("merge", "1", "1", "--yes"), "one member already"),
        (("merge", "1", "9", "--yes"), "no member 9"),
        (("merge", "1", "2", "--yes", "--choose", "city=GZ"), "“SH” or “BJ”"),
        (("merge", "1", "2", "--yes", "--choose", "city"), "NAME=VALUE"),
        (("split", "2"), "not merged"),
    ):
        result = muster.muster("members", *words)
        assert result.exit_code in (1, 2), words
        assert said in result.output
        assert isinstance(result.exception, SystemExit)
