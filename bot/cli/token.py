"""``muster token``: what other tools show to use the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import click

from bot.cli.main import Setup, cli, show_json
from bot.clock import utc
from bot.settings.kinds import duration_seconds
from bot.tokens import PER_MINUTE, SCOPES, BadToken, Token, Tokens

BY = "command line"


@cli.group()
def token() -> None:
    """Tokens for other tools: what each may do over the API, and until when.

    Example: muster token new shop --scope write:conversions --expires 90d
    """


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help=", ".join(SCOPES))
@click.option("--expires", default="90d", show_default=True, help="How long it is good for.")
@click.option("--per-minute", default=PER_MINUTE, show_default=True, help="Requests allowed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def new(
    setup: Setup, name: str, scopes: tuple[str, ...], expires: str, per_minute: int, as_json: bool
) -> None:
    """Make a token called NAME and print it, once; --scope may be given several times.

    Example: muster token new shop --scope write:conversions --expires 90d
    """
    try:
        seconds = duration_seconds(expires)
    except ValueError:
        wrong = f'{expires!r}: expected a duration such as "12h" or "90d"'
        raise click.BadParameter(wrong, param_hint="--expires") from None
    wanted = [scope for given in scopes for scope in given.split(",")]

    async def work(tokens: Tokens) -> tuple[Token, str]:
        return await tokens.make(name, wanted, BY, seconds=seconds, per_minute=per_minute)

    made, text = _run(setup, work)
    if as_json:
        show_json({**_row(made, {}), "token": text})
        return
    click.echo(text)
    click.echo(f"Shown only now; ends {utc(made.until):%Y-%m-%d %H:%M} UTC.", err=True)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_tokens(setup: Setup, as_json: bool) -> None:
    """List the tokens: what they allow, until when, and when they were last used.

    Example: muster token list
    """

    async def work(tokens: Tokens) -> list[dict[str, Any]]:
        used = await tokens.used()
        return [_row(one, used) for one in await tokens.all()]

    rows = _run(setup, work)
    if as_json:
        show_json(rows)
        return
    for row in rows:
        used = f"last used {utc(row['used']):%Y-%m-%d %H:%M}" if row["used"] else "never used"
        ends = f"ends {utc(row['until']):%Y-%m-%d %H:%M} UTC"
        click.echo(f"{row['id']}  {row['name']:<20} {', '.join(row['scopes'])}; {ends}; {used}")
    if not rows:
        click.echo("No tokens yet. Example: muster token new shop --scope read:stats")


@token.command()
@click.argument("which", metavar="NAME")
@click.pass_obj
def revoke(setup: Setup, which: str) -> None:
    """Revoke the token NAME (or with this id) at once.

    Example: muster token revoke shop
    """

    async def work(tokens: Tokens) -> str:
        for one in await tokens.all():
            if which in (one.name, one.id) and await tokens.revoke(one.id, BY):
                return one.name
        raise BadToken(f'there is no token "{which}"')

    click.echo(f"{_run(setup, work)} is revoked.")


def _row(one: Token, used: Any) -> dict[str, Any]:
    return {**one.model_dump(exclude={"digest"}), "used": used.get(one.id)}


def _run(setup: Setup, work: Callable[[Tokens], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with setup.open_store() as store:
            try:
                return await work(Tokens(store))
            except BadToken as error:
                raise click.ClickException(str(error)) from None

    return setup.run(opened())
