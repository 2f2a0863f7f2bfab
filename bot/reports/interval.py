"""Honest numbers about shares: how far chance alone could have moved them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

from bot.i18n.mark import msgid

CONFIDENCE = 0.95
TOO_FEW = 30
"""A variant with fewer members than this is not judged."""

_POWER = 0.8
_WORTH = 0.2
_NORMAL = NormalDist()

BETTER = msgid("{name} is better than {other}")
WORSE = msgid("{name} is worse than {other}")
NO_DIFFERENCE = msgid("No difference between {name} and {other} can be shown yet")
TOO_FEW_TO_TELL = msgid("Too few to tell: fewer than {least} members")


@dataclass(frozen=True, slots=True)
class Interval:
    """A share (or a difference of two) and the range its true value lies in, as fractions.

    ``estimate`` is None where nobody was counted: nothing is known then.
    """

    estimate: float | None
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the true value may well be ``value``."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Arm:
    """A variant or the hold-out: ``hits`` of its ``total`` members did what was hoped for."""

    name: str
    hits: int
    total: int


@dataclass(frozen=True, slots=True)
class Contrast:
    """One variant against the baseline.

    ``difference`` is the variant's share minus the baseline's. ``verdict`` is a text to translate
    and fill with ``values``. ``needed`` more members in each of the two would show a difference
    worth knowing four times in five; 0 when there are enough, or one is shown already.
    """

    arm: Arm
    share: Interval
    difference: Interval
    verdict: str
    values: dict[str, str]
    needed: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Variants against one baseline; ``confidence`` holds for all contrasts together."""

    baseline: Arm
    share: Interval
    contrasts: tuple[Contrast, ...]
    confidence: float


def share(hits: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval for a share (Newcombe 1998a, method 3).

    Raises ValueError unless 0 <= hits <= total.
    """
    if not 0 <= hits <= total:
        raise ValueError(f"{hits} of {total} is no share")
    if not total:
        return Interval(None, 0.0, 1.0)
    z = _z(confidence)
    p = hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    # Rounding must not push out the bounds that are exact.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == total else min(1.0, middle + half)
    return Interval(p, low, high)


def difference(
    hits1: int, total1: int, hits2: int, total2: int, confidence: float = CONFIDENCE
) -> Interval:
    """Newcombe's hybrid score interval for the first share minus the second (1998b, method 10).

    Raises ValueError unless 0 <= hits <= total on both sides.
    """
    one, two = share(hits1, total1, confidence), share(hits2, total2, confidence)
    if one.estimate is None or two.estimate is None:
        return Interval(None, one.low - two.high, one.high - two.low)
    d = one.estimate - two.estimate
    below = sqrt((one.estimate - one.low) ** 2 + (two.high - two.estimate) ** 2)
    above = sqrt((one.high - one.estimate) ** 2 + (two.estimate - two.low) ** 2)
    return Interval(d, max(-1.0, d - below), min(1.0, d + above))


def compare(
    arms: Sequence[Arm],
    baseline: str | None = None,
    worth: float | None = None,
    confidence: float = CONFIDENCE,
) -> Comparison:
    """Every arm against the one named ``baseline``, or the first.

    With several contrasts each is held to Bonferroni's level, so that none is called better by
    chance more often than 1 - ``confidence``; Holm's would find a little more but has no interval
    that agrees with its verdict. That holds for one look at the end: somebody who looks every day
    and stops at the first "better" is fooled more often.

    ``worth`` is the smallest difference worth knowing (a fraction), a fifth of the baseline's
    share if not given. Raises ValueError for an empty list or a name that is not there.
    """
    if not arms:
        raise ValueError("expected one variant at least")
    base = arms[0] if baseline is None else next((a for a in arms if a.name == baseline), None)
    if base is None:
        raise ValueError(f'no variant is named "{baseline}"')
    others = [arm for arm in arms if arm is not base]
    level = 1 - (1 - confidence) / max(1, len(others))
    return Comparison(
        base,
        share(base.hits, base.total, confidence),
        tuple(_contrast(arm, base, worth, confidence, level) for arm in others),
        confidence,
    )


def members_needed(
    expected: float, worth: float, confidence: float = CONFIDENCE, power: float = _POWER
) -> int:
    """Members in each of two variants that show a difference of ``worth`` from ``expected``.

    The usual formula for two independent shares (Fleiss, Levin and Paik 2003, §4.2, without the
    correction for continuity). Raises ValueError where the shares leave 0 to 1 or are the same.
    """
    other = expected + worth if expected + worth <= 1 else expected - worth
    if not (0 <= expected <= 1 and 0 <= other <= 1) or not worth:
        raise ValueError(f"no difference of {worth} from a share of {expected}")
    mean = (expected + other) / 2
    under_null = _z(confidence) * sqrt(2 * mean * (1 - mean))
    found = _NORMAL.inv_cdf(power) * sqrt(expected * (1 - expected) + other * (1 - other))
    return ceil(((under_null + found) / worth) ** 2)


def _contrast(
    arm: Arm, base: Arm, worth: float | None, confidence: float, level: float
) -> Contrast:
    gap = difference(arm.hits, arm.total, base.hits, base.total, level)
    # Half a member more, so that a share of nothing does not ask for infinitely many.
    expected = (base.hits + 0.5) / (base.total + 1)
    wanted = members_needed(expected, expected * _WORTH if worth is None else worth, level)
    least = min(arm.total, base.total)
    verdict = _verdict(gap, least)
    return Contrast(
        arm,
        share(arm.hits, arm.total, confidence),
        gap,
        verdict,
        {"name": arm.name, "other": base.name, "least": str(TOO_FEW)},
        0 if verdict in (BETTER, WORSE) else max(0, wanted - least),
    )


def _verdict(gap: Interval, least: int) -> str:
    if least < TOO_FEW:
        return TOO_FEW_TO_TELL
    if gap.low > 0:
        return BETTER
    return WORSE if gap.high < 0 else NO_DIFFERENCE


def _z(confidence: float) -> float:
    return _NORMAL.inv_cdf((1 + confidence) / 2)
