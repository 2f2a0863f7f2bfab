"""The words and addresses of figures: what a page was asked, and how its numbers are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from bot.console.page import Page
from bot.figures.measures import MEASURES
from bot.figures.period import Period, read_period
from bot.figures.row import BYS, By, Row
from bot.figures.subject import KINDS as SUBJECTS
from bot.figures.subject import Subject
from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.reports.interval import Interval

USUAL = "30d"
PERIODS = {
    "today": msgid("Today"),
    "7d": msgid("7 days"),
    "30d": msgid("30 days"),
    "90d": msgid("90 days"),
    "month": msgid("This month"),
    "all": msgid("400 days"),
}
"""Periods to choose from; any two days besides."""
KINDS = {
    "all": msgid("All links"),
    "link": msgid("Link"),
    "campaign": msgid("Campaign"),
    "sop": "SOP",
    "step": msgid("Step"),
    "run": msgid("Run"),
    "group": msgid("Group"),
    "staff": msgid("Staff"),
    "channel": msgid("Channel"),
}
"""What figures can be about."""
CUTS: Mapping[By, str] = {
    "day": msgid("By day"),
    "hour": msgid("By hour"),
    "link": msgid("By link"),
    "campaign": msgid("By campaign"),
    "sop": msgid("By SOP"),
    "step": msgid("By step"),
    "run": msgid("By run"),
    "group": msgid("By group"),
    "staff": msgid("By staff"),
    "channel": msgid("By channel"),
    "way": msgid("By rule"),
}
OPENED = {
    "reach": msgid("Reached"),
    "people": msgid("Clicked"),
    "missing": msgid("Reached, and did not click"),
    "replied": msgid("Replied"),
    "checked-in": msgid("Checked in"),
    "tagged": msgid("Got a tag"),
    "converted": msgid("Converted"),
}
"""The figures that members are behind, and what these members are called."""
MEANINGS = {measure.key: measure.meaning for measure in MEASURES}
NAMES = {measure.key: measure.name for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Asked:
    """What figures a page was asked for; ``text`` is the period as the address has it."""

    subject: Subject
    period: Period
    text: str
    by: By = "day"

    def href(self, path: str = "/figures", **more: str | int) -> str:
        """The address of these figures, or of what else there is about them."""
        query = {"subject": str(self.subject), "period": self.text, "by": self.by, **more}
        return f"{path}?{urlencode(query)}"

    def about(self, subject: Subject, by: By = "day") -> Asked:
        """The same of something else."""
        return replace(self, subject=subject, by=by)


def asked(page: Page, today: date) -> Asked:
    """What the address says; raises BadSubject, BadPeriod."""
    subject = Subject.parse(page.arg("subject", 300) or "all")
    text = page.arg("period") or USUAL
    if since := page.arg("since"):
        text = f"{since}..{page.arg('until') or today.isoformat()}"
    found = [one for one in cuts(subject) if one == page.arg("by")]
    by: By = found[0] if found else "day"
    return Asked(subject, read_period(text, today), text, by)


def cuts(subject: Subject) -> list[By]:
    """By what a subject can be cut; it has one row of what it is itself."""
    useless: dict[str, tuple[str, ...]] = {
        "step": ("sop", "step"),
        "run": ("sop", "step", "run"),
    }
    left_out = useless.get(subject.kind, (subject.kind,))
    ways = ("way",) if subject.kind != "link" else ()
    return [by for by in CUTS if by in BYS and by not in (*left_out, *ways)]


def opens(by: By, key: str) -> Subject | None:
    """The subject a row is about itself."""
    kind = next((one for one in SUBJECTS if one == by), None)
    if key in ("", "0") or kind is None or (by in ("step", "run") and "/" not in key):
        return None
    return Subject(kind, key)


def staff_href(there: Asked, name: str) -> str:
    """Where a staff member's own figures are."""
    return there.about(Subject("staff", name)).href()


def percent(value: float | None) -> str:
    """A share: "12.5 %"."""
    return "–" if value is None else f"{value * 100:.1f} %"


def ranged(rate: Interval | None) -> str:
    """The range of a share: "10.2 – 15.1 %"."""
    if rate is None or rate.estimate is None:
        return ""
    return f"{rate.low * 100:.1f} – {rate.high * 100:.1f} %"


def took(page: Page, ms: int | None) -> str:
    """A time as people say it, in its largest unit."""
    if ms is None:
        return "–"
    seconds = ms / 1000
    for size, until in ((1, 120), (60, 7200), (3600, 172_800)):
        if seconds < until:
            return page.words.say(duration(round(seconds / size) * size or 1))
    return page.words.say(duration(round(seconds / 86_400) * 86_400))


def money(revenue: Mapping[str, Decimal]) -> str:
    """Sums by currency."""
    return " · ".join(f"{value:,.2f} {currency}" for currency, value in sorted(revenue.items()))


def told(page: Page, period: Period) -> str:
    """A period's days."""
    first, last = page.formats.day(period.since), page.formats.day(period.until)
    return first if period.since == period.until else f"{first} – {last}"


def complaint(page: Page, error: ValueError) -> str:
    """What is wrong with a question, to its reader."""
    return page.words.say(Phrase.of(error))


def useful(rows: Sequence[Row]) -> set[str]:
    """The columns in which any row has something, besides those that are always shown."""
    found = set()
    for row in rows:
        found |= {"reach"} if row.reach is not None else set()
        found |= {"delay"} if row.delay else set()
        found |= {key for key, number in (row.followed or {}).items() if number}
        found |= {"converted"} if row.conversions else set()
        found |= {"revenue"} if row.revenue else set()
    return found
