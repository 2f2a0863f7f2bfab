"""Tag: what a manager says about one, and about a group of them."""

from __future__ import annotations

import re
from typing import Literal, get_args

from bot.i18n.mark import msgid
from bot.located import Place, Problem, nearest
from bot.model.base import Frozen

LONGEST = 60
LONGEST_DESCRIPTION = 300
LONGEST_LASTING = 10 * 365 * 86_400
"""Seconds a tag may last."""
NAME = re.compile(r'[^\s,;"()（），\x00-\x1f\x7f]+')

Colour = Literal["grey", "blue", "green", "amber", "red", "purple", "teal", "pink"]
COLOURS: tuple[Colour, ...] = get_args(Colour)

NAMED = msgid("expected a name of 1 to 60 characters, without spaces, commas, quotes or brackets")


class Tag(Frozen):
    """A tag; ``lasts`` is in seconds, 0 for ever. One nobody described has only a name."""

    name: str
    colour: Colour = "grey"
    group: str = ""
    description: str = ""
    lasts: float = 0


class TagGroup(Frozen):
    """Tags that belong together; of an ``exclusive`` group nobody has two."""

    name: str
    exclusive: bool = False


def faults(tag: Tag) -> list[Problem]:
    """What cannot be about a tag."""
    found = name_faults("name", tag.name)
    if tag.group:
        found += name_faults("group", tag.group)
    if len(tag.description) > LONGEST_DESCRIPTION:
        found.append(problem("description", msgid("expected at most 300 characters")))
    if not 0 <= tag.lasts <= LONGEST_LASTING:
        found.append(problem("lasts", msgid("expected at most ten years, such as 30d")))
    return found


def name_faults(field: str, name: str) -> list[Problem]:
    """What is wrong with a name."""
    fits = NAME.fullmatch(name) and len(name) <= LONGEST
    return [] if fits else [problem(field, NAMED)]


def problem(field: str, message: str, hint: str = "") -> Problem:
    """A problem at one field of a form."""
    return Problem(Place(field), "", message, hint)


def colour_of(text: str) -> Colour | Problem:
    """The colour of this name, or what is wrong with it."""
    for colour in COLOURS:
        if text == colour:
            return colour
    return problem("colour", msgid("there is no such colour"), nearest(text, COLOURS))
