"""Choosing: which script greets an arrival, and why no other does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.settings.welcome import Script, WelcomeWhen
from bot.welcome.arrival import Arrival

OFF = msgid("it is switched off")
KIND = msgid("it is for others: {kinds}")
KINDS = {
    "group": msgid("who joins a group"),
    "contact": msgid("new contacts"),
    "opened": msgid("who opens the chat"),
}
OTHER = {
    "codes": msgid("it is for who comes by {names}"),
    "staff": msgid("it is for contacts and groups of {names}"),
    "groups": msgid("it is for the groups {names}"),
    "gateways": msgid("it is for the gateways {names}"),
}
CLOSER = {
    "codes": msgid("another one is for this live code"),
    "staff": msgid("another one is for this staff member"),
    "groups": msgid("another one is for this group"),
    "gateways": msgid("another one is for this gateway"),
}
PRIORITY = msgid("another one has a higher priority")
SETTINGS = msgid("one made here goes before one of the settings")
LATER = msgid("another one that is equally close comes first by its name")
WON = msgid("it is the closest that applies")


@dataclass(frozen=True, slots=True)
class Listed:
    """A script, and whether it was made in the console or stands in the settings."""

    script: Script
    stored: bool

    @property
    def closeness(self) -> tuple[bool, ...]:
        """What it is bound to, the closest first."""
        when = self.script.when
        return tuple(bool(getattr(when, field)) for field in OTHER)

    @property
    def rank(self) -> tuple[object, ...]:
        """Of two with the same one their names decide."""
        return *self.closeness, self.script.priority, self.stored

    @property
    def order(self) -> tuple[object, ...]:
        """The smaller one is chosen."""
        close = tuple(not bound for bound in self.closeness)
        return *close, -self.script.priority, not self.stored, self.script.id


@dataclass(frozen=True, slots=True)
class Candidate:
    """A script beside an arrival: whether it was chosen, and why or why not."""

    listed: Listed
    chosen: bool
    why: Phrase

    @property
    def script(self) -> Script:
        """The script."""
        return self.listed.script


def choose(scripts: Iterable[Listed], arrival: Arrival) -> Listed | None:
    """The script that greets, None when none applies."""
    fitting = (one for one in scripts if misfit(one.script, arrival) is None)
    return min(fitting, key=lambda one: one.order, default=None)


def explain(scripts: Iterable[Listed], arrival: Arrival) -> list[Candidate]:
    """Every script, the chosen one first, then those that apply too."""
    found, winner = [], None
    listed = sorted(scripts, key=lambda one: one.order)
    for one in listed:
        if why := misfit(one.script, arrival):
            found.append((2, Candidate(one, False, why)))
        elif winner is None:
            winner = one
            found.append((0, Candidate(one, True, Phrase(WON))))
        else:
            found.append((1, Candidate(one, False, Phrase(_beaten(one, winner)))))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def misfit(script: Script, arrival: Arrival) -> Phrase | None:
    """Why a script does not apply; None when it does."""
    when = script.when
    if not script.enabled:
        return Phrase(OFF)
    if arrival.kind not in when.kinds:
        return Phrase(KIND, kinds=Phrase(KINDS[when.kinds[0]]))
    for field, fits in _fits(when, arrival).items():
        if not fits:
            return Phrase(OTHER[field], names=", ".join(getattr(when, field)[:5]))
    return None


def overlap(one: WelcomeWhen, other: WelcomeWhen) -> bool:
    """Whether somebody can come to whom both apply."""
    fields = ("kinds", *OTHER)
    pairs = [(set(getattr(one, field)), set(getattr(other, field))) for field in fields]
    return all(not mine or not theirs or mine & theirs for mine, theirs in pairs)


def _fits(when: WelcomeWhen, arrival: Arrival) -> dict[str, bool]:
    group = {arrival.group, f"{arrival.gateway}/{arrival.group}"} if arrival.group else set()
    return {
        "codes": not when.codes or arrival.code in when.codes,
        "staff": not when.staff or bool({*when.staff} & {*filter(None, arrival.staff)}),
        "groups": not when.groups or bool({*when.groups} & group),
        "gateways": not when.gateways or arrival.gateway in when.gateways,
    }


def _beaten(one: Listed, by: Listed) -> str:
    for field, mine, theirs in zip(OTHER, one.closeness, by.closeness, strict=True):
        if mine != theirs:
            return CLOSER[field]
    if one.script.priority != by.script.priority:
        return PRIORITY
    return SETTINGS if one.stored != by.stored else LATER
