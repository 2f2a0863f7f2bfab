"""Messages of the app to members of the company, and to groups the app made.

Facts from developer.work.weixin.qq.com/document/path/90236 (message/send), 90248 (appchat/send)
and 90454: what a member gets above 30 a minute or 1000 an hour is dropped without a word.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from bot.gateways.begun import Begun
from bot.gateways.deadline import within
from bot.gateways.wecom.api import WeComApi, WeComError
from bot.gateways.wecom.errors import StaleMedia, Unreachable, failure
from bot.gateways.wecom.files import source_of
from bot.gateways.wecom.limits import Limits
from bot.gateways.wecom.media import Media
from bot.gateways.wecom.messages import app_body, pieces
from bot.i18n.mark import msgid
from bot.model.delivery import Delivery, Receipt, Retry
from bot.model.message import AnySegment
from bot.model.phrase import Phrase
from bot.store.store import Store

SAME = 4 * 3600
"""Seconds WeCom takes the same words for a repeat: the longest it offers."""
UPLOADING = 20.0
"""Seconds uploads may take before the delivery is put off."""
_NOBODY = msgid("WeCom did not deliver it: outside the app's visible range, left, or no licence")

Body = Mapping[str, Any]
Post = Callable[[Delivery, int, Body], Awaitable[str]]
"""Sends a delivery's piece of a number; WeCom's id of it."""


class StaffMessages:
    """Sends in as many pieces as it takes; a repeat goes on with the first that was not sent."""

    def __init__(
        self, api: WeComApi, media: Media, limits: Limits, store: Store, corp_id: str, agent_id: str
    ) -> None:
        self._api = api
        self._media = media
        self._limits = limits
        self._store = store
        self._agent = agent_id
        self._app = f"{corp_id}/{agent_id}"
        self._begun = Begun()

    async def to_member(self, delivery: Delivery) -> Receipt:
        """Send to one member; raises what an adapter's ``send`` does."""
        return await self._send(delivery, self._to_member)

    async def to_chat(self, delivery: Delivery) -> Receipt:
        """Send to a group the app made; raises what an adapter's ``send`` does."""
        return await self._send(delivery, self._to_chat)

    async def _send(self, delivery: Delivery, post: Post) -> Receipt:
        said = pieces(delivery.message)
        await self._upload(said.pieces)

        async def one(index: int, piece: str | AnySegment) -> str:
            return await self._piece(delivery, index, piece, post)

        return await self._begun.send(
            delivery.id, said.pieces, one, said.degraded, final=(Unreachable,)
        )

    async def _upload(self, said: Iterable[str | AnySegment]) -> None:
        """Have everything uploaded before anything is sent; raises Retry while it is not."""
        sources = [s for one in said if not isinstance(one, str) and (s := source_of(one))]

        async def all_of_them() -> None:
            work = (self._media.id_of(source) for source in sources)
            await asyncio.gather(*work, return_exceptions=True)  # told where it is sent

        try:
            await within(self._store.clock, UPLOADING, all_of_them())
        except TimeoutError:  # it goes on meanwhile
            raise Retry(Phrase("a file is still being uploaded"), after=5.0) from None

    async def _piece(
        self, delivery: Delivery, index: int, piece: str | AnySegment, post: Post
    ) -> str:
        """Send one piece, with a new upload once where WeCom has let go of it."""
        source = None if isinstance(piece, str) else source_of(piece)
        if source is None:
            return await post(delivery, index, app_body(piece, ""))
        try:
            return await post(delivery, index, app_body(piece, await self._media.id_of(source)))
        except StaleMedia:
            await self._media.forget(source)
            return await post(delivery, index, app_body(piece, await self._media.id_of(source)))

    # message/send

    async def _to_member(self, delivery: Delivery, index: int, body: Body) -> str:
        userid = delivery.to.account or ""
        if wait := (await self._limits.members([userid]))[userid]:
            reason = Phrase("WeCom would drop it silently: the limit for this member is reached")
            raise Retry(reason, after=wait)
        whole = {"touser": userid, "agentid": int(self._agent), **body}
        checked = await self._is_own(f"{delivery.id}/{index}", userid, body)
        if checked:
            whole |= {"enable_duplicate_check": 1, "duplicate_check_interval": SAME}
        try:
            answer = await self._api.post("message/send", whole)
        except WeComError as error:
            raise failure(error, delivery.attempt, idempotent=checked) from None
        for refused in ("invaliduser", "unlicenseduser"):
            if userid.lower() in str(answer.get(refused) or "").lower().split("|"):
                raise Unreachable(Phrase(_NOBODY))
        return str(answer.get("msgid", ""))

    async def _is_own(self, piece: str, userid: str, body: Body) -> bool:
        """Whether a repeat would be this piece's own.

        WeCom knows repeats by their words alone, so a second reminder in the same words would be
        swallowed: it goes without the check.
        """
        words = json.dumps(body, sort_keys=True).encode()
        key = self._store.keys.wecom_said(self._app, userid, sha256(words).hexdigest()[:32])
        await self._store.call("SET", key, piece, "NX", "EX", SAME)
        return await self._store.text("GET", key) == piece

    # appchat/send

    async def _to_chat(self, delivery: Delivery, _: int, body: Body) -> str:
        try:
            await self._api.post("appchat/send", {"chatid": delivery.to.group, **body})
        except WeComError as error:
            raise failure(error, delivery.attempt) from None
        return ""
