"""Attributes: what members' attributes are called and may hold, declared by managers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, ValidationError

from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.dates import month_day
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.store import Store

LONGEST = 500
"""Characters of a value."""
NAME = r"^[^\s,;\"'()\x00-\x1f\x7f](?:[^,;\"'()\x00-\x1f\x7f]{0,58}[^\s,;\"'()\x00-\x1f\x7f])?$"

Type = Literal["text", "number", "date", "choice", "phone", "email", "url", "zone", "yes-no"]
TYPES: Mapping[Type, str] = {
    "text": msgid("text"),
    "number": msgid("number"),
    "date": msgid("date"),
    "choice": msgid("one of a list"),
    "phone": msgid("phone number"),
    "email": msgid("e-mail address"),
    "url": msgid("web address"),
    "zone": msgid("time zone"),
    "yes-no": msgid("yes or no"),
}
Index = Literal["has", "value", "yes-no", "phone", "number", "date"]
"""What is kept to find members by an attribute; "has": only who has one."""
_INDEXES: Mapping[Type, Index] = {
    "choice": "value",
    "zone": "value",
    "number": "number",
    "date": "date",
    "yes-no": "yes-no",
}
"""Of other types values are many, and members found by them only where that is asked for."""
SIGNS = "=<>"
"""Letters a name cannot have: with them audiences compare values."""

TOO_LONG = msgid("This has more than {most} characters.")
NO_NUMBER = msgid("“{value}” is no number; expected one such as 42 or 3.5.")
NO_DATE = msgid("“{value}” is no date; expected one such as 2001-05-31, or 05-31 without a year.")
NO_CHOICE = msgid("“{value}” is none of: {choices}.")
NO_CHOICE_NEAR = msgid("“{value}” is none of: {choices}. Did you mean “{near}”?")
NO_PHONE = msgid(
    "“{value}” is no phone number; expected 5 to 20 digits, such as +86 138 0013 8000."
)
NO_EMAIL = msgid("“{value}” is no e-mail address; expected one such as ming@example.com.")
NO_URL = msgid("“{value}” is no web address; expected one such as https://example.com/ming.")
NO_ZONE = msgid("“{value}” is no time zone; expected one such as Asia/Shanghai.")
NO_ZONE_NEAR = msgid("“{value}” is no time zone. Did you mean “{near}”?")
NO_YES = msgid("“{value}” is neither yes nor no.")
REQUIRED = msgid("“{label}” must not be empty.")
NO_CHOICES = msgid("A list needs at least one value to choose from.")
BAD_NAME = msgid("“{name}” cannot be the name of an attribute.")
UNKNOWN = msgid("There is no attribute “{name}”.")
OF = msgid("attribute “{name}”: {what}")
WRONG = (
    *(TOO_LONG, NO_NUMBER, NO_DATE, NO_CHOICE_NEAR, NO_CHOICE, NO_PHONE, NO_EMAIL, NO_URL),
    *(NO_ZONE_NEAR, NO_ZONE, NO_YES),
)
"""What a value can be told, those first of which another one says the beginning."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_EMAIL = re.compile(r"[^\s@<>(),;:\"]{1,64}@[^\s@<>(),;:\".]+(?:\.[^\s@<>(),;:\".]+)+")
_YES, _NO = ("yes", "true", "1", "y", "是", "有"), ("no", "false", "0", "n", "否", "无")


class WrongAttribute(ValueError):
    """What is wrong with an attribute or its value; its argument is a Phrase."""

    def said(self, translate: Callable[[str], str]) -> str:
        """What is wrong, in the language that ``translate`` translates to."""
        return Phrase.of(self).said(translate)


class Attribute(Frozen):
    """What one attribute is; ``name`` is what expressions and texts call it.

    ``choices``: the values of a list. ``required``: it cannot be emptied where people fill it in.
    ``indexed``: members can be asked for by its value, also where any text is one; some 100 bytes
    for each value. ``by``: who may set it, besides the bot itself: managers, or every operator.
    """

    name: str = Field(pattern=NAME)
    label: str = Field(default="", max_length=60)
    type: Type = "text"
    choices: tuple[str, ...] = ()
    required: bool = False
    indexed: bool = False
    by: Literal["manager", "viewer"] = "manager"

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name

    @property
    def index(self) -> Index:
        """By what members are found."""
        if self.type in _INDEXES:
            return _INDEXES[self.type]
        if not self.indexed:
            return "has"
        return "phone" if self.type == "phone" else "value"

    def read(self, value: str) -> str:
        """The form a value is kept in; '' for none. Raises WrongAttribute."""
        value = value.strip()
        if len(value) > LONGEST:
            raise WrongAttribute(Phrase(TOO_LONG, most=LONGEST))
        if value:
            return READERS[self.type](self, value)
        if self.required:
            raise WrongAttribute(Phrase(REQUIRED, label=self.title))
        return ""


