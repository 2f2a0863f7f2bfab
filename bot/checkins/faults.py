"""What is wrong with the programmes of a configuration, for the start and ``muster check``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.checkins.programme import Programme, programmes_of
from bot.config import Config
from bot.i18n.mark import msgid
from bot.located import KeyPath, Problem
from bot.model.phrase import Phrase
from bot.routing.fold import fold
from bot.routing.template import Templates
from bot.settings.checkins import CheckInSettings

KNOWN = frozenset(
    {
        *("workspace", "language", "timezone", "gateway"),
        *("member.name", "member.account", "group", "group.name", "group.id"),
        *("at", "of", "weekly", "reward", "points"),
    }
)
"""What a stage's text can name."""


def check_programmes(config: Config, functions: frozenset[str] = frozenset()) -> list[Problem]:
    """All that is wrong; ``functions`` are those that texts can use."""
    found = [*_same_words(config)]
    for name, one in config.checkin.items():
        wrong = faults(one, functions)
        found += [config.problem(("checkin", name, *at), said, hint) for at, said, hint in wrong]
    return found


def faults(one: CheckInSettings, functions: frozenset[str]) -> Iterator[tuple[KeyPath, str, str]]:
    """What is wrong with a programme beyond its form: key path, message and hint."""
    for position, word in enumerate(one.words):
        if not fold(word):
            yield ("words", position), msgid("says nothing: expected a word"), ""
    for position, group in enumerate(one.reminder_groups):
        if one.groups != "all" and group not in one.groups:
            what = msgid("members cannot check in to it in this group")
            yield ("reminder_groups", position), what, msgid('add it to "groups"')
    yield from ((at, said, "") for at, said in _contradictions(one))
    yield from _stages(one, functions)


def _same_words(config: Config) -> Iterator[Problem]:
    """A word that leads to the first of two programmes everywhere, so never to the second."""
    seen: list[tuple[str, str, Programme]] = []
    for programme in programmes_of(config.checkin, config.timezone):
        own = [(fold(word), word) for word in programme.settings.words]
        for position, (folded, word) in enumerate(own):
            other = next((p for f, _, p in seen if f == folded and _covers(p, programme)), None)
            if other:
                path = ("checkin", programme.name, "words", position)
                message = f'"{word}" already checks in to "{other.name}" in the same groups'
                yield config.problem(path, message)
        seen += [(folded, word, programme) for folded, word in own]


def _covers(first: Programme, second: Programme) -> bool:
    if first.settings.groups == "all":
        return True
    return second.settings.groups != "all" and set(second.settings.groups) <= set(
        first.settings.groups
    )


def _contradictions(one: CheckInSettings) -> Iterator[tuple[KeyPath, str]]:
    """Settings that make no sense together."""
    if one.times > 1 and one.every == "day":
        yield ("times",), msgid('several times are of a week: write every = "week" too')
    if one.since and one.until:
        days = (one.until - one.since).days + 1
        if days < 1:
            yield ("until",), Phrase(msgid("is before {first}, the first day"), first=one.since)
        elif one.complete and one.complete > days:
            text = msgid("cannot be reached: the campaign has {n} days")
            yield ("complete",), Phrase(text, n=days)
    if one.certificate and not one.complete:
        yield ("certificate",), msgid('nothing completes it: write "complete" too')
    if one.freeze and not (one.freeze.per_month or one.freeze.earned_every):
        yield ("freeze",), msgid('forgives nothing: write "per_month" or "earned_every"')
    if one.reminder_groups and one.where == "direct":
        yield ("reminder_groups",), msgid("members check in in direct chats alone")


def _stages(one: CheckInSettings, functions: frozenset[str]) -> Iterator[tuple[KeyPath, str, str]]:
    """Stages that stand twice, are not worth a word, or whose texts cannot be rendered."""
    seen = set[tuple[str, int]]()
    for position, stage in enumerate(one.stages):
        if (stage.of, stage.at) in seen:
            yield ("stages", position, "at"), msgid("another stage is reached at the same"), ""
        seen.add((stage.of, stage.at))
        if stage.stock and not stage.reward:
            yield ("stages", position, "stock"), msgid('of what? write "reward" too'), ""
        for problem in Templates().check(stage.text or "", KNOWN | functions):
            yield ("stages", position, "text"), problem.message, problem.hint
