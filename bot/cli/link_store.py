"""What commands about links share: the store, every link, and which one is meant."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import click

from bot.config import Config
from bot.links.links import Link, Links
from bot.store.store import Store


class Opener(Protocol):
    """What the commands are given."""

    @property
    def config(self) -> Config: ...

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something to its end."""

    def open_store(self) -> AbstractAsyncContextManager[Store]:
        """The workspace's store, for one command."""


def only(found: list[Link], what: str) -> Link:
    """The one link that is meant; raises click.ClickException when it is none or several."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.ClickException(f"there is no link {what!r}; muster links list shows them")
    names = "".join(f"\n  #{link.number}  {link.name}" for link in found[:10])
    raise click.ClickException(f"{len(found)} links fit {what!r}; say which number:{names}")


async def open_links(store: Store, base: Callable[[], str] = str) -> Links:
    """Every link there is."""
    known = Links(store, base)
    await known.open()
    return known


def run(setup: Opener, work: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
    """Do something with the workspace's store."""

    async def opened() -> Any:
        async with setup.open_store() as store:
            return await work(store)

    return setup.run(opened())
