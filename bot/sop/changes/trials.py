"""Trials: a SOP's messages sent to whoever is writing it, and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message, Text
from bot.sop.foresight.preview import Preview
from bot.sop.sops import Sops
from bot.sop.templates.template import Template
from bot.store.audit import Change, audit
from bot.store.effects import Effects


class Trials:
    """Sends what a template says as notices; no result, cap or link counts them."""

    def __init__(self, sops: Sops, preview: Preview) -> None:
        self._store = sops.means.store
        self._preview = preview

    async def send(
        self,
        template: Template,
        parameters: Mapping[str, object],
        to: Conversation,
        by: str,
        mark: str,
        *,
        member: int = 0,
        group: int = 0,
        language: str | None = None,
    ) -> int:
        """Send every step's text at once, each behind ``mark``; how many.

        They read as they would for ``member`` or ``group``. Raises Problems for wrong parameters
        and TemplateFailed for a text that cannot be written.
        """
        messages = await self._preview.template(
            template, parameters, group=group, member=member, language=language
        )
        now, effects = self._store.clock.now(), Effects(self._store.keys)
        for step, message in messages.items():
            head = Text(text=f"{mark} · {step}\n")
            marked = Message(segments=(head, *message.segments))
            effects.deliver(
                Delivery(to=to, message=marked, priority="notice", due=now, source=f"test by {by}")
            )
        audit(effects, Change(at=now, who=by, what="sop.tested", on=to.key))
        await self._store.apply(effects)
        return len(messages)
