"""``muster stats``: what links, SOPs, steps and groups came to, and who clicked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

import click

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.figures.drawing import percent
from bot.figures.figures import FOLLOWED
from bot.figures.finder import Unclear
from bot.figures.measures import MEASURES
from bot.figures.names import BYS
from bot.figures.period import BadPeriod, Period, read_period
from bot.figures.row import TIMES, By, Figures, Row
from bot.figures.shown import shown
from bot.figures.subject import BadSubject, Subject
from bot.figures.tables import ALL, table_of
from bot.figures.tongue import Words
from bot.reports.csv_text import csv_of
from bot.reports.table import Column, Table
from bot.store.bits import Bits

ROWS = 20
WIDEST = 40
"""Columns of the terminal a name may take."""
WHO = ("reach", "people", "missing", "converted", *FOLLOWED)
PAGE = 500
_NAMES = {one.key: one.name for one in MEASURES}
TITLES = [_NAMES[key] for key in ("hits", "clicks", "people", "reach", "rate", "conversions")]


class _Words(click.Group):
    """A group whose first word, unless it is a command, is a subject for ``show``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = [one for one in args if not one.startswith("-")]
        helped = any(one in ctx.help_option_names for one in args)
        if not (words and words[0] == args[0] and words[0] in self.commands) and not helped:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@cli.group(cls=_Words)
def stats() -> None:
    """What links, SOPs, steps and groups came to: all together, or a SUBJECT.

    A subject is written campaign:spring-sale, link:7, sop:new_member_week, step:sop/step,
    group:3, staff:Li or channel:poster, or by what people know it by.

    Example: muster stats spring-sale --by group --since 30d
    """


def _period_options(command: click.decorators.FC) -> click.decorators.FC:
    since = click.option(
        "--since", default="", help="The first day, 2026-11-01, or 30d, week, month; else 30d."
    )
    until = click.option("--until", default="", help="The last day, 2026-11-30; else today.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
    return since(until(as_json(as_csv(command))))


@stats.command()
@click.argument("subject", nargs=-1)
@click.option("--by", type=click.Choice(tuple(BYS)), help="Rows; else links, or days of a subject.")
@click.option("--limit", type=click.IntRange(1), help=f"Most rows; else {ROWS}, or all in a file.")
@_period_options
@click.pass_obj
def show(
    setup: Setup,
    subject: Sequence[str],
    by: By | None,
    limit: int | None,
    since: str,
    until: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    """What a SUBJECT came to, or everything (the same as ``muster stats SUBJECT``).

    Example: muster stats show spring-sale --since 2026-11-01 --csv
    """

    async def work() -> None:
        async with setup.app() as app:
            rooms, words = app.rooms, app.rooms.telling.words
            about, period = await _asked(app, " ".join(subject), since, until)
            cut: By = by or ("link" if about.kind == "all" else "day")
            figures = await rooms.figures.of(about, period, cut)
            keys = [row.key for row in figures.rows]
            names = await rooms.figure_names.of(cut, keys, words, about)
            name = await rooms.figure_names.subject(about, words)
            if as_json:
                found = shown(figures, name, names, app.config.timezone)
                show_json(found.model_dump(mode="json"))
            elif as_csv:
                _csv(table_of(figures, names, words, rooms.figures.zone, name), app)
            else:
                click.echo(await rooms.telling.text(about, period))
                click.echo()
                for line in _table(words, figures, names, limit or ROWS):
                    click.echo(line)

    _told(setup, work())


@stats.command()
@click.argument("subject", nargs=-1, required=True)
@click.option("--measure", type=click.Choice(WHO), default="people", show_default=True)
@click.option("--group", default="", help="Only in this group: its number or name.")
@_period_options
@click.pass_obj
def who(
    setup: Setup,
    subject: Sequence[str],
    measure: str,
    group: str,
    since: str,
    until: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    """The members behind a figure: who clicked, was reached, did not click ("missing") …

    Example: muster stats who spring-sale --measure missing --group tea
    """

    async def work() -> None:
        async with setup.app() as app:
            about, period = await _asked(app, " ".join(subject), since, until)
            place = await app.rooms.finder.group(group) if group else None
            by: By | None = "group" if place else None
            key = place.name if place else ""
            found = await app.rooms.figures.who(about, period, measure, by, key)
            members = [one async for one in _members(app, found)]
            if as_json:
                told = {"subject": str(about), "measure": measure, "count": found.count()}
                rows = [
                    dict(zip(("number", "name", "accounts"), one, strict=True)) for one in members
                ]
                show_json({**told, "members": rows})
            elif as_csv:
                columns = (Column("number", "count"), Column("name"), Column("accounts"))
                _csv(Table(measure, columns, members), app)
            else:
                for number, name, accounts in members:
                    click.echo(f"#{number:<7} {_fit(name, 24)} {accounts}".rstrip())
                click.echo(f"{len(members):,} members")

    _told(setup, work())


async def _asked(app: App, words: str, since: str, until: str) -> tuple[Subject, Period]:
    """What is meant, in which days; raises Unclear, BadPeriod."""
    asked = await app.rooms.finder.find(words)
    if not (since or until):
        return asked.subject, asked.period
    today = app.rooms.figures.today
    last = read_period(until, today).until if until else None
    first = read_period(since, today) if since else read_period("", last or today)
    return asked.subject, Period(first.since, last or max(first.until, first.since))


async def _members(app: App, found: Bits) -> AsyncIterator[tuple[int, str, str]]:
    """Number, name and accounts, by number."""
    for start in range(0, found.count(), PAGE):
        for one in await app.members.some(found.numbers(start, PAGE)):
            accounts = (f"{gateway}/{account}" for gateway, account in one.accounts.items())
            yield one.number, one.name, " ".join(accounts)


def _told(setup: Setup, work: Coroutine[Any, Any, None]) -> None:
    """Do it; what is unclear is said."""
    try:
        setup.run(work)
    except Unclear as unclear:
        lines = [str(unclear), *(f"  {subject}  {name}" for subject, name in unclear.fitting)]
        raise click.ClickException("\n".join(lines)) from None
    except (BadSubject, BadPeriod) as error:
        raise click.ClickException(str(error)) from None


def _csv(table: Table, app: App) -> None:
    for piece in csv_of(table, app.config.timezone):
        click.echo(piece, nl=False)


def _table(words: Words, figures: Figures, names: Mapping[str, str], limit: int) -> Iterator[str]:
    """The figures in columns; days and hours the latest of them."""
    rows = figures.rows[-limit:] if figures.by in TIMES else figures.rows[:limit]
    lines = [[words.say(BYS[figures.by]) if figures.by else "", *map(words.say, TITLES)]]
    lines += [[names[row.key], *_cells(row)] for row in rows]
    lines.append([words.say(ALL), *_cells(figures.total)])
    widths = [min(WIDEST, max(map(_width, column))) for column in zip(*lines, strict=True)]
    for name, *cells in lines:
        told = (_fit(one, width, right=True) for one, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([_fit(name, widths[0]), *told])
    if len(figures.rows) > len(rows):
        yield f"… {len(figures.rows) - len(rows):,} more; --limit shows them"


def _cells(row: Row) -> list[str]:
    counts = (row.hits, row.clicks, row.people, row.reach)
    rate = row.rate.estimate if row.rate else None
    told = ["–" if count is None else f"{count:,}" for count in counts]
    return [*told, "–" if rate is None else percent(rate), f"{row.conversions:,}"]


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def _fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in so many columns of a terminal, cut where it is longer."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    space = " " * (width - _width(text))
    return space + text if right else text + space
