"""Evidence: what members show for a check-in, and whether staff took it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from bot.checkins.programme import Programme
from bot.checkins.refusal import NotNow
from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.message import Image, LinkCard, Message
from bot.settings.checkins import EvidenceSettings
from bot.store.effects import Effects
from bot.store.store import Store, as_text

LONGEST = 2_000
"""Characters of a text that are kept."""
LARGEST = 4_000_000
"""Characters of a picture's URL that are kept; of a larger one it is kept that it was there."""
WANTED = {
    "text": msgid(
        "{{ member.name }}, tell us about it in a message"
        "{% if least > 1 %} of at least {{ least }} characters{% endif %}, and you are checked in."
    ),
    "picture": msgid("{{ member.name }}, send a picture of it, and you are checked in."),
    "link": msgid("{{ member.name }}, send a link to it, and you are checked in."),
}
TOO_SHORT = msgid(
    "{{ member.name }}, that was {{ said }} of at least {{ least }} characters: write it again"
    " with a little more in one message, and you are checked in."
)
_LINK = re.compile(r"https?://[^\s<>\"，。；）)]+", re.IGNORECASE)


class Evidence(Frozen):
    """What was shown for one check-in; ``at`` and ``judged`` are UTC ms.

    ``group`` is the group it counts in, 0: everywhere. ``picture`` and ``link`` are URLs.
    ``conversation``: the key of the one it was shown in. ``by`` and ``reason``: of who judged.
    """

    programme: str
    member: int
    group: int = 0
    day: date
    at: int
    conversation: str = ""
    text: str = ""
    picture: str = ""
    link: str = ""
    state: Literal["kept", "pending", "approved", "refused"] = "kept"
    by: str = ""
    reason: str = ""
    judged: int = 0

    @property
    def key(self) -> str:
        """What it is called in addresses and in the queue: member:group:programme:day."""
        return f"{self.member}:{self.group}:{self.programme}:{self.day.isoformat()}"


class Shown(Frozen):
    """What a message shows: its words besides the check-in word, its picture, its link."""

    text: str = ""
    picture: str = ""
    link: str = ""

    @classmethod
    def by(cls, message: Message, text: str) -> Self:
        """What a message shows whose words, as far as they are evidence, are ``text``."""
        picture = next((s.url for s in message.segments if isinstance(s, Image)), "")
        card = next((s.url for s in message.segments if isinstance(s, LinkCard)), "")
        found = _LINK.search(text)
        picture = picture if len(picture) <= LARGEST else "data:,"
        return cls(text=text[:LONGEST], picture=picture, link=card or (found[0] if found else ""))

    @property
    def length(self) -> int:
        """The characters of its words."""
        return len("".join(self.text.split()))

    def is_enough(self, settings: EvidenceSettings) -> bool:
        """Whether it is what a programme asks for."""
        match settings.kind:
            case "text":
                return self.length >= settings.least
            case "picture":
                return bool(self.picture)
            case "link":
                return bool(self.link)


def wanted(programme: Programme, group: int | None, shown: Shown) -> NotNow | None:
    """What is still to be shown, and what to remember until it is."""
    settings = programme.settings.evidence
    if settings is None or shown.is_enough(settings):
        return None
    said = shown.length if settings.kind == "text" else 0
    text = TOO_SHORT if said else WANTED[settings.kind]
    about = {"least": settings.least, "said": said}
    return NotNow(text, about, f"evidence/{programme.name}/{group or ''}", settings.wait)


class EvidenceRoom:
    """Keeps what was shown, by member and month, and the queue of what waits for approval."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, effects: Effects, evidence: Evidence, seconds: float) -> None:
        """Keep evidence for so long after the last of its month."""
        self._write(effects, evidence)
        longest = 3660 * 86_400
        effects.do("EXPIRE", self._key(evidence), max(1, min(longest, int(seconds))))
        if evidence.state == "pending":
            effects.do("ZADD", self._store.keys.checkin_pending(), evidence.at, evidence.key)

    def judge(self, effects: Effects, evidence: Evidence) -> None:
        """Keep what staff decided, provided it still waits."""
        queue = self._store.keys.checkin_pending()
        effects.guard(evidence.at, "ZSCORE", queue, evidence.key)
        effects.do("ZREM", queue, evidence.key)
        self._write(effects, evidence)

    async def pending(self, skip: int = 0, limit: int = 50) -> list[Evidence]:
        """What waits, the oldest first."""
        queue = self._store.keys.checkin_pending()
        found = await self._store.texts("ZRANGE", queue, skip, skip + limit - 1)
        return [one for key in found if (one := await self.waiting(key))]

    async def waiting(self, key: str) -> Evidence | None:
        """What waits under a key; what was shown may be too old to be kept."""
        at = await self._store.text("ZSCORE", self._store.keys.checkin_pending(), key)
        return None if at is None else await self.one(key, int(float(at)))

    async def one(self, key: str, at: int = 0) -> Evidence:
        """What was shown, or what is left when that is no longer kept; raises ValueError."""
        blank = _blank(key, at)
        day = blank.day.isoformat()
        found = await self._store.text("HGET", self._key(blank), day)
        return Evidence.model_validate_json(found) if found else blank

    async def month(
        self, programme: str, member: int, group: int, year: int, month: int
    ) -> dict[date, Evidence]:
        """What was shown in a month."""
        blank = Evidence(
            programme=programme, member=member, group=group, day=date(year, month, 1), at=0
        )
        return {one.day: one for one in _read(await self._store.call("HVALS", self._key(blank)))}

    def _write(self, effects: Effects, evidence: Evidence) -> None:
        body = evidence.model_dump_json(exclude_defaults=True)
        effects.do("HSET", self._key(evidence), evidence.day.isoformat(), body)

    def _key(self, evidence: Evidence) -> str:
        return self._store.keys.checkin_evidence(
            evidence.programme, evidence.group, evidence.member, f"{evidence.day:%Y-%m}"
        )


def _read(bodies: Iterable[bytes]) -> list[Evidence]:
    return [Evidence.model_validate_json(as_text(body)) for body in bodies]


def _blank(key: str, at: int) -> Evidence:
    member, group, programme, day = key.split(":")
    return Evidence(
        programme=programme,
        member=int(member),
        group=int(group),
        day=date.fromisoformat(day),
        at=at,
        state="pending",
    )
