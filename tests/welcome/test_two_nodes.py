"""Somebody who enters two groups at once, on two nodes, is greeted once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.model.conversation import Account
from bot.model.event import MemberJoined
from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.promises.stage import GATEWAY, Ear, StageApp, time_flies, until

PEOPLE = 60


async def test_each_of_many_who_enter_two_groups_on_two_nodes_is_greeted_once(
    valkey: str, store: Store, clock: TestClock, tmp_path: Path
) -> None:
    ear, workspace = Ear(), store.keys.workspace
    nodes = [StageApp(ear, workspace, tmp_path / name, clock, unix(valkey)) for name in ("a", "b")]
    async with nodes[0], nodes[1]:
        await nodes[0].rooms.welcomes.scripts.save(
            {
                "id": "once",
                "messages": ["{% for one in members %}<{{ one.name }}>{% endfor %}"],
                "again": "never",
                "across": "everywhere",
            },
            "ann",
        )
        clock.advance(2)
        await asyncio.gather(
            *(
                nodes[(person + half) % 2].accept(
                    _join(f"u{person}", f"g{half}-{person % 5}", clock)
                )
                for person in range(PEOPLE)
                for half in range(2)
            )
        )
        await until(lambda: not any(node.dispatcher.busy for node in nodes))
        await time_flies(nodes, lambda: "".join(ear.texts()).count("<") >= PEOPLE, 0.5)
        clock.advance(30)
        await until(lambda: not any(node.dispatcher.busy for node in nodes))
        said = "".join(ear.texts())
        assert sorted(said.strip("<>").split("><")) == sorted(f"u{n}" for n in range(PEOPLE))
        counted = (await nodes[1].rooms.welcomes.ledger.today())["once"]
        assert counted == {"greeted": PEOPLE, "greeted before in another place": PEOPLE}


def _join(account: str, group: str, clock: TestClock) -> MemberJoined:
    return MemberJoined(
        id=f"{account}-{group}",
        gateway=GATEWAY,
        at=clock.now(),
        account=Account(id=account, name=account),
        group=group,
    )
