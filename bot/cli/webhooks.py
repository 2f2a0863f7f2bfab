"""``muster webhooks``: other systems that are told what happens."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import click

from bot.cli.main import Setup, cli, show_json
from bot.clock import utc
from bot.rooms import Rooms
from bot.webhooks.endpoint import BadWebhook, Endpoint
from bot.webhooks.events import EVENTS, described
from bot.webhooks.webhooks import NoSuchWebhook

BY = "command line"
LETTERS = 1000
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@cli.group()
def webhooks() -> None:
    """Other systems that are told at once what happens here.

    Example: muster webhooks add https://shop.example/hooks --event member.joined
    """


@webhooks.command("events")
@as_json_option
def events(as_json: bool) -> None:
    """List the types of events; with --json, the JSON Schema of every message.

    Example: muster webhooks events --json > webhooks.schema.json
    """
    if as_json:
        show_json(described())
        return
    for name, model in EVENTS.items():
        click.echo(f"{name:<22} {(model.__doc__ or '').strip()}")


@webhooks.command("list")
@as_json_option
@click.pass_obj
def list_webhooks(setup: Setup, as_json: bool) -> None:
    """List webhooks, and how each does.

    Example: muster webhooks list
    """

    async def work(rooms: Rooms) -> list[dict[str, Any]]:
        return [await _row(rooms, one) for one in await rooms.webhooks.all()]

    rows = _run(setup, work)
    if as_json:
        show_json(rows)
        return
    for row in rows:
        state = f"{row['state']} ({row['why']})" if row["why"] else row["state"]
        fails = f", fails since {utc(row['failing']):%Y-%m-%d %H:%M} UTC" if row["failing"] else ""
        click.echo(f"{row['id']}  {state:<8} {row['note'] or row['url']}")
        click.echo(
            f"          {row['delivered']} arrived, {row['waiting']} waiting, "
            f"{row['dead']} given up{fails}"
        )
    if not rows:
        click.echo(
            "No webhooks yet. "
            "Example: muster webhooks add https://shop.example/hooks --event member.joined"
        )


@webhooks.command()
@click.argument("url")
@click.option("--event", "wanted", multiple=True, required=True, help='A type, or "all".')
@click.option("--name", "note", default="", help="What people call it.")
@as_json_option
@click.pass_obj
def add(setup: Setup, url: str, wanted: tuple[str, ...], note: str, as_json: bool) -> None:
    """Tell URL what happens from now on, and print the secret, once; --event may be repeated.

    Example: muster webhooks add https://shop.example/hooks --event member.joined
    """
    types = [*EVENTS] if "all" in wanted else [one for w in wanted for one in w.split(",")]

    async def work(rooms: Rooms) -> tuple[dict[str, Any], str]:
        made, secret = await rooms.webhooks.add(url, types, BY, note)
        return await _row(rooms, made), secret

    row, secret = _run(setup, work)
    if as_json:
        show_json({**row, "secret": secret})
        return
    click.echo(secret)
    click.echo(f"Shown only now: the secret of webhook {row['id']}.", err=True)


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@click.confirmation_option(prompt="What waits for it is forgotten. Take it away?")
@click.pass_obj
def remove(setup: Setup, which: str) -> None:
    """Take WEBHOOK (its id or name) away, with all that waits for it.

    Example: muster webhooks remove shop
    """
    _on(setup, which, lambda rooms, one: rooms.webhooks.remove(one.id, BY))
    click.echo("It is taken away.")


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@click.pass_obj
def pause(setup: Setup, which: str) -> None:
    """Tell WEBHOOK nothing till it is resumed; what happens waits for it.

    Example: muster webhooks pause shop
    """
    _on(setup, which, lambda rooms, one: rooms.webhooks.pause(one.id, BY))
    click.echo("It is paused; what happens waits for it.")


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@click.pass_obj
def resume(setup: Setup, which: str) -> None:
    """Go on with what waits for WEBHOOK.

    Example: muster webhooks resume shop
    """
    _on(setup, which, lambda rooms, one: rooms.webhooks.resume(one.id, BY))
    click.echo("It goes on with what waits.")


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@click.pass_obj
def rotate(setup: Setup, which: str) -> None:
    """Print a new secret for WEBHOOK, once; the old one signs for another 24 hours.

    Example: muster webhooks rotate shop
    """
    click.echo(_on(setup, which, lambda rooms, one: rooms.webhooks.rotate(one.id, BY)))


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@as_json_option
@click.pass_obj
def test(setup: Setup, which: str, as_json: bool) -> None:
    """Send WEBHOOK a test event and show the answer; exit code 1 when it did not arrive.

    Example: muster webhooks test shop
    """
    reply = _on(setup, which, lambda rooms, one: rooms.courier.test(one))
    if as_json:
        show_json(
            {"arrived": not reply.reason, "status": reply.status}
            | {"reason": reply.said, "answer": reply.text}
        )
    else:
        done = f"It did not arrive: {reply.said}." if reply.reason else "It arrived."
        click.echo(f"{done} {reply.text}".strip())
    if reply.reason:
        raise SystemExit(1)


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@as_json_option
@click.pass_obj
def letters(setup: Setup, which: str, as_json: bool) -> None:
    """List what WEBHOOK did not take in all the tries, the newest first.

    Example: muster webhooks letters shop
    """
    found = _on(setup, which, lambda rooms, one: rooms.webhook_queue.letters(one.id, 0, LETTERS))
    if as_json:
        show_json([{**one.model_dump(), "body": json.loads(one.body)} for one in found])
        return
    for one in found:
        at = f"{utc(one.at):%Y-%m-%d %H:%M} UTC"
        click.echo(f"{one.event}  {one.type}  {at}  {one.tries} tries: {one.reason}")
    if not found:
        click.echo("Nothing was given up.")


@webhooks.command()
@click.argument("which", metavar="WEBHOOK")
@click.argument("event", required=False, default="")
@click.pass_obj
def replay(setup: Setup, which: str, event: str) -> None:
    """Send dead letters of WEBHOOK again: all, or the EVENT of this id.

    Example: muster webhooks replay shop
    """
    number = _on(setup, which, lambda rooms, one: rooms.webhook_queue.replay(one.id, BY, event))
    if event and not number:
        raise click.ClickException(f"there is no dead letter {event!r}")
    click.echo(f"{number} sent again.")


async def _row(rooms: Rooms, one: Endpoint) -> dict[str, Any]:
    health = await rooms.webhooks.health(one.id)
    known = one.model_dump(exclude={"events", "url"})
    return {**known, "url": one.shown, "events": [*one.events], **health.model_dump()}


def _on(setup: Setup, which: str, work: Callable[[Rooms, Endpoint], Awaitable[Any]]) -> Any:
    """Do something with the one that is meant."""

    async def found(rooms: Rooms) -> Any:
        fits = [one for one in await rooms.webhooks.all() if which in (one.id, one.note, one.url)]
        if len(fits) != 1:
            what = f"{len(fits)} webhooks are called" if fits else "there is no webhook"
            raise click.ClickException(f"{what} {which!r}; muster webhooks list shows them")
        return await work(rooms, fits[0])

    return _run(setup, found)


def _run(setup: Setup, work: Callable[[Rooms], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with setup.app() as app:
            try:
                return await work(app.rooms)
            except (BadWebhook, NoSuchWebhook) as error:
                raise click.ClickException(str(error)) from None
            finally:
                await app.rooms.courier.close()

    return setup.run(opened())
