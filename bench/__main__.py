"""``python -m bench``: every measurement in turn; the results also go to bench/results.json.

``python -m bench community --members 100000`` is one of them, of another size.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path

ALL = (
    "dispatch",
    "pipeline",
    "redirect",
    "checkin",
    "audience",
    "tags",
    "broadcast",
    "planner",
    "forecast",
    "community",
)
RESULTS = Path(__file__).parent / "results.json"


def main(names: list[str], sizes: dict[str, int]) -> None:
    """Run the named measurements, or all; ``sizes`` are for those that take them."""
    found = {}
    for name in names or ALL:
        found[name] = importlib.import_module(f"bench.{name}").run(**sizes)
        print()
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, all or some.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--members", type=int, help="how many, of broadcast and community")
    given = parser.parse_args()
    main(given.names, {} if given.members is None else {"members": given.members})
