"""Links: whether what the texts lead to and show is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.sop.check.finding import Finding, Severity, once, told
from bot.sop.check.plan import Plan
from bot.sop.check.texts import Said


class Health(Protocol):
    """What became of an address: a word, and the same in a sentence."""

    @property
    def verdict(self) -> str: ...

    @property
    def phrase(self) -> Phrase: ...


Probe = Callable[[Collection[str]], Awaitable[Mapping[str, Health]]]
"""Asks addresses whether they answer."""

_GRAVE: Mapping[str, Severity] = {
    "gone": "error",
    "not_http": "error",
    "unreachable": "error",
    "refused": "warning",
    "private": "note",
    "moved": "note",
}
_EMPTY = msgid("A picture or file without an address")


async def unhealthy(
    plan: Plan, said: Sequence[Said], probe: Probe, unasked: Collection[str] = ()
) -> list[Finding]:
    """Every address that is not fine, once for each step that has it."""
    asked = [
        (one, url)
        for one in said
        for url in (*one.addresses, *one.media)
        if not url.startswith(tuple(unasked))
    ]
    health = await probe({url for _, url in asked if url})
    found = []
    for one, url in asked:
        place = plan.at(one.step.id, one.key, one.variant)
        if not url:
            found.append(told("error", place, _EMPTY))
        elif severity := _GRAVE.get(health[url].verdict):
            phrase = health[url].phrase
            found.append(Finding(severity=severity, place=place, message=phrase))
    return once(found)
