"""A process with the link room of these tests. Arguments: store socket, workspace, folder.

Prints its address when it can be asked.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.clock import SystemClock
from bot.store.address import unix
from bot.store.store import Store
from tests.links.site import serve


async def main(socket: str, workspace: str, folder: str) -> None:
    store = Store(unix(socket), workspace, SystemClock())
    await store.open()
    async for site in serve(store, Path(folder)):
        await site.counter.start()
        print(site.base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