class Attributes:
    """Keeps what attributes are; a value of an attribute nobody declared is any text."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.known: dict[str, Attribute] = {}
        """Those declared, by name, as of the last ``refresh``."""

    async def refresh(self) -> None:
        """Read what is declared; what cannot be read any more is any text."""
        kept = await self._store.table("HGETALL", self._store.keys.attributes())
        found = (kept_attribute(body) for _, body in sorted(kept.items()))
        self.known = {one.name: one for one in found if one}

    def read(self, name: str, value: str) -> str:
        """The form a value of an attribute is kept in; raises WrongAttribute."""
        return (self.known.get(name) or _undeclared(name)).read(value)

    def written(self, name: str, value: str) -> str:
        """The same for what is no form: '' empties what is required too, errors say the name."""
        try:
            return self.read(name, value) if value.strip() else ""
        except WrongAttribute as error:
            raise WrongAttribute(Phrase(OF, name=name, what=Phrase.of(error))) from None

    async def save(self, attribute: Attribute, effects: Effects | None = None) -> None:
        """Declare an attribute, or change it; values that members have stay. Raises StoreError."""
        if attribute.type == "choice" and not attribute.choices:
            raise WrongAttribute(Phrase(NO_CHOICES))
        effects = effects or Effects(self._store.keys)
        body = attribute.model_dump_json(exclude_defaults=True)
        effects.do("HSET", effects.keys.attributes(), attribute.name, body)
        await self._store.apply(effects)
        await self.refresh()

    async def remove(self, name: str) -> None:
        """Declare it no more; values that members have stay. Raises WrongAttribute."""
        if not await self._store.call("HDEL", self._store.keys.attributes(), name):
            raise WrongAttribute(Phrase(UNKNOWN, name=name))
        await self.refresh()


def attribute(name: str, **given: object) -> Attribute:
    """An attribute as a form says it; raises WrongAttribute."""
    try:
        made = Attribute.model_validate({"name": name.strip(), **given})
    except ValidationError:
        raise WrongAttribute(Phrase(BAD_NAME, name=name)) from None
    if set(SIGNS) & {*made.name}:
        raise WrongAttribute(Phrase(BAD_NAME, name=name))
    return made


def plain_phone(value: str) -> str:
    """A phone number as numbers are compared: its digits, without the country if that is China."""
    digits = re.sub(r"[^0-9]", "", value)
    return digits.removeprefix("00").removeprefix("86") if len(digits) > 11 else digits


def _undeclared(name: str) -> Attribute:
    """What the bot itself goes by has its type without being declared; others are any text."""
    return Attribute.model_construct(name=name, type="zone" if name == "timezone" else "text")


def kept_attribute(body: str) -> Attribute | None:
    """An attribute as the store keeps it; None when this version cannot read it."""
    try:
        return Attribute.model_validate_json(body)
    except ValidationError:
        return None


def _near(value: str, names: Iterable[str]) -> str:
    folded = {name.casefold(): name for name in names}
    close = get_close_matches(value.casefold(), folded, n=1)
    return folded[close[0]] if close else ""


def _number(_: Attribute, value: str) -> str:
    plain = unicodedata.normalize("NFKC", value).replace(",", "")
    if not _NUMBER.fullmatch(plain):
        raise WrongAttribute(Phrase(NO_NUMBER, value=value))
    return plain


def _date(_: Attribute, value: str) -> str:
    plain = re.sub(r"[年月./]", "-", value).removesuffix("日")
    parts = plain.split("-")
    if month_day(plain) is None or not all(len(part) in (1, 2, 4) for part in parts):
        raise WrongAttribute(Phrase(NO_DATE, value=value))
    try:
        if len(parts) == 3:
            return date(*map(int, parts)).isoformat()
    except ValueError:
        raise WrongAttribute(Phrase(NO_DATE, value=value)) from None
    return "-".join(f"{int(part):02}" for part in parts)


def _choice(attribute: Attribute, value: str) -> str:
    for one in attribute.choices:
        if one.casefold() == value.casefold():
            return one
    choices = ", ".join(attribute.choices)
    near = _near(value, attribute.choices)
    raise WrongAttribute(
        Phrase(NO_CHOICE_NEAR, value=value, choices=choices, near=near)
        if near
        else Phrase(NO_CHOICE, value=value, choices=choices)
    )


def _phone(_: Attribute, value: str) -> str:
    plain = re.sub(r"[\s().-]", "", unicodedata.normalize("NFKC", value))
    plain = "+" + plain[2:] if plain.startswith("00") else plain
    if not _PHONE.fullmatch(plain):
        raise WrongAttribute(Phrase(NO_PHONE, value=value))
    return plain


def _email(_: Attribute, value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise WrongAttribute(Phrase(NO_EMAIL, value=value))
    return value


def _url(_: Attribute, value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", value)
    except ValueError:
        good = False
    if not good:
        raise WrongAttribute(Phrase(NO_URL, value=value))
    return value


def _zone(_: Attribute, value: str) -> str:
    zones = available_timezones()
    if value in zones:
        return value
    near = _near(value, zones)
    raise WrongAttribute(
        Phrase(NO_ZONE_NEAR, value=value, near=near) if near else Phrase(NO_ZONE, value=value)
    )


def _yes_no(_: Attribute, value: str) -> str:
    word = value.casefold()
    if word in _YES or word in _NO:
        return "yes" if word in _YES else "no"
    raise WrongAttribute(Phrase(NO_YES, value=value))


READERS: Mapping[Type, Callable[[Attribute, str], str]] = {
    "text": lambda _, value: value,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "phone": _phone,
    "email": _email,
    "url": _url,
    "zone": _zone,
    "yes-no": _yes_no,
}
