"""What all measurements share: a series of rounds, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """The results of several rounds; more is better."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Series:
        """Sum up the results of the rounds."""
        results = sorted(values)
        return cls(results[0], statistics.median(results), results[-1])

    def __str__(self) -> str:
        return f"{_short(self.min):>10} {_short(self.median):>10} {_short(self.max):>10}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a measurement ran; ``load`` is the load average of the last minute."""

    cpu: str
    cores: int
    python: str
    load: float

    def __str__(self) -> str:
        return f"{self.cpu}, {self.cores} cores, Python {self.python}, load {self.load:.2f}"


def machine() -> Machine:
    """This machine, now."""
    return Machine(_cpu(), os.cpu_count() or 1, platform.python_version(), os.getloadavg()[0])


def report(title: str, unit: str, results: dict[str, Series]) -> dict[str, Any]:
    """Print a table of the results, and give them as JSON has them."""
    here = machine()
    width = max(map(len, results))
    print(f"{title}\n{here}\n")
    print(f"{unit:<{width}} {'min':>10} {'median':>10} {'max':>10}")
    for name, series in results.items():
        print(f"{name:<{width}} {series}")
    return {
        "title": title,
        "unit": unit,
        "machine": asdict(here),
        "results": {name: asdict(series) for name, series in results.items()},
    }


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
