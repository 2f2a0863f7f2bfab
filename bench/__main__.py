"""``python -m bench``: every measurement in turn; the results also go to bench/results.json."""

from __future__ import annotations

import importlib
import json
import sys
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
)
RESULTS = Path(__file__).parent / "results.json"


def main(names: list[str]) -> None:
    """Run the named measurements, or all."""
    found = {}
    for name in names or ALL:
        found[name] = importlib.import_module(f"bench.{name}").run()
        print()
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main(sys.argv[1:])
