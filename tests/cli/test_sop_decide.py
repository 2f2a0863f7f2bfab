"""``muster sop answer | retry | resend | enrol``, on what a planner and a gateway left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.app import App
from bot.delivery.outbox import Outbox
from bot.model.capabilities import Capabilities
from bot.sop.engine.planner import Planner
from bot.sop.sops import Sops
from tests.cli.conftest import Line

NOW = """title = "Now"
anchor = "{anchor}"
to = "member"
[[step]]
id = "hello"
after = "0m"
missed = "ask"
text = "Hello {{{{ member.name }}}}"
"""


def started(muster: Line, folder: Path, anchor: str = "enrolled") -> None:
    """A SOP called "now" for everyone: Ann, Bo and Cy."""
    muster.add('[delivery]\nquiet_hours = "none"\n')
    muster.people("Ann", "Bo", "Cy")
    file = folder / "now.toml"
    file.write_text(NOW.format(anchor=anchor), encoding="utf-8")
    assert muster("import", str(file)).exit_code == 0
    assert muster("start", "now", "--audience", "everyone").exit_code == 0


async def plan(app: App) -> None:
    """Look until nothing is left to plan, as a node does that is connected to the gateway."""
    means = replace(app.rooms.sops.means, capabilities=lambda _: Capabilities())
    planner = Planner(Sops(means))
    while await planner.tick():
        pass


async def send(app: App, outcome: str) -> None:
    """Give everything to a gateway that ends it so."""
    await plan(app)
    outbox = Outbox(app.store, app.bell)
    while (taken := await outbox.take("sandbox", "node:1", 100, None, None))[0]:
        for one in taken[0]:
            await outbox.finish(one, outcome)  # type: ignore[arg-type]


def ends(muster: Line) -> dict[str, int]:
    """How many ended how, over all runs."""
    total: dict[str, int] = {}
    for run in muster.json("show", "now")["runs"]:
        for what, number in run["ends"].items():
            total[what] = total.get(what, 0) + number
    return total


def test_a_member_is_put_into_an_sop_once(muster: Line, tmp_path: Path) -> None:
    started(muster, tmp_path)
    assert muster("enrol", "now", "2").output == "#2 Bo is in now.\n"
    assert muster("enrol", "now", "Bo").output == "#2 Bo was already in now.\n"
    muster.inside(lambda app: send(app, "sent"))
    assert ends(muster) == {"sent": 1}
    assert "there is no member Eve" in muster.wrong("enrol", "now", "Eve")
    assert muster("start", "weekly_tips", "--audience", "all-groups").exit_code == 0
    assert "takes nobody by hand" in muster.wrong("enrol", "weekly_tips", "2")
    assert muster("stop", "now", "--yes").exit_code == 0
    assert '"now" is stop' in muster.wrong("enrol", "now", "1")


def test_what_failed_is_tried_again(muster: Line, tmp_path: Path) -> None:
    started(muster, tmp_path)
    for member in ("Ann", "Bo"):
        assert muster("enrol", "now", member).exit_code == 0
    muster.inside(lambda app: send(app, "failed"))
    assert ends(muster) == {"failed": 2}
    (run,) = muster.json("show", "now")["runs"]
    assert muster("retry", "now", run["id"], typed="n\n").exit_code == 1
    assert ends(muster) == {"failed": 2}
    assert muster("retry", "now", "--yes").output == "2 targets due again.\n"
    muster.inside(lambda app: send(app, "sent"))
    assert ends(muster) == {"sent": 2}
    assert muster("retry", "now").output == "Nothing failed.\n"
    assert "has no run" in muster.wrong("retry", "now", "9/hello/each")


def test_what_is_in_doubt_is_sent_again_only_on_purpose(muster: Line, tmp_path: Path) -> None:
    started(muster, tmp_path)
    for member in ("Ann", "Bo"):
        assert muster("enrol", "now", member).exit_code == 0
    muster.inside(lambda app: send(app, "in_doubt"))
    assert ends(muster) == {"in doubt": 2}
    (run,) = muster.json("show", "now")["runs"]
    asked = muster("resend", "now", run["id"], typed="n\n")
    assert asked.exit_code == 1
    assert "What did arrive arrives twice." in asked.stderr
    assert muster.json("resend", "now", run["id"], "--yes") == {"sent_again": 2}
    muster.inside(lambda app: send(app, "sent"))
    assert ends(muster) == {"sent": 2}
    assert muster("resend", "now", run["id"]).output == "Nothing is in doubt.\n"


def test_missed_steps_wait_for_a_word_and_are_sent_or_left_out(
    muster: Line, tmp_path: Path
) -> None:
    started(muster, tmp_path)
    assert muster("answer", "now").output == "Nothing waits for a word.\n"
    muster.inside(missed)
    listed = muster("answer", "now").output
    assert "hello each: 2 targets, due since" in listed
    assert muster("answer", "now", "--send", typed="n\n").exit_code == 1
    assert 'no step "hullo" waits; did you mean "hello"?' in muster.wrong(
        "answer", "now", "--send", "--step", "hullo"
    )
    assert muster.json("answer", "now", "--send", "--yes") == {"sent": 2}
    muster.inside(lambda app: send(app, "sent"))
    assert ends(muster) == {"sent": 2}
    assert muster.json("answer", "now") == []


def test_missed_steps_are_left_out_without_asking_twice(muster: Line, tmp_path: Path) -> None:
    started(muster, tmp_path)
    muster.inside(missed)
    assert muster("answer", "now", "--skip").output == "2 targets left out.\n"
    assert ends(muster) == {"skipped (missed)": 2}


async def missed(app: App) -> None:
    """Ann and Bo entered an hour ago, and nobody looked since then."""
    sops, keys = app.rooms.sops, app.store.keys
    past = app.clock.now() - 3_600_000
    await app.store.call("ZADD", keys.moment("enrolled:now"), past, 1, past, 2)
    sop = await sops.get("now")
    for field in ("mark", "at hello", "since hello"):
        await app.store.call("HSET", keys.sop_cursor(sop.id), field, past - 1)
    body = sop.identity.model_copy(update={"started": past - 1}).model_dump_json()
    await app.store.call("HSET", keys.sop_all(), sop.id, body)
    await plan(app)


def test_what_became_of_everybody_is_written_to_a_file(muster: Line, tmp_path: Path) -> None:
    started(muster, tmp_path)
    for member in ("Ann", "Bo"):
        assert muster("enrol", "now", member).exit_code == 0
    muster.inside(lambda app: send(app, "sent"))
    file = tmp_path / "all.csv"
    done = muster.json("export", "now", str(file), "--what", "targets")
    assert done == {"file": str(file), "rows": 2}
    lines = file.read_text("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert [name for name in ("Ann", "Bo") if any(name in line for line in lines[1:])] == [
        "Ann",
        "Bo",
    ]
    assert "is there already" in muster.wrong("export", "now", str(file))
    book = tmp_path / "steps.xlsx"
    assert muster("export", "now", str(book)).output == f"{book}: 2 rows\n"
    assert book.read_bytes().startswith(b"PK")
    assert muster("export", "now", str(tmp_path / "steps")).exit_code == 2
    assert 'there is no SOP "new"' in muster.wrong("export", "new", str(tmp_path / "x.csv"))
    assert not (tmp_path / "x.csv").exists()
