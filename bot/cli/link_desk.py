"""``muster links edit``, ``history``, ``word`` and ``qr``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import click

from bot.cli.link_store import Opener, only, open_links, run
from bot.cli.main import show_json
from bot.links.codes import Code
from bot.links.desk import Desk, LinkError, Version, changed
from bot.links.links import Link, Links, folded
from bot.links.terms import moment
from bot.reports.qr import CORRECTIONS, BadLogo, Correction, Logo, picture, svg
from bot.store.store import Store

BY = "command line"
"""Whom history and audit name."""


@click.command()
@click.argument("link")
@click.option("--url", help="Where it leads.")
@click.option("--title", help="What lists call it.")
@click.option("--campaign", help="What it belongs to.")
@click.option("--from", "opens", help='The day and time it opens, or "".')
@click.option("--until", "ends", help='The day and time it ends, or "".')
@click.option("--limit", type=int, help="Clicks at most; 0 for no limit.")
@click.option("--param", "parameters", multiple=True, help="name=value for every destination.")
@click.option("--fallback", help="Where it leads otherwise.")
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file with its rules, as history --json shows them.",
)
@click.option("--withdrawn/--in-use", default=None, help="Whether it leads nowhere any more.")
@click.option("--confirm/--direct", default=None, help="Whether a page comes in between.")
@click.option("--ask", help='Who is asked who opens it: wecom, wechat or "".')
@click.option("--restore", type=int, help="Bring an earlier version back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def edit(
    setup: Opener,
    /,
    link: str,
    opens: str | None,
    ends: str | None,
    parameters: tuple[str, ...],
    rules: Path | None,
    restore: int | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Change a LINK; what is not named stays. Its addresses stay too.

    Example: muster links edit spring-sale --until "2026-06-20 22:00" --param utm_source=wechat
    """
    changes = {name: value for name, value in said.items() if value is not None}
    zone = ZoneInfo(setup.config.timezone)
    changes |= {
        name: _moment(text, zone)
        for name, text in (("opens", opens), ("ends", ends))
        if text is not None
    }
    if parameters:
        changes["parameters"] = dict(_pair(one) for one in parameters if one)
    if rules:
        changes["branches"] = _rules(rules)
    made = run(setup, lambda store: _edit(store, link, changes, restore))
    if as_json:
        show_json(made.model_dump())
    else:
        click.echo(f"#{made.number} {made.name} → {made.url} (version {made.version})")


@click.command()
@click.argument("link")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def history(setup: Opener, link: str, as_json: bool) -> None:
    """Show what was changed of a LINK, newest first.

    Example: muster links history spring-sale
    """
    found: list[Version] = run(setup, lambda store: _history(store, link))
    if as_json:
        show_json([one.model_dump(mode="json") for one in found])
        return
    zone = ZoneInfo(setup.config.timezone)
    for new, old in zip(found, [*found[1:], None], strict=False):
        at = datetime.fromtimestamp(new.at / 1000, zone)
        click.echo(f"version {new.version}  {at:%Y-%m-%d %H:%M}  {new.by}".rstrip())
        for name, (before, after) in (changed(old.terms, new.terms) if old else {}).items():
            click.echo(f"  {name}: {_text(before)} → {_text(after)}")
    if not found:
        click.echo("It was never changed.")


@click.command()
@click.argument("link")
@click.argument("word", required=False)
@click.option("--take", is_flag=True, help="Take the word away.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def word(setup: Opener, link: str, word: str | None, take: bool, as_json: bool) -> None:
    """Give a LINK a WORD in place of its code, or list those it has.

    Example: muster links word 7 spring-sale
    """
    base = setup.config.web.link_url()
    urls: list[str] = run(setup, lambda store: _words(store, base, link, word, take))
    if as_json:
        show_json(urls)
        return
    for url in urls:
        click.echo(url)
    if not urls:
        click.echo("It has no word.")


@click.command()
@click.argument("link")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A .svg or .png file.")
@click.option("--correction", type=click.Choice(CORRECTIONS), default="M", show_default=True)
@click.option(
    "--logo",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A small PNG or SVG for the middle; correction is then H.",
)
@click.option("--scale", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--word", help="A word of the link, in place of its code.")
@click.pass_obj
def qr(
    setup: Opener,
    link: str,
    out: Path | None,
    correction: str,
    logo: Path | None,
    scale: int,
    word: str | None,
) -> None:
    """Write the QR code of a LINK, as SVG to standard output or into a file.

    SCALE is the pixels of a PNG's modules.

    Example: muster links qr spring-sale --out poster.png --logo tea.png --scale 30
    """
    base, level = setup.config.web.link_url(), cast("Correction", correction)
    if out and out.suffix.lower() not in (".svg", ".png"):
        raise click.ClickException(f"{out} must end in .svg or .png")
    url = run(setup, lambda store: _url(store, base, link, word))
    try:
        mark = Logo.read(logo.read_bytes()) if logo else None
        if out and out.suffix.lower() == ".png":
            body = picture(url, level, mark, scale)
        else:
            body = svg(url, level, mark)
    except BadLogo as error:
        raise click.ClickException(str(error)) from None
    if out is None:
        sys.stdout.write(body.decode())
        return
    out.write_bytes(body)
    click.echo(f"{out}: {url}")


async def _edit(store: Store, what: str, changes: Mapping[str, Any], restore: int | None) -> Link:
    links = await open_links(store)
    link, desk = only(links.find(what), what), Desk(store, links)
    try:
        if restore is not None:
            link = await desk.restore(link.number, BY, restore)
        return await desk.edit(link.number, BY, changes)
    except LinkError as error:
        raise click.ClickException(str(error)) from None


async def _history(store: Store, what: str) -> list[Version]:
    links = await open_links(store)
    return await Desk(store, links).history(only(links.find(what), what).number)


async def _words(store: Store, base: str, what: str, word: str | None, take: bool) -> list[str]:
    links = await open_links(store, lambda: base)
    number, desk = only(links.find(what), what).number, Desk(store, links)
    try:
        if word and take:
            if not await desk.take_word(number, BY, word):
                raise click.ClickException(f"link #{number} has no word {word!r}")
        elif word:
            await desk.give_word(number, BY, word)
    except LinkError as error:
        raise click.ClickException(str(error)) from None
    return [links.word_url(one) for one in links.words(number)]


async def _url(store: Store, base: str, what: str, word: str | None) -> str:
    links: Links = await open_links(store, lambda: base)
    number = only(links.find(what), what).number
    if word is None:
        return links.url(Code(number))
    found = links.worded(word)
    if found is None or found[0] != number:
        raise click.ClickException(f"link #{number} has no word {word!r}")
    return links.word_url(folded(word))


def _moment(text: str, zone: ZoneInfo) -> int | str:
    """UTC ms; what cannot be read stays, to be told with what was expected."""
    try:
        return moment(text.strip(), zone)
    except (ValueError, OverflowError):
        return text


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.ClickException(f"--param {text!r}: write name=value")
    return name.strip(), value.strip()


def _rules(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path}: {error}") from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
