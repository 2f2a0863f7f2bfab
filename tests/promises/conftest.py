"""Real bot processes, and what they did."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.delivery.inbox import Inbox
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.store.bell import Bell
from bot.store.store import Store
from tests.conftest import check_keys


@dataclass
class Node:
    """A bot process."""

    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def gone(self) -> int:
        """Wait until it ended by itself; its exit code."""
        return await asyncio.wait_for(self.process.wait(), 20)

    def pause(self) -> None:
        """SIGSTOP."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass
class Bots:
    """Starts bot processes over one store and reads the wall they all write to."""

    socket: str
    store: Store
    folder: Path
    nodes: list[Node] = field(default_factory=list)

    async def start(self, name: str = "a", behaviour: str = "fine") -> Node:
        """Start a node; one of the same name is the same machine started again."""
        arguments = (self.socket, self.store.keys.workspace, str(self.folder / name), behaviour)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.promises.node",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout
        node = Node(process)
        self.nodes.append(node)
        while line := await asyncio.wait_for(process.stdout.readline(), 20):
            if line.strip() == b"ready":
                break
        return node

    async def say(self, ident: str, text: str, chat: str = "c") -> bool:
        """Hand an event to the inbox, as an adapter does."""
        event = MessageReceived(
            id=ident,
            gateway="wall",
            at=SystemClock().now(),
            account=Account(id="u1", name="小明"),
            group=chat,
            message=Message.of(text),
        )
        return await Inbox(self.store, Bell()).accept(event)

    def wall(self) -> list[tuple[str, str, str]]:
        """(delivery id, conversation, text) of everything the gateway was handed."""
        path = self.folder / "wall.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(p[0], p[1], p[2]) for p in (line.split("\t") for line in lines)]

    def heard(self, chat: str | None = None) -> list[str]:
        """What was said on the wall, in order; of one chat or all."""
        return [text for _, to, text in self.wall() if chat is None or to == f"wall/g/{chat}"]

    async def until(self, condition: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture
async def bots(valkey: str, store: Store, tmp_path: Path) -> AsyncIterator[Bots]:
    store.clock = SystemClock()
    made = Bots(valkey, store, tmp_path)
    yield made
    for node in made.nodes:
        await node.kill()
        node.process._transport.close()  # type: ignore[attr-defined]
    await check_keys(store)
