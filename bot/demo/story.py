"""The story: who does what when in the demo's two weeks, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from bot.clock import millis
from bot.demo import words
from bot.demo.people import SKIN, START, TEA, Person, people

DAYS = 14
HOURS = (8, 9, 9, 10, 11, 12, 12, 13, 15, 17, 18, 19, 20, 20, 21, 21, 21, 22)
"""When people are at their phones; what is there twice is twice as likely."""
ARRIVALS = (14, 3, 4, 2, 3, 6, 8, 3, 2, 3, 4, 3, 5, 2)
"""How many come on each day."""
HABITS = (0.0, 0.0, 0.15, 0.4, 0.75, 0.97)
"""How likely somebody checks in on a day; each is somebody's."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing somebody does; ``group`` None is the direct chat with the bot. ``at``: UTC ms."""

    at: int
    who: Person
    what: Literal["join", "leave", "say"]
    group: str | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the workspace listens to: the words to check in, and those to ask for groups."""

    check_in: Sequence[str] = ()
    groups: Sequence[str] = ()


class Story:
    """Two weeks that end at ``end`` (UTC ms): ``acts`` are everything people do, in order."""

    def __init__(
        self, random: Random, end: int, zone: ZoneInfo, language: str, vocabulary: Vocabulary
    ) -> None:
        self._random = random
        self._zone = zone
        self._language = language
        self._vocabulary = vocabulary
        today = datetime.fromtimestamp(end / 1000, zone).date()
        self.days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
        self.start = self.moment(self.days[0], 7, 30)
        self.end = end
        self.acts = self._lives()

    def moment(self, day: date, hour: int, minute: int) -> int:
        """UTC ms of a wall time."""
        return millis(datetime.combine(day, time(hour, minute), self._zone))

    def _lives(self) -> list[Act]:
        """Everything that happens, in order."""
        cast = people()
        self._random.shuffle(cast)
        found: list[Act] = []
        for index, arrivals in enumerate(ARRIVALS):
            for person in cast[:arrivals]:
                found += self._life(person, index)
            cast = cast[arrivals:]
        return sorted((a for a in found if a.at <= self.end), key=lambda a: (a.at, a.who.id))

    def _life(self, who: Person, first: int) -> Iterator[Act]:
        """One person's acts, from the day of joining on."""
        random = self._random
        home = random.choices((TEA, SKIN, START), (5, 3, 2))[0]
        joined = self._sometime(self.days[first], early=first == 0)
        yield Act(joined, who, "join", home)
        if random.random() < 0.3:
            yield from self._introduction(who, joined)
        habit, talk = random.choice(HABITS), random.choice((0.1, 0.4, 1.0, 2.5))
        last = self._last_day(first)
        for day in self.days[first : last + 1]:
            if random.random() < habit:
                yield from self._check_in(who, home, max(joined, self._sometime(day)))
            while random.random() < talk / (1 + talk):
                at = max(joined, self._sometime(day)) + 60_000
                text = random.choice(words.CHAT[self._language][home])
                yield Act(at, who, "say", home, text)
        if last < DAYS - 1:
            yield Act(self.moment(self.days[last], 23, 10), who, "leave", home)
        yield from self._questions(who, joined)

    def _last_day(self, first: int) -> int:
        """Most stay; some are gone after a day or a few."""
        if self._random.random() < 0.16:
            return min(DAYS - 1, first + self._random.choice((0, 1, 4)))
        return DAYS - 1

    def _introduction(self, who: Person, joined: int) -> Iterator[Act]:
        text = self._random.choice(words.CHAT[self._language][START])
        at = joined + self._random.randrange(60_000, 600_000)
        yield Act(at, who, "join", START)
        yield Act(at + 90_000, who, "say", START, text)

    def _check_in(self, who: Person, group: str, at: int) -> Iterator[Act]:
        for word in self._vocabulary.check_in:
            yield Act(at, who, "say", group, word)
            if self._random.random() < 0.06:
                yield Act(at + 40_000, who, "say", group, words.BOARD[self._language])

    def _questions(self, who: Person, joined: int) -> Iterator[Act]:
        """What somebody asks the bot alone."""
        random, language = self._random, self._language
        said = []
        if self._vocabulary.groups and random.random() < 0.5:
            said.append(random.choice(self._vocabulary.groups))
        if random.random() < 0.35:
            # Some questions come up more often than others.
            asked = words.ASKED[language]
            said.append(asked[min(int(random.expovariate(0.7)), len(asked) - 1)])
        for likely, text in (
            (0.2, words.LIKES[language]),
            (0.06, words.OPT_OUT[language]),
            (0.12, words.BIRTHDAY[language].format(random.randint(1, 12), random.randint(1, 28))),
            (0.04, words.EXPORT[language]),
        ):
            if random.random() < likely:
                said.append(text)
        at = joined
        for text in said:
            at += random.randrange(120_000, 3 * 3_600_000)
            yield Act(at, who, "say", None, text)

    def _sometime(self, day: date, early: bool = False) -> int:
        """A moment of a day at which people are at their phones."""
        hour = 8 if early else self._random.choice(HOURS)
        seconds = self._random.randrange(3_600)
        return self.moment(day, hour, 0) + seconds * 1_000
