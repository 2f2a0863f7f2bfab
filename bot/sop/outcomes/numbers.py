"""Numbers: what became of a step, a run or a SOP, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.reports.interval import Interval, share
from bot.sop.outcomes.results import Run


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many targets ended how, and what the people it reached did.

    The outcomes count rows: one target in three runs counts three times. ``reach`` and what
    follows it count members once, however often they got it: those it was sent to, or those in
    the groups when it was sent there. ``clicked`` are the members of these who clicked one of its
    links, ``visitors`` those nobody knows (in groups, where a link is nobody's own), each once a
    day, ``clicks`` all clicks; None where clicks cannot be told apart from those of other runs.
    """

    runs: int = 0
    planned: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    task: int = 0
    done: int = 0
    waiting: int = 0
    deferred: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    ways: dict[str, int] = field(default_factory=dict)
    reach: int = 0
    replied: int = 0
    checked_in: int = 0
    clicked: int | None = None
    visitors: int = 0
    clicks: int | None = None

    @property
    def all_skipped(self) -> int:
        """Skipped, for whatever reason."""
        return sum(self.skipped.values())

    @property
    def ended(self) -> int:
        """Of which an end is known; what staff have in hand is none."""
        return self.planned - self.waiting - self.task

    @property
    def clickers(self) -> int | None:
        """Who clicked: members, and visitors nobody knows."""
        return None if self.clicked is None else self.clicked + self.visitors

    def share(self, hits: int | None) -> float | None:
        """Which part of those reached that is; None when nobody was, or it is not known."""
        return hits / self.reach if hits is not None and self.reach else None

    def interval(self, hits: int) -> Interval:
        """The same with the range chance allows."""
        return share(min(hits, self.reach), self.reach)


def rows(runs: Sequence[Run]) -> Numbers:
    """The rows of some runs, added up; nothing about people yet."""
    skipped, ways = Counter[str](), Counter[str]()
    for run in runs:
        skipped.update(run.skipped)
        ways.update(run.ways)
    return Numbers(
        runs=len(runs),
        planned=sum(run.planned for run in runs),
        sent=sum(run.sent for run in runs),
        failed=sum(run.failed for run in runs),
        in_doubt=sum(run.in_doubt for run in runs),
        task=sum(run.task for run in runs),
        done=sum(run.done for run in runs),
        waiting=sum(run.waiting for run in runs),
        deferred=sum(run.deferred for run in runs),
        skipped=dict(skipped),
        ways=dict(ways),
    )
