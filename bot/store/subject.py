"""The subject of a removal: whom it is about, and which names, ids and texts mean them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.model.base import Frozen

ACCOUNT_KEYS = ("id", "account", "by", "member", "staff")
"""The fields of events, deliveries and messages an account id stands in."""
SHORTEST = 4
"""Letters an account id must have to be looked for among the words of a text."""


class Subject(Frozen):
    """Everything a removal is about.

    ``accounts`` and ``places`` are (gateway, id) of people and groups; of ``gateways`` everything
    is meant. A text is meant when it names one of them, so ``names`` also cost those who share
    one the journal entries that say it; it is left empty where that is not wanted.
    """

    members: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    accounts: frozenset[tuple[str, str]] = frozenset()
    places: frozenset[tuple[str, str]] = frozenset()
    names: frozenset[str] = frozenset()
    gateways: frozenset[str] = frozenset()
    links: frozenset[int] = frozenset()
    sops: frozenset[str] = frozenset()


class Meaning:
    """Says of the words of the key catalogue whether what stands in their place is meant."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.deliveries: set[str] = set()
        """Ids of deliveries that were found to be meant."""
        self._conversations = {f"{gateway}/d/{ident}" for gateway, ident in subject.accounts} | {
            f"{gateway}/g/{ident}" for gateway, ident in subject.places
        }
        self._accounts = {ident for _, ident in subject.accounts}
        self._words = _words(subject, self._conversations)

    def part(self, word: str, value: str, gateway: str = "") -> bool:
        """Whether ``value`` in the place of {word} is meant; ``gateway``: the one it is of."""
        subject = self.subject
        match word:
            case "member" | "group" | "link":
                return int(value) in self.numbers(word)
            case "account" | "staff":
                return (gateway, value) in subject.accounts or (
                    not gateway and value in self._accounts
                )
            case "place":
                return any(value == ident for _, ident in subject.places)
            case "conversation":
                return value in self._conversations or value.partition("/")[0] in subject.gateways
            case "speaker":  # member number/conversation
                number, _, conversation = value.partition("/")
                return int(number) in subject.members or self.part("conversation", conversation)
            case "who":  # m7 or g3; other letters and words are nobody's
                kind = {"m": "member", "g": "group"}.get(value[:1], "")
                number = value[1:].partition(":")[0]
                return bool(kind) and number.isdecimal() and int(number) in self.numbers(kind)
            case "gateway":
                return value in subject.gateways
            case "sop" | "run" | "occurrence":
                return value.partition("/")[0] in subject.sops
            case "step":  # sop/{run} where it is a SOP's
                return value.startswith("sop/") and value.split("/")[1] in subject.sops
            case "delivery":
                return value in self.deliveries
            case "text":
                return self.text(value)
        return False

    def numbers(self, word: str) -> frozenset[int]:
        """The numbers meant by {member}, {group} or {link}."""
        subject = self.subject
        return {"member": subject.members, "group": subject.groups, "link": subject.links}[word]

    def all_of(self, word: str, gateway: str = "") -> list[str] | None:
        """Everything {word} can be when it is meant; None when only looking tells."""
        subject = self.subject
        match word:
            case "member" | "group" | "link":
                return [str(number) for number in sorted(self.numbers(word))]
            case "sop":
                return sorted(subject.sops)
            case "account":
                return sorted(ident for of, ident in subject.accounts if gateway in ("", of))
            case "place":
                return sorted(ident for _, ident in subject.places)
            case "conversation" if not subject.gateways:
                return sorted(self._conversations)
            case "step" if not subject.sops:
                return []
            case (
                "step"
                | "conversation"
                | "run"
                | "occurrence"
                | "delivery"
                | "text"
                | "hit"
                | "target"
            ):
                return None
        return []

    def text(self, text: str) -> bool:
        """Whether a text, JSON or not, names somebody or something that is meant."""
        return any(self._leaf(key, value) for key, value in _leaves("", text))

    def _leaf(self, key: str, value: Any) -> bool:
        if isinstance(value, int):
            return key == "member" and value in self.subject.members
        if key in ACCOUNT_KEYS and value in self._accounts:
            return True
        if key == "gateway" and value in self.subject.gateways:
            return True
        return self._words is not None and self._words.search(value) is not None


def _words(subject: Subject, conversations: Iterable[str]) -> re.Pattern[str] | None:
    """What a text that is meant says, or None when no text says it."""
    texts = [*conversations, *filter(None, subject.names)]
    texts += [ident for _, ident in subject.accounts if len(ident) >= SHORTEST]
    found = [_whole(text) for text in texts]
    found += [rf"(?<![\w/-]){re.escape(gateway)}/[gd]/" for gateway in subject.gateways]
    found += [rf"\bsop {re.escape(sop)}(?![\w-])" for sop in subject.sops]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _whole(text: str) -> str:
    """A pattern for a text that is no part of a longer word.

    Chinese has no spaces between words, so only letters of alphabets count, unless there is but
    one character to go by.
    """
    letter = r"\w" if len(text) == 1 else "[0-9A-Za-z_]"
    before = f"(?<!{letter})" if re.match(letter, text) else ""
    after = f"(?!{letter})" if re.match(letter, text[-1]) else ""
    return before + re.escape(text) + after


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The numbers and texts in a value, with the key they stand at; also in JSON within text."""
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _leaves(inner, one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(key, one)
    elif isinstance(value, str):
        yield key, value
        for line in value.split("\n"):
            if line[:1] in ("{", "["):
                yield from _leaves(key, _parsed(line))
    elif isinstance(value, int):
        yield key, value


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
