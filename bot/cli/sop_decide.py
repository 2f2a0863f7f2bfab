"""``muster sop answer | retry | resend | enrol``: what an operator decides about targets."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import BY, as_json_option, sop, work_on
from bot.clock import utc
from bot.config import SANDBOX
from bot.console.directory import Directory
from bot.located import nearest
from bot.sop.changes.enrol import Enrolment
from bot.sop.outcomes.asked import Question
from bot.sop.outcomes.results import Run
from bot.sop.sops import Sops
from bot.store.members import Member

RUNS = 10_000

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@sop.command()
@click.argument("name")
@click.option("--send/--skip", "send", default=None, help="Send it now, or leave it out for good.")
@click.option("--step", default="", help="Only this step; else all that waits.")
@yes_option
@as_json_option
@click.pass_obj
def answer(setup: Setup, name: str, send: bool | None, step: str, yes: bool, as_json: bool) -> None:
    """Decide about steps of the SOP NAME whose time was missed; without a word, list them.

    Example: muster sop answer weekly_tips --send
    """
    asked: list[Question] = work_on(setup, lambda app: _asked(app, name, step))
    if send is None or not asked:
        _list(asked, ZoneInfo(setup.config.timezone), as_json)
        return
    targets = sum(one.count for one in asked)
    if send and not yes:
        click.confirm(f"Send what was missed to {_targets(targets)} now?", abort=True, err=True)

    async def work(app: App) -> int:
        decide = app.rooms.asked
        act = decide.send if send else decide.skip
        return sum([await act(name, one.occurrence, BY) for one in asked])

    done = work_on(setup, work)
    if as_json:
        show_json({"sent" if send else "skipped": done})
    else:
        click.echo(f"{_targets(done)} {'due now' if send else 'left out'}.")


@sop.command()
@click.argument("name")
@click.argument("run", default="")
@yes_option
@as_json_option
@click.pass_obj
def retry(setup: Setup, name: str, run: str, yes: bool, as_json: bool) -> None:
    """Send what failed of the SOP NAME again: of one RUN (as "sop show" names them), or of all.

    Example: muster sop retry weekly_tips 1/friday/2026-10-02T20:00+08:00
    """
    runs: list[Run] = work_on(setup, lambda app: _runs(app, name, run))
    failed = [one for one in runs if one.failed]
    if failed and not yes:
        many = _targets(sum(one.failed for one in failed))
        click.confirm(f"Try {many} again?", abort=True, err=True)

    async def work(app: App) -> int:
        return sum([await app.rooms.retry.failed(name, one.id, BY) for one in failed])

    done = work_on(setup, work)
    if as_json:
        show_json({"due": done})
    else:
        click.echo(f"{_targets(done)} due again." if done else "Nothing failed.")


@sop.command()
@click.argument("name")
@click.argument("run")
@click.option("--leave", is_flag=True, help="Leave it as it is instead, and ask no more.")
@yes_option
@as_json_option
@click.pass_obj
def resend(setup: Setup, name: str, run: str, leave: bool, yes: bool, as_json: bool) -> None:
    """Send again what is in doubt of one RUN of the SOP NAME; what did arrive arrives twice.

    Example: muster sop resend weekly_tips 1/friday/2026-10-02T20:00+08:00
    """
    (doubtful,) = work_on(setup, lambda app: _runs(app, name, run))
    if doubtful.in_doubt and not leave and not yes:
        text = f"Send to {_targets(doubtful.in_doubt)} again? What did arrive arrives twice."
        click.confirm(text, abort=True, err=True)

    async def work(app: App) -> int:
        return await app.rooms.retry.in_doubt(name, run, BY, resend=not leave)

    done = work_on(setup, work)
    if as_json:
        show_json({"left" if leave else "sent_again": done})
    elif not done:
        click.echo("Nothing is in doubt.")
    else:
        click.echo(f"{_targets(done)} {'left as it is' if leave else 'on the way again'}.")


@sop.command()
@click.argument("name")
@click.argument("member")
@as_json_option
@click.pass_obj
def enrol(setup: Setup, name: str, member: str, as_json: bool) -> None:
    """Put MEMBER (a number or an account id) into the SOP NAME, whose steps count from now.

    Example: muster sop enrol onboarding 12
    """

    async def work(app: App) -> dict[str, Any]:
        found = await _member(app, member)
        new = await Enrolment(app.rooms.sops).enrol(name, found, BY)
        return {"sop": name, "member": found.number, "name": found.name, "new": new}

    done = work_on(setup, work)
    if as_json:
        show_json(done)
    else:
        how = "is in" if done["new"] else "was already in"
        click.echo(f"#{done['member']} {done['name']} {how} {name}.")


async def _asked(app: App, name: str, step: str) -> list[Question]:
    found = await app.rooms.asked.of(await app.rooms.sops.get(name))
    if step and found and step not in (steps := {one.step for one in found}):
        hint = nearest(step, steps)
        raise click.ClickException(f'no step "{step}" waits' + (f"; {hint}" if hint else ""))
    return [one for one in found if step in ("", one.step)]


def _list(asked: list[Question], zone: ZoneInfo, as_json: bool) -> None:
    if as_json:
        show_json(
            [
                {"step": one.step, "occurrence": one.name, "count": one.count, "first": one.first}
                for one in asked
            ]
        )
        return
    for one in asked:
        due = f"{utc(one.first).astimezone(zone):%Y-%m-%d %H:%M}"
        click.echo(f"{one.step} {one.name}: {_targets(one.count)}, due since {due}")
    click.echo("Say --send or --skip." if asked else "Nothing waits for a word.")


async def _runs(app: App, name: str, run: str) -> list[Run]:
    """A SOP's runs, or the one that is named; what is not there is told with the nearest."""
    sops: Sops = app.rooms.sops
    found = await sops.results.runs((await sops.get(name)).id, 0, RUNS)
    if not run:
        return found
    named = [one for one in found if one.id == run]
    if not named:
        hint = nearest(run, [one.id for one in found])
        raise click.ClickException(f'"{name}" has no run "{run}"' + (f"; {hint}" if hint else ""))
    return named


async def _member(app: App, words: str) -> Member:
    """The one member of this number or account id."""
    directory = Directory(app.store, app.members, app.facts)
    found = await directory.exactly(words, [SANDBOX, *app.config.gateways])
    if len(found) == 1:
        return found[0]
    several = ", ".join(f"#{one.number} {one.name}" for one in found)
    what = f"{words} is several members: {several}" if found else f"there is no member {words}"
    raise click.ClickException(f"{what}; muster members list shows them")


def _targets(count: int) -> str:
    return "1 target" if count == 1 else f"{count:,} targets"
