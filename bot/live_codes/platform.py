"""The platform's side of live codes: what is asked of it, and what is known after its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.gateways.adapter import Adapter
from bot.gateways.answer import answer_of
from bot.i18n.mark import msgid
from bot.live_codes.standing import Book, Standing, digest
from bot.model.delivery import Misconfigured, Refused, Retry
from bot.model.live_code import LiveCode
from bot.model.phrase import Phrase

PATIENCE = 45.0
"""Seconds an adapter may take for one answer."""
AWAY = msgid("This node is not connected with the gateway: try again when it is.")


class Platform:
    """Asks adapters; whoever calls holds the code's lease, and keeps what is returned."""

    def __init__(
        self, book: Book, adapters: Callable[[], Mapping[str, Adapter]], now: Callable[[], int]
    ) -> None:
        """``adapters``: those this node is connected with."""
        self._book = book
        self._adapters = adapters
        self._now = now

    def has(self, gateway: str) -> bool:
        """Whether this node can ask a gateway about its codes."""
        adapter = self._adapters().get(gateway)
        return adapter is not None and bool(adapter.capabilities.live_codes)

    async def staff(self, gateway: str) -> list[str]:
        """Who codes can lead to; raises SendError."""
        return [one.id for one in await answer_of(self._adapter(gateway).staff(), PATIENCE)]

    async def bring(self, code: LiveCode, standing: Standing, staff: Sequence[str]) -> Standing:
        """Make it there, or change it; raises SendError, LiveCodeGone when it is gone there.

        It is noted before it is asked: what then gets no answer is looked for before it is made
        again, and told again before it is relied on.
        """
        if not standing.platform_id and standing.making:
            finding = self._adapter(code.gateway).find_live_code(code, standing.making)
            found = await answer_of(finding, PATIENCE)
            standing = standing.model_copy(update={"platform_id": found})
        if standing.platform_id and not standing.lost:
            return await self._change(code, standing, staff)
        return await self._make(code, standing, staff)

    async def _change(self, code: LiveCode, standing: Standing, staff: Sequence[str]) -> Standing:
        noted = standing.model_copy(update={"told": ""})
        await self._book.note(code, noted)
        adapter = self._adapter(code.gateway)
        await answer_of(adapter.change_live_code(standing.platform_id, code, staff), PATIENCE)
        return noted.model_copy(update=_told(code, staff))

    async def _make(self, code: LiveCode, standing: Standing, staff: Sequence[str]) -> Standing:
        noted = Standing(making=standing.making or self._now(), idle=standing.idle)
        await self._book.note(code, noted)
        adapter = self._adapter(code.gateway)
        try:
            ident, image = await answer_of(adapter.make_live_code(code, staff), PATIENCE)
        except (Retry, Refused, Misconfigured):
            await self._book.note(code, standing)
            raise
        return noted.model_copy(update={**_told(code, staff), "platform_id": ident, "image": image})

    async def look(self, code: LiveCode, standing: Standing) -> Standing:
        """See how it is there, and which of its staff are idle; raises SendError."""
        adapter, update = self._adapter(code.gateway), dict[str, object]()
        if code.kind == "contact":
            update |= {"idle": await answer_of(adapter.idle(code.everybody), PATIENCE)}
        if not standing.platform_id:
            return standing.model_copy(update=update)
        seen = await answer_of(adapter.live_code(standing.platform_id, code.kind), PATIENCE)
        update |= {"checked": self._now(), "lost": seen is None}
        if seen is not None:
            update |= {"groups": seen.groups, "full": seen.full, "gone": seen.gone}
            update |= {"image": seen.image or standing.image}
            if set(seen.staff) != set(standing.staff):  # somebody else changed it
                update |= {"told": ""}
        return standing.model_copy(update=update)

    async def end(self, code: LiveCode, standing: Standing) -> None:
        """Take it away there; raises SendError."""
        if standing.platform_id and not standing.lost:
            adapter = self._adapter(code.gateway)
            await answer_of(adapter.end_live_code(standing.platform_id, code.kind), PATIENCE)

    def _adapter(self, gateway: str) -> Adapter:
        adapter = self._adapters().get(gateway)
        if adapter is None:
            raise Retry(Phrase(AWAY))
        return adapter


def _told(code: LiveCode, staff: Sequence[str]) -> dict[str, object]:
    return {
        "told": digest(code, staff),
        "staff": tuple(staff),
        "making": 0,
        "lost": False,
        "problem": Phrase(""),
        "again": 0,
    }
