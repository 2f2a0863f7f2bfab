"""Charts: pictures of numbers as SVG made on the server, readable on paper and aloud.

Shapes are in the SVG, which stretches to any width; words stay outside it, in HTML, so that they
keep their size on a phone. Colours come from the style sheet by class (``s1`` …, ``l0`` … ``l4``).
Every chart also holds its numbers as a table that only screen readers see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from markupsafe import Markup

from bot.reports.picture import nice


@dataclass(frozen=True, slots=True)
class Series:
    """A row of numbers, one for each label; ``tone`` names its colour (s1 …, good, bad, warn)."""

    name: str
    values: Sequence[float]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Rank:
    """A row of a ranking; ``href`` opens it."""

    label: str
    value: float
    href: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Something on a timeline, from ``start`` to ``end`` (any unit, the same for all)."""

    label: str
    start: float
    end: float
    tone: str = "s1"


def bars(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Stacked bars, one stack for each label."""
    tones = _tones(series)
    top = nice(max((sum(stack) for stack in zip(*_values(series), strict=True)), default=0))
    width = max(1, len(labels)) * 10
    shapes = []
    for index, label in enumerate(labels):
        base = 0.0
        told = ", ".join(f"{s.name} {_n(s.values[index])}" for s in series)
        for tone, one in zip(tones, series, strict=True):
            height = one.values[index] / top * 100
            if height:
                shapes.append(
                    Markup('<rect class="{}" x="{}" y="{}" width="7" height="{}"/>').format(
                        tone, index * 10 + 1.5, _f(100 - base - height), _f(height)
                    )
                )
            base += height
        shapes.append(_tip(index, label, told))
    return _plot(title, labels, series, tones, top, width, Markup("").join(shapes))


def area(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Lines over the labels; the first has its area filled."""
    tones = _tones(series)
    top = nice(max((max(s.values, default=0) for s in series), default=0))
    width = max(1, len(labels)) * 10
    shapes = []
    for number, (tone, one) in enumerate(zip(tones, series, strict=True)):
        points = [(i * 10 + 5, 100 - v / top * 100) for i, v in enumerate(one.values)]
        path = "L".join(f"{_f(x)} {_f(y)}" for x, y in points)
        if number == 0 and points:
            shapes.append(
                Markup('<path class="fill {}" d="M{} 100L{}L{} 100Z"/>').format(
                    tone, _f(points[0][0]), path, _f(points[-1][0])
                )
            )
        shapes.append(Markup('<path class="line {}" d="M{}"/>').format(tone, path or "0 100"))
    for index, label in enumerate(labels):
        told = ", ".join(f"{s.name} {_n(s.values[index])}" for s in series)
        shapes.append(_tip(index, label, told))
    return _plot(title, labels, series, tones, top, width, Markup("").join(shapes))


def sparkline(title: str, values: Sequence[float], tone: str = "s1") -> Markup:
    """A small line without words, for a number's neighbourhood."""
    top = max(values, default=0) or 1
    step = 100 / max(1, len(values) - 1)
    points = [(i * step, 27 - v / top * 24) for i, v in enumerate(values)]
    path = "L".join(f"{_f(x)} {_f(y)}" for x, y in points)
    told = f"{title}: {', '.join(map(_n, values))}"
    return Markup(
        '<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><path class="fill {}" d="M0 30L{}L100 30Z"/>'
        '<path class="line {}" d="M{}"/></svg>'
    ).format(told, tone, path or "0 27", tone, path or "0 27")


def ranks(title: str, rows: Sequence[Rank], tone: str = "s1") -> Markup:
    """Horizontal bars, each with its name and number."""
    top = max((r.value for r in rows), default=0) or 1
    items = [
        Markup(
            '<li><span class="what">{}</span><b>{}</b><svg viewBox="0 0 100 6"'
            ' preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100"'
            ' height="6"/><rect class="{}" width="{}" height="6"/></svg></li>'
        ).format(
            Markup('<a href="{}">{}</a>').format(r.href, r.label) if r.href else r.label,
            _n(r.value),
            tone,
            _f(r.value / top * 100),
        )
        for r in rows
    ]
    return Markup(
        '<figure class="chart ranks"><figcaption>{}</figcaption><ol>{}</ol></figure>'
    ).format(title, Markup("").join(items))


def calendar(
    title: str, days: Mapping[date, float], last: date, names: Sequence[str], weeks: int = 26
) -> Markup:
    """A heat map of days up to ``last``, a column for each week, Monday on top.

    ``names``: the twelve months, short. Days not in ``days`` count as nothing.
    """
    monday = last - timedelta(days=last.weekday() + 7 * (weeks - 1))
    top = max(days.values(), default=0) or 1
    cells, months = [], []
    for column in range(weeks):
        first = monday + timedelta(weeks=column)
        if first.day <= 7 and column < weeks - 1:
            months.append(
                Markup('<text x="{}" y="9">{}</text>').format(column * 13, names[first.month - 1])
            )
        for row in range(7):
            day = first + timedelta(days=row)
            if day > last:
                break
            value = days.get(day, 0)
            level = min(4, ceil(value / top * 4)) if value > 0 else 0
            cells.append(
                Markup(
                    '<rect class="l{}" x="{}" y="{}" width="11" height="11" rx="2.5">'
                    "<title>{}: {}</title></rect>"
                ).format(level, column * 13, 14 + row * 13, day.isoformat(), _n(value))
            )
    told = f"{title}: {sum(1 for v in days.values() if v > 0)} / {len(cells)}"
    return Markup(
        '<figure class="chart heat"><figcaption>{}</figcaption><svg viewBox="0 0 {} 105"'
        ' width="{}" height="105" role="img" aria-label="{}">{}{}</svg></figure>'
    ).format(title, weeks * 13, weeks * 13, told, Markup("").join(months), Markup("").join(cells))


def timeline(
    title: str, spans: Sequence[Span], start: float, end: float, labels: Sequence[str]
) -> Markup:
    """Spans along one time, a row each; ``labels`` stand evenly below from start to end."""
    whole = (end - start) or 1
    rows = []
    for span in spans:
        x = max(0.0, (span.start - start) / whole * 100)
        width = max(0.8, min(100 - x, (min(span.end, end) - start) / whole * 100 - x))
        rows.append(
            Markup(
                '<li><span class="what">{}</span><svg viewBox="0 0 100 8"'
                ' preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100"'
                ' height="8"/><rect class="{}" x="{}" width="{}" height="8"/></svg></li>'
            ).format(span.label, span.tone, _f(min(x, 99.2)), _f(width))
        )
    return Markup(
        '<figure class="chart ranks time"><figcaption>{}</figcaption><ol>{}</ol>{}</figure>'
    ).format(title, Markup("").join(rows), _labels(labels))


# parts


def _plot(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    tones: Sequence[str],
    top: float,
    width: int,
    shapes: Markup,
) -> Markup:
    lines = Markup("").join(
        Markup('<path class="grid" d="M0 {y}H{w}"/>').format(y=y, w=width) for y in (0, 50, 100)
    )
    return Markup(
        '<figure class="chart"><figcaption>{title}{legend}</figcaption><div class="plot">'
        '<div class="scale" aria-hidden="true"><span>{top}</span><span>{half}</span>'
        '<span>0</span></div><svg viewBox="0 0 {width} 100" preserveAspectRatio="none"'
        ' aria-hidden="true">{lines}{shapes}</svg></div>{labels}{table}</figure>'
    ).format(
        title=title,
        legend=_legend(series, tones),
        top=_n(top),
        half=_n(top / 2),
        width=width,
        lines=lines,
        shapes=shapes,
        labels=_labels(labels),
        table=_table(title, labels, series),
    )


def _tip(index: int, label: str, told: str) -> Markup:
    return Markup(
        '<rect class="hover" x="{}" y="0" width="10" height="100"><title>{}: {}</title></rect>'
    ).format(index * 10, label, told)


def _legend(series: Sequence[Series], tones: Sequence[str]) -> Markup:
    if len(series) < 2:
        return Markup("")
    items = (
        Markup(
            '<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{}" width="10"'
            ' height="10" rx="3"/></svg>{}</span>'
        ).format(tone, one.name)
        for tone, one in zip(tones, series, strict=True)
    )
    return Markup('<span class="legend">{}</span>').format(Markup("").join(items))


def _labels(labels: Sequence[str]) -> Markup:
    """The words below; of many not all are shown, on phones still fewer."""
    items = Markup("").join(Markup("<span>{}</span>").format(label) for label in labels)
    crowd = " many crowded" if len(labels) > 20 else " many" if len(labels) > 8 else ""
    kind = f"labels{crowd}"
    return Markup('<div class="{}" aria-hidden="true">{}</div>').format(kind, items)


def _table(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    head = Markup("").join(Markup("<th>{}</th>").format(s.name) for s in series)
    rows = Markup("").join(
        Markup("<tr><th>{}</th>{}</tr>").format(
            label, Markup("").join(Markup("<td>{}</td>").format(_n(s.values[i])) for s in series)
        )
        for i, label in enumerate(labels)
    )
    return Markup('<table class="sr"><caption>{}</caption><tr><td></td>{}</tr>{}</table>').format(
        title, head, rows
    )


def _tones(series: Sequence[Series]) -> list[str]:
    return [s.tone or f"s{i}" for i, s in enumerate(series, 1)]


def _values(series: Sequence[Series]) -> list[Sequence[float]]:
    return [s.values for s in series]


def _n(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _f(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
