"""``muster user``: operators of the console, and who may command the bot in chat."""

from __future__ import annotations

from typing import cast

import click

from bot.cli.main import Setup, cli, show_json
from bot.console.audit import Audit
from bot.console.operators import ROLES as CONSOLE_ROLES
from bot.console.operators import Operators, Role, Unacceptable
from bot.console.passwords import Passwords
from bot.roles import ROLES

BY = "command line"
ROLE = click.Choice(CONSOLE_ROLES)


@cli.group()
def user() -> None:
    """Operators of the console, and who may command the bot in chat."""


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_users(setup: Setup, as_json: bool) -> None:
    """List operators and chat roles.

    Example: muster user list
    """

    async def work() -> tuple[list[tuple[str, str]], dict[str, str]]:
        async with setup.app() as app:
            operators = await Operators(app.store, Passwords()).all()
            return [(o.name, o.role) for o in operators], app.roles.all()

    operators, roles = setup.run(work())
    if as_json:
        show_json({"operators": dict(operators), "chat": roles})
        return
    for name, role in operators:
        click.echo(f"{name}\t{role}\tconsole")
    for account, role in roles.items():
        click.echo(f"{account}\t{role}\tchat")


@user.command()
@click.argument("name")
@click.option("--role", type=ROLE, default="viewer", show_default=True)
@click.pass_obj
def add(setup: Setup, name: str, role: str) -> None:
    """Add an operator and print the first password, once.

    Example: muster user add mei --role manager
    """
    click.echo(setup.run(_operators(setup, "add", name, cast(Role, role))))


@user.command()
@click.argument("name")
@click.pass_obj
def reset(setup: Setup, name: str) -> None:
    """Give an operator a new first password and print it, once.

    Example: muster user reset admin
    """
    click.echo(setup.run(_operators(setup, "reset_password", name)))


@user.command()
@click.argument("account", metavar="GATEWAY/ACCOUNT")
@click.argument("role", type=click.Choice([*ROLES, "none"]))
@click.pass_obj
def role(setup: Setup, account: str, role: str) -> None:
    """Let a chat account command the bot, or no longer.

    Example: muster user role sandbox/u1 manager
    """
    gateway, _, ident = account.partition("/")
    if not ident:
        raise click.UsageError(f"{account!r}: expected gateway/account, such as sandbox/u1")

    async def work() -> None:
        async with setup.app() as app:
            await app.roles.give(gateway, ident, None if role == "none" else role)
            audit = Audit(app.store)
            await audit.write(BY, "chat.role", account, role=role)

    setup.run(work())
    click.echo(f"{account}: {role}")


async def _operators(setup: Setup, what: str, *arguments: str) -> str:
    async with setup.app() as app:
        try:
            call = getattr(Operators(app.store, Passwords()), what)
            return cast(str, await call(BY, *arguments))
        except Unacceptable as error:
            raise click.ClickException(str(error)) from None
