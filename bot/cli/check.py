"""``muster check``: says what is wrong before anything starts."""

from __future__ import annotations

from dataclasses import asdict

import click
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.located import Problems
from bot.store.address import Address, locator
from bot.store.promises import Finding, examine

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@click.pass_obj
def check(setup: Setup, as_json: bool) -> None:
    """Check configuration, handlers, routes, SOP templates and the store, without starting.

    Exit code 1 when something would keep the bot from working. Example: muster check
    """
    findings = setup.run(_findings(setup))
    if as_json:
        show_json([f.model_dump() for f in findings])
    else:
        for found in findings:
            click.echo(f"{MARKS[found.severity]} {found.what}")
            if found.fix:
                click.echo(f"    {found.fix}")
    if any(f.severity == "error" for f in findings):
        raise SystemExit(1)


async def _findings(setup: Setup) -> list[Finding]:
    try:
        config = setup.config
    except Problems as error:
        return [_wrong(problem) for problem in error.problems]
    findings = [_fine(f"configuration: workspace {config.workspace}, {config.timezone}")]
    try:
        app = App(config, setup.clock, setup.random)
        count = len(app.rooms.check())
        templates = f"{count} SOP template{'' if count == 1 else 's'}"
        findings.append(_fine(f"handlers, gateways, routes and {templates}: nothing wrong"))
    except Problems as error:
        findings += [_wrong(problem) for problem in error.problems]
    url = config.store.url
    if url is None:
        findings.append(_fine(f"store: the bot's own, in {config.data_dir}"))
    else:
        findings += await _store(url.get_secret_value(), config.workspace)
    return findings


async def _store(url: str, workspace: str) -> list[Finding]:
    """What the configured server can promise."""
    try:
        address = await locator(url, f"m:{{{workspace}}}:")()
        client = _client(address)
        try:
            return await examine(client)
        finally:
            await client.aclose()
    except (RedisError, OSError) as error:
        what = f"store: cannot be reached ({type(error).__name__})"
        return [Finding(severity="error", what=what, fix="check [store] url and that it runs")]


def _client(address: Address) -> Redis:
    details = {k: v for k, v in asdict(address).items() if k in {"username", "password", "db"}}
    once = Retry(NoBackoff(), 0)
    if address.path:
        return Redis(unix_socket_path=address.path, retry=once, socket_timeout=5, **details)
    return Redis(
        host=address.host,
        port=address.port,
        ssl=address.tls,
        retry=once,
        socket_timeout=5,
        **details,
    )


def _fine(what: str) -> Finding:
    return Finding(severity="ok", what=what)


def _wrong(problem: object) -> Finding:
    return Finding(severity="error", what=str(problem))
