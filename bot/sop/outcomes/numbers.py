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
    the groups when it was sent there. ``after`` says how many did each of RESPONSES within a day.
    ``clicked`` are the members of these who clicked one of its links, ``visitors`` those nobody
    knows (in groups, where a link is nobody's own), each once a day, ``answering`` those of
    messages that reached somebody, ``clicks`` all clicks; None where no link was in it.
    ``received`` adds up whom each run reached, ``answered`` who of them clicked in it.
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
    after: dict[str, int] = field(default_factory=dict)
    clicked: int | None = None
    visitors: int = 0
    answering: int = 0
    received: int = 0
    answered: int | None = None
    clicks: int | None = None

    @property
    def replied(self) -> int:
        """Who replied within a day."""
        return self.after.get("replied", 0)

    @property
    def checked_in(self) -> int:
        """Who checked in within a day."""
        return self.after.get("checked-in", 0)

    @property
    def tagged(self) -> int:
        """Who got a tag within a day, from others than a SOP."""
        return self.after.get("tagged", 0)

    @property
    def converted(self) -> int:
        """Who converted within a day."""
        return self.after.get("converted", 0)

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
        """Who of those reached clicked: members, and visitors nobody knows."""
        return None if self.clicked is None else self.clicked + self.answering

    @property
    def through(self) -> float | None:
        """Of the people a message reached, the part that clicked in it; all messages together."""
        if self.answered is None or not self.received:
            return None
        return min(self.answered, self.received) / self.received

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
