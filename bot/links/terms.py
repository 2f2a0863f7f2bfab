"""Terms: where a link leads, for whom, from when, until when and how often."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from bot.links.destinations import destination
from bot.located import Kind, Located, expected, validate
from bot.model.base import Frozen
from bot.model.phrase import Phrase

Device = Literal["ios", "android", "desktop", "wechat", "wecom"]
DEVICES: tuple[Device, ...] = ("ios", "android", "desktop", "wechat", "wecom")
Platform = Literal["wecom", "wechat"]
"""Who can be asked who somebody is."""
MOST_BRANCHES = 20
LONGEST_CAMPAIGN = 100
LONGEST_PARAMETERS = 1000
"""Letters all names and values may have."""

_MOMENT = Kind(Phrase("a day and time such as 2026-06-20 08:00"))
_LANGUAGE = Kind(Phrase("a language such as zh or en-GB"))
_MANY = Kind(Phrase("how many clicks, a whole number"))
_SHARE = Kind(Phrase("a whole number of percent, up to 100"))
_GROUP = Kind(Phrase("the number of a group"))
_DEVICE = Kind(Phrase("one of ios, android, desktop, wechat, wecom"))


def _language(value: object) -> str:
    text = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", text):
        raise expected(_LANGUAGE.words)
    return text


def _optional_url(value: str) -> str:
    return destination(value) if value.strip() else ""


Url = Annotated[str, AfterValidator(destination)]
Moment = Annotated[int, Field(ge=0, strict=True), _MOMENT]
"""UTC ms; 0 for none."""


class Branch(Frozen):
    """Another destination for whom everything fits that is said here; what is empty fits all.

    ``opens`` and ``ends`` are UTC ms. ``share`` is the percentage of people, always the same
    ones, 0 for all; branches with otherwise the same conditions take shares side by side.
    """

    url: Url
    devices: tuple[Annotated[Device, _DEVICE], ...] = ()
    languages: tuple[Annotated[str, BeforeValidator(_language), _LANGUAGE], ...] = ()
    groups: tuple[Annotated[int, Field(ge=1), _GROUP], ...] = ()
    opens: Moment = 0
    ends: Moment = 0
    share: Annotated[int, Field(ge=0, le=100), _SHARE] = 0

    @property
    def asks(self) -> tuple[object, ...]:
        """Its conditions without the share."""
        return (self.devices, self.languages, self.groups, self.opens, self.ends)

    @field_validator("ends")
    @classmethod
    def _after_opening(cls, value: int, info: ValidationInfo) -> int:
        return _later(value, info)


class Terms(Frozen):
    """What an operator may change of a link.

    It leads to ``url``, or to that of the first of ``branches`` that fits, with ``parameters``
    added. It holds from ``opens`` until ``ends`` (UTC ms) and for ``limit`` clicks, 0 for no
    limit; after it, and once ``withdrawn``, it leads to ``fallback``. With ``confirm`` a page comes
    between, and a click is what a browser that shows it sends. ``ask`` is the platform that is
    asked who opens a code that names no member.
    """

    url: Url
    campaign: Annotated[str, Field(max_length=LONGEST_CAMPAIGN)] = ""
    title: Annotated[str, Field(max_length=100)] = ""
    opens: Moment = 0
    ends: Moment = 0
    limit: Annotated[int, Field(ge=0, lt=10**12), _MANY] = 0
    branches: Annotated[tuple[Branch, ...], Field(max_length=MOST_BRANCHES)] = ()
    parameters: dict[str, str] = Field(default={})
    fallback: Annotated[str, AfterValidator(_optional_url)] = ""
    withdrawn: bool = False
    confirm: bool = False
    ask: Annotated[Platform | Literal[""], Kind(Phrase("wecom, wechat or nothing"))] = ""

    @property
    def plain(self) -> bool:
        """Whether it leads everybody to one place at any time, at once."""
        kept = self.opens or self.ends or self.limit or self.branches or self.withdrawn
        return not (kept or self.confirm or self.ask)

    @field_validator("campaign", "title")
    @classmethod
    def _stripped(cls, value: str) -> str:
        return " ".join(value.split())

    @field_validator("ends")
    @classmethod
    def _after_opening(cls, value: int, info: ValidationInfo) -> int:
        return _later(value, info)

    @field_validator("branches")
    @classmethod
    def _shares_fit(cls, value: tuple[Branch, ...]) -> tuple[Branch, ...]:
        sums: dict[object, int] = {}
        for branch in value:
            sums[branch.asks] = sums.get(branch.asks, 0) + branch.share
        if max(sums.values(), default=0) > 100:
            raise ValueError(Phrase("shares of the same people are more than 100 percent together"))
        return value

    @field_validator("parameters")
    @classmethod
    def _named(cls, value: dict[str, str]) -> dict[str, str]:
        if sum(len(k) + len(v) for k, v in value.items()) > LONGEST_PARAMETERS:
            raise ValueError(Phrase("the parameters are too long"))
        for name in value:
            if not name or len(name) > 100 or re.search(r"[\s&=#?+%\x00-\x1f]", name):
                raise ValueError(
                    Phrase("a parameter cannot be called “{name}”; write name = value", name=name)
                )
        return value


def read_terms(data: Mapping[str, Any]) -> Terms:
    """Terms from plain values; raises Problems whose keys are the fields."""
    return validate(Terms, Located("link", data))


def moment(text: str, zone: tzinfo) -> int:
    """UTC ms of a day and time as people of a zone write it; 0 for nothing, ValueError else."""
    if not text:
        return 0
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def _later(ends: int, info: ValidationInfo) -> int:
    if ends and ends <= info.data.get("opens", 0):
        raise ValueError(Phrase("it must be later than the beginning"))
    return ends
