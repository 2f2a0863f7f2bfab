"""``muster conversions``: the keys shops sign addresses with, and signing one to try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import click

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.clock import utc
from bot.links.arrivals import PATH
from bot.links.signing import BadKey, SigningKey, SigningKeys, sign

BY = "command line"


@cli.group()
def conversions() -> None:
    """Conversions told by signed addresses: keys for shops, and an address to try.

    Example: muster conversions key add shop --host shop.example
    """


@conversions.group()
def key() -> None:
    """Keys that shops sign addresses with.

    Example: muster conversions key list
    """


@key.command()
@click.argument("name")
@click.option("--host", "hosts", multiple=True, help="A host customers may be sent on to.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def add(setup: Setup, name: str, hosts: tuple[str, ...], as_json: bool) -> None:
    """Make a key called NAME and print its id and secret, once; --host may be given several times.

    Example: muster conversions key add shop --host shop.example
    """

    async def work(app: App) -> tuple[SigningKey, str]:
        return await SigningKeys(app.store).make(name, hosts, BY)

    made, secret = _run(setup, work)
    if as_json:
        show_json({**made.model_dump(), "secret": secret})
        return
    click.echo(f"{made.id} {secret}")
    click.echo("Key and secret; the secret is shown only now.", err=True)


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_keys(setup: Setup, as_json: bool) -> None:
    """List the keys, without their secrets.

    Example: muster conversions key list
    """
    rows = _run(setup, lambda app: SigningKeys(app.store).all())
    if as_json:
        show_json([one.model_dump() for one in rows])
        return
    for one in rows:
        hosts = ", ".join(one.hosts) or "where links lead"
        click.echo(f"{one.id}  {one.name:<20} {hosts}; since {utc(one.since):%Y-%m-%d}")
    if not rows:
        click.echo("No keys yet. Example: muster conversions key add shop --host shop.example")


@key.command()
@click.argument("which", metavar="NAME")
@click.pass_obj
def revoke(setup: Setup, which: str) -> None:
    """Revoke the key NAME (or with this id) at once.

    Example: muster conversions key revoke shop
    """

    async def work(app: App) -> str:
        found = await _named(SigningKeys(app.store), which)
        await SigningKeys(app.store).revoke(found.id, BY)
        return found.name

    click.echo(f"{_run(setup, work)} is revoked.")


@conversions.command("sign")
@click.argument("kind")
@click.option("--key", "which", required=True, help="The key's name or id.")
@click.option("--name", required=True, help="The conversion's own name, such as the order's.")
@click.option("--code", required=True, help="The code of the link the customer came by.")
@click.option("--value", default="", help="What it is worth, such as 12.00.")
@click.option("--currency", default="", help="Its currency, such as CNY.")
@click.option("--at", default="", help="When, in UTC seconds; without it when it is visited.")
@click.option("--to", default="", help="Where the customer is sent on to.")
@click.pass_obj
def sign_address(setup: Setup, /, kind: str, which: str, **given: str) -> None:
    """Print a signed address of a conversion of this KIND, to try what a shop would make.

    Example: muster conversions sign sale --key shop --name order-17 --code 2Gk9Xw1b
    """

    async def work(app: App) -> str:
        keys = SigningKeys(app.store)
        fields = {name: value for name, value in given.items() if value}
        found = await keys.find((await _named(keys, which)).id)
        assert found, "revoked this moment"
        fields["key"] = found[0].id
        fields["sig"] = sign(found[1], kind, fields)
        return f"{app.config.web.url()}{PATH}{kind}?{urlencode(fields)}"

    click.echo(_run(setup, work))


async def _named(keys: SigningKeys, which: str) -> SigningKey:
    for one in await keys.all():
        if which in (one.name, one.id):
            return one
    raise BadKey(f'there is no key "{which}"')


def _run(setup: Setup, work: Callable[[App], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with setup.app() as app:
            try:
                return await work(app)
            except BadKey as error:
                raise click.ClickException(str(error)) from None

    return setup.run(opened())
