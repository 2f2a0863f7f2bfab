"""The part of a route's form that says who may take it and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.console.page import Page
from bot.settings.conditions import WEEKDAYS, RouteConditions

LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class ConditionsForm:
    """What stands in its fields; lists are one to a line."""

    audience: str = ""
    attributes: str = ""
    gateways: str = ""
    weekdays: tuple[str, ...] = ()
    hours: str = ""
    dates: str = ""
    otherwise: str = ""

    @classmethod
    def of(cls, when: RouteConditions) -> ConditionsForm:
        """From a route's conditions."""
        return cls(
            audience=when.audience or "",
            attributes="\n".join(f"{k} = {', '.join(v)}" for k, v in when.attributes.items()),
            gateways="\n".join(when.gateways),
            weekdays=when.weekdays,
            hours=when.hours or "",
            dates="\n".join(when.dates),
            otherwise=when.otherwise or "",
        )

    @classmethod
    def posted(cls, page: Page) -> ConditionsForm:
        """From the fields of a POST."""
        return cls(
            audience=page.field("when-audience", LONGEST),
            attributes=page.field("when-attributes", LONGEST),
            gateways=page.field("when-gateways", LONGEST),
            weekdays=tuple(day for day in WEEKDAYS if day in page.form.getall("when-weekdays", [])),
            hours=page.field("when-hours"),
            dates=page.field("when-dates", LONGEST),
            otherwise=page.field("when-otherwise", LONGEST),
        )

    @property
    def data(self) -> dict[str, Any]:
        """As it would stand in the configuration; what is empty is left out."""
        found = {
            "audience": self.audience,
            "attributes": equations(self.attributes),
            "gateways": lines(self.gateways),
            "weekdays": [*self.weekdays],
            "hours": self.hours,
            "dates": [line.replace(" ", "") for line in lines(self.dates)],
            "otherwise": self.otherwise,
        }
        return {key: value for key, value in found.items() if value}


def lines(text: str) -> list[str]:
    """The lines that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def commas(text: str) -> list[str]:
    """What stands between commas of any script."""
    return [part.strip() for part in re.split(r"[,，、]", text) if part.strip()]


def equations(text: str) -> dict[str, list[str]]:
    """``word = this, that`` a line, or with a colon; one without is found wrong later."""
    signed = (
        (next((sign for sign in "=＝:：" if sign in line), "="), line) for line in lines(text)
    )
    parts = (line.partition(sign) for sign, line in signed)
    return {word.strip(): commas(said) for word, _, said in parts}


def shown(labels: Sequence[str]) -> str:
    """A list as it is typed between commas."""
    return ", ".join(labels)
