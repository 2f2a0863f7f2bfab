"""Welcome media: what welcomes show is brought to the platform before anybody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from bot.clock import Clock
from bot.gateways.adapter import Adapter
from bot.model.delivery import Retry, SendError
from bot.model.message import AnySegment, Mention, Text
from bot.routing.template import TemplateFailed
from bot.routing.writer import Writer
from bot.sop.foresight.greetings import Greetings
from bot.welcome.choosing import Listed
from bot.welcome.scripts import Scripts

log = structlog.get_logger(__name__)

EVERY = 240_000
"""Ms after which adapters are asked again: what was there may have changed, or end soon."""
AGAIN = 60_000
"""Ms after which what may go better is tried again."""


class WelcomeMedia:
    """Has every connected gateway with a welcome window prepare what scripts and SOPs show.

    At the start, when a SOP changes, and every few minutes. Pictures that only one member gets,
    and those of handlers, nobody knows beforehand.
    """

    def __init__(
        self,
        scripts: Scripts,
        writer: Writer,
        workspace: Mapping[str, Any],
        greetings: Greetings,
        adapters: Callable[[], Mapping[str, Adapter]],
        clock: Clock,
    ) -> None:
        self._scripts = scripts
        self._writer = writer.rehearsal()
        self._workspace = workspace
        self._greetings = greetings
        self._adapters = adapters
        self._clock = clock
        self._state: Mapping[str, str] | None = None
        self._ready: dict[str, tuple[Adapter, int]] = {}
        """By gateway: which adapter is ready, and till when (UTC ms)."""

    async def tick(self) -> None:
        """Prepare what is due; called every second on every node."""
        adapters = {
            name: one
            for name, one in self._adapters().items()
            if one.capabilities.welcome_window is not None
        }
        if not adapters:
            return
        scripts = await self._scripts.all()
        state = {**await self._greetings.state(), "": await self._scripts.version()}
        if state != self._state:
            self._state = state
            self._ready.clear()
        now = self._clock.now()
        due = {name: one for name, one in adapters.items() if not self._is_ready(name, one, now)}
        if due:
            segments = _media({*await self._shown(scripts), *await self._greetings.segments()})
            for name, adapter in due.items():
                wait = await self._prepare(name, adapter, segments)
                self._ready[name] = (adapter, now + wait)

    def _is_ready(self, gateway: str, adapter: Adapter, now: int) -> bool:
        known, until = self._ready.get(gateway, (None, 0))
        return known is adapter and now < until

    async def _prepare(self, gateway: str, adapter: Adapter, segments: Sequence[AnySegment]) -> int:
        """Ms until the next time; one that fails keeps no other from it."""
        wait = EVERY
        for segment in segments:
            try:
                await adapter.prepare([segment])
            except SendError as error:
                wait = AGAIN if isinstance(error, Retry) else wait
                log.warning("welcome.not_prepared", gateway=gateway, reason=str(error.reason))
            except Exception:  # supervision boundary: an adapter may be anybody's
                log.exception("welcome.adapter_failed", gateway=gateway)
        return wait

    async def _shown(self, scripts: Sequence[Listed]) -> set[AnySegment]:
        """What scripts show, in whatever layer and variant."""
        own = [one.script for one in scripts if one.script.enabled and not one.script.silent]
        messages = [message for script in own for message in script.said()]
        found = set[AnySegment]()
        for text in {text for message in messages for text, _ in message.texts.values()}:
            try:
                found |= {*(await self._writer.write(text, self._variables())).segments}
            except TemplateFailed:
                continue  # told where somebody is greeted
        return found

    def _variables(self) -> dict[str, Any]:
        reader, group = {"name": "", "account": ""}, {"name": "", "id": ""}
        known = {"member": reader, "members": [reader], "count": 1, "group": group, "gateway": ""}
        return {**self._workspace, **known}


def _media(segments: Iterable[AnySegment]) -> list[AnySegment]:
    """What is more than words, in an order that stays."""
    found = (one for one in segments if not isinstance(one, Text | Mention))
    return sorted(found, key=lambda one: one.model_dump_json())
