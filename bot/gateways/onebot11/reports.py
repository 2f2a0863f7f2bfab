"""Reports: what the implementation tells of one account, as events with ids of their own."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.gateways.adapter import Inlet
from bot.gateways.frames import digest
from bot.gateways.onebot11.event import event_of
from bot.gateways.onebot11.payload import Payload, payload_of
from bot.model.event import BaseEvent

log = structlog.get_logger(__name__)

SILENCE = 90.0
"""Seconds without a frame after which a WebSocket is held dead, until a heartbeat says better."""
REMEMBERED = 1024
"""How many unnamed payloads of a connection are remembered to tell repetitions apart."""
OFFLINE = "the account is offline at the implementation: log in there"


class Names:
    """Ids for the payloads of one connection that have none: notices.

    A hash of the payload stands in. A callback may be posted again: where it ``repeats``, the
    same payload is the same event. A WebSocket never repeats: the same payload again is another
    event, told apart by its ordinal. A payload without a time of its own gets one of ours, lest
    the same person's next join counts as this one.
    """

    def __init__(self, now: Callable[[], int], *, repeats: bool) -> None:
        self._now = now
        self._repeats = repeats
        self._began = now()
        self._seen: OrderedDict[str, int] = OrderedDict()

    def of(self, payload: Payload, raw: Mapping[str, Any]) -> str:
        """The id of this payload, now; raises FrameError when it is nested too deep."""
        name = f"n:{digest(raw)}"
        if self._repeats:
            return name if payload.time else f"{name}:{self._now() // 60_000}m"
        if not payload.time:
            name = f"{name}:{self._began}"
        ordinal = self._seen.pop(name, 0)
        self._seen[name] = ordinal + 1
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return f"{name}:{ordinal}"


class Reports:
    """Reads reports, and learns from them how the account is.

    ``silence`` follows the heartbeat; ``offline`` is what the implementation says of the
    account; ``self_id`` is used where a report leaves it out; ``ignored`` counts what meant
    nothing to us, by name.
    """

    def __init__(self, inlet: Inlet, ours: Callable[[str], bool]) -> None:
        self.ignored: Counter[str] = Counter()
        self._inlet = inlet
        self._ours = ours
        self.begin(None)

    def begin(self, self_id: str | None) -> None:
        """Forget what an earlier connection told."""
        self.self_id = self_id
        self.offline = False
        self.silence = SILENCE

    def event(self, raw: Mapping[str, Any], names: Names) -> BaseEvent | None:
        """The event a report means, None for nothing to us; raises FrameError."""
        payload = payload_of(raw)
        if payload.self_id is None:
            payload = payload.model_copy(update={"self_id": self.self_id})
        self._learn(payload)
        event = event_of(
            payload,
            gateway=self._inlet.gateway,
            now=self._inlet.clock.now(),
            unnamed=lambda: names.of(payload, raw),
            ours=self._ours,
        )
        if event is None and payload.post_type != "meta_event":
            log.debug("onebot11.ignored", gateway=self._inlet.gateway, name=payload.name)
            if payload.name in self.ignored or len(self.ignored) < 100:
                self.ignored[payload.name] += 1
        return event

    def heard(self) -> None:
        """Tell supervision of traffic: an account that is offline is no connection."""
        if self.offline:
            self._inlet.lost(OFFLINE)
        else:
            self._inlet.alive()

    def skipped(self, error: Exception) -> None:
        """Log a report that could not be used; the error holds none of its content."""
        log.warning("onebot11.skipped", gateway=self._inlet.gateway, reason=str(error)[:200])

    def _learn(self, payload: Payload) -> None:
        if payload.meta_event_type == "heartbeat":
            self.offline = payload.status.online is False
            if payload.interval:
                self.silence = min(300.0, max(15.0, 3 * payload.interval / 1000))
        elif payload.notice_type == "bot_offline":
            self.offline = True
        elif payload.post_type == "message":
            self.offline = False
