"""A bot process whose imports another node takes over after two seconds.

Arguments as of tests/promises/node.py.
"""

import asyncio
import sys

from bot.members import import_work
from tests.promises.node import main

vars(import_work)["LEASE"] = 2_000

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
