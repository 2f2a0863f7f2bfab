"""Messages of an app to members, with the silent limits (documents 90236, 90454)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.content import INTERACTIVE, app_message
from bot.testing.wecom.counters import HOUR, MINUTE, Counters
from bot.testing.wecom.media import Media
from bot.testing.wecom.variants import Limits, Variants
from bot.testing.wecom.world import World


@dataclass(slots=True)
class Received:
    """What a member has in the client; ``updated``: what its card's button says now."""

    userid: str
    agent_id: int
    msgid: str
    body: dict[str, Any]
    at: int
    recalled: bool = False
    updated: Any = None


class Messages:
    """message/…; ``received`` is what arrived, ``dropped`` what a silent limit swallowed."""

    def __init__(
        self, world: World, media: Media, clock: Clock, limits: Limits, variants: Variants
    ) -> None:
        self._world = world
        self._media = media
        self._clock = clock
        self._limits = limits
        self._variants = variants
        self._counters = Counters(clock)
        self._repeated: dict[str, tuple[int, Answer]] = {}
        self._cards: dict[str, tuple[str, int]] = {}
        self.received: list[Received] = []
        self.dropped: list[tuple[str, str]] = []

    def calls(self) -> dict[str, Handler]:
        return {
            "message/send": self._send,
            "message/recall": self._recall,
            "message/update_template_card": self._update,
        }

    def to(self, userid: str) -> list[Received]:
        """What a member received."""
        return [message for message in self.received if message.userid == userid]

    def _send(self, call: Call) -> Answer:
        self._own_app(call)
        app_message(call.body, self._media)
        good, bad = self._recipients(call)
        if repeated := self._duplicate(call):
            return repeated
        msgid = self._world.next("msg")
        now = self._clock.now()
        limits = (self._limits.member_minute, MINUTE), (self._limits.member_hour, HOUR)
        for userid in good:
            if self._counters.room(f"{call.app.agent_id}/{userid}", *limits):
                received = Received(userid, call.app.agent_id, msgid, dict(call.body), now)
                self.received.append(received)
            else:
                self.dropped.append((userid, msgid))
        answer: Answer = {"msgid": msgid}
        answer |= {name: "|".join(ids) for name, ids in bad.items() if ids}
        card = call.body.get("template_card") or {}
        if card.get("card_type") in INTERACTIVE:
            answer["response_code"] = self._world.next("response")
            self._cards[answer["response_code"]] = (msgid, now)
        self._remember(call, answer)
        return answer

    def _own_app(self, call: Call) -> None:
        try:
            agent = int(call.body.get("agentid", -1))
        except (TypeError, ValueError):
            raise Fault(40056, "invalid agentid") from None
        if agent != call.app.agent_id:
            raise Fault(301002, "not allow operate another agent with this accesstoken")

    def _recipients(self, call: Call) -> tuple[list[str], dict[str, list[str]]]:
        users, parties, tags = (
            [one.strip() for one in str(call.body.get(name) or "").split("|") if one.strip()]
            for name in ("touser", "toparty", "totag")
        )
        if not users and not parties and not tags:
            raise Fault(82001, "touser, toparty and totag should not all be empty")
        if len(users) > 1000 or len(parties) > 100 or len(tags) > 100:
            raise Fault(82002, "too many recipients")
        known = {u: s for u, s in self._world.staff.items() if call.app.sees(u) and s.active}
        if users == ["@all"]:
            return list(known), {}
        # Ids are matched whatever their case, and told in lower case.
        folded = {userid.lower(): userid for userid in known}
        good = [folded[user.lower()] for user in users if user.lower() in folded]
        numbers = {str(number) for number in self._world.departments}
        good += [u for u, s in known.items() if set(map(str, s.departments)) & set(parties)]
        bad = {
            "invaliduser": [user.lower() for user in users if user.lower() not in folded],
            "invalidparty": [party for party in parties if party not in numbers],
            "invalidtag": tags,
        }
        if not good:
            raise Fault(81013, "user & party & tag all invalid")
        return list(dict.fromkeys(good)), bad

    def _duplicate(self, call: Call) -> Answer | None:
        if not call.body.get("enable_duplicate_check"):
            return None
        until, answer = self._repeated.get(_same(call), (0, {}))
        return answer if self._clock.now() < until else None

    def _remember(self, call: Call, answer: Answer) -> None:
        if call.body.get("enable_duplicate_check"):
            seconds = min(int(call.body.get("duplicate_check_interval") or 1800), 4 * 3600)
            self._repeated[_same(call)] = (self._clock.now() + seconds * 1000, answer)

    def _recall(self, call: Call) -> Answer:
        msgid = call.text("msgid")
        found = [m for m in self.received if m.msgid == msgid and m.agent_id == call.app.agent_id]
        if not found or self._clock.now() - found[0].at > 24 * HOUR:
            raise Fault(40058, "invalid msgid")
        for message in found:
            message.recalled = True
        return {}

    def _update(self, call: Call) -> Answer:
        self._own_app(call)
        msgid, since = self._cards.pop(call.text("response_code"), ("", 0))
        if not msgid or self._clock.now() - since > self._variants.card_hours * HOUR:
            raise Fault(40058, "invalid response_code")
        everybody = call.body.get("atall") or not call.body.get("userids")
        wanted = [str(user) for user in call.body.get("userids") or []]
        shown = [m for m in self.received if m.msgid == msgid]
        for message in shown:
            if everybody or message.userid in wanted:
                message.updated = call.body.get("template_card") or call.body.get("button")
        known = {message.userid for message in shown}
        return {"invaliduser": [user for user in wanted if user not in known]}


def _same(call: Call) -> str:
    return json.dumps([call.app.agent_id, call.body], sort_keys=True)
