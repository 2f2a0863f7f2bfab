"""Welcomes: one message to a new customer, within 20 seconds and without anybody's tap.

Facts from developer.work.weixin.qq.com/document/path/92137: the code in the callback of a new
contact holds for 20 s and one use; with it goes a text and at most nine attachments.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from typing import Any

from bot.gateways.deadline import within
from bot.gateways.wecom.api import WeComApi, WeComError
from bot.gateways.wecom.errors import AlreadyDone, StaleMedia, failure
from bot.gateways.wecom.files import Source, source_of
from bot.gateways.wecom.media import Media
from bot.gateways.wecom.messages import Letter, letter, letter_body
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.delivery import Delivery, InDoubt, Receipt, Refused, Retry, SendError
from bot.model.message import AnySegment
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.line import StoreError
from bot.store.store import Store

WINDOW = 20_000
"""Milliseconds a code holds."""
MARGIN = 2_000
"""Milliseconds WeCom's clock may be behind ours: till then we ask WeCom."""
KEPT = 600
"""Seconds a code is remembered, to say why it cannot be used."""

NO_CODE = msgid(
    "WeCom gave no welcome code: a welcome text set in WeCom's admin pages covers this staff "
    "member, or they were in contact before"
)
USED = msgid("the one welcome WeCom allows was used already")
LATE = msgid("the 20 seconds for a welcome were over")


@dataclass(frozen=True, slots=True)
class Code:
    """A welcome code: for which delivery, till when (UTC ms), and whether it may be used up."""

    until: int
    delivery: str = ""
    doubted: bool = False


class Codes:
    """The welcome codes of new customers, kept for whichever node sends."""

    def __init__(self, gateway: str, store: Store) -> None:
        self._gateway = gateway
        self._store = store

    async def keep(self, account: str, code: str, at: int) -> None:
        """Keep a code issued at ``at`` (UTC ms); one that is kept already stays as it is."""
        effects, key = Effects(self._store.keys), self._key(account)
        effects.do("HSETNX", key, code, _written(Code(at + WINDOW)))
        effects.do("EXPIRE", key, KEPT)
        await self._store.apply(effects)

    async def claim(self, account: str, delivery: str) -> tuple[str, Code]:
        """A code for this delivery alone, the same one when it is tried again; raises Refused."""
        rows = await self._store.table("HGETALL", self._key(account))
        found = [(word, Code(*json.loads(text))) for word, text in rows.items()]
        found.sort(key=lambda one: (one[1].delivery != delivery, one[1].until))
        now, why = self._store.clock.now(), NO_CODE
        for word, code in found:
            if code.delivery not in ("", delivery):
                why = USED
            elif now >= code.until + MARGIN:
                why = LATE
            else:
                claimed = replace(code, delivery=delivery)
                if claimed == code or await self._change(account, word, code, claimed):
                    return word, claimed
                why = USED
        raise Refused(Phrase(why))

    async def doubt(self, account: str, word: str, code: Code) -> None:
        """Nobody knows whether the code was used."""
        with suppress(StoreError):
            await self._change(account, word, code, replace(code, doubted=True))

    async def _change(self, account: str, word: str, before: Code, after: Code) -> bool:
        effects, key = Effects(self._store.keys), self._key(account)
        effects.guard(_written(before), "HGET", key, word)
        effects.do("HSET", key, word, _written(after))
        return await self._store.apply(effects)

    def _key(self, account: str) -> str:
        return self._store.keys.wecom_welcome(self._gateway, account)


class Welcomes:
    """Sends welcomes; what cannot be fetched in half of the time left goes without it."""

    def __init__(self, api: WeComApi, media: Media, codes: Codes, store: Store) -> None:
        self._api = api
        self._media = media
        self._codes = codes
        self._clock = store.clock

    async def send(self, delivery: Delivery, can: Capabilities) -> Receipt:
        """Send a welcome; raises Refused with a reason where there is no code or no time left."""
        assert delivery.to.account is not None
        word, code = await self._codes.claim(delivery.to.account, delivery.id)
        said = letter(delivery.message, can)
        try:
            degraded = await self._send(word, code, said)
        except WeComError as error:
            if error.sent:
                await self._codes.doubt(delivery.to.account, word, code)
            told = failure(error, delivery.attempt, idempotent=True)
            if isinstance(told, AlreadyDone) and code.doubted:
                return Receipt(degraded=said.degraded)  # our first try did it
            raise self._in_time(told, code, sent=error.sent or code.doubted) from None
        return Receipt(degraded=degraded)

    def _in_time(self, told: SendError, code: Code, *, sent: bool) -> SendError:
        """What to raise: nothing is tried again when the code has ended by then."""
        if not isinstance(told, Retry) or self._clock.now() + told.after * 1000 < code.until:
            return told
        if sent:
            return InDoubt(told.reason)
        reason = Phrase("{why} Then the 20 seconds were over.", why=Phrase.of(told.reason))
        return Refused(reason)

    async def _send(self, word: str, code: Code, said: Letter) -> tuple[str, ...]:
        """Send it, with new uploads once where WeCom has let go of one; what degraded."""
        for again in (True, False):
            body, lost = await self._body(said, code)
            try:
                await self._api.post(
                    "externalcontact/send_welcome_msg", {"welcome_code": word, **body}
                )
            except WeComError as error:
                if not (again and isinstance(failure(error), StaleMedia)):
                    raise
                for source in _sources(said.attachments):
                    await self._media.forget(source)
            else:
                return (*said.degraded, *lost)
        raise AssertionError("unreachable")

    async def _body(self, said: Letter, code: Code) -> tuple[dict[str, Any], list[str]]:
        """The body, without what cannot be had in time, and what that is; raises Refused."""
        seconds = max(0, code.until - self._clock.now()) / 2000
        ids: dict[AnySegment, str] = {}
        lost: list[str] = []

        async def bring(segment: AnySegment, source: Source) -> None:
            try:
                ids[segment] = await within(self._clock, seconds, self._media.id_of(source))
            except TimeoutError:
                lost.append(Phrase("{name} left out: it took too long", name=source.name))
            except SendError as error:
                why = Phrase.of(error.reason)
                lost.append(Phrase("{name} left out: {why}", name=source.name, why=why))

        uploads = {one: source for one in said.attachments if (source := source_of(one))}
        await asyncio.gather(*(bring(one, source) for one, source in uploads.items()))
        there = [one for one in said.attachments if one not in uploads or one in ids]
        body = letter_body(said.text, there, ids)
        if not body:
            raise Refused(lost[0] if lost else Phrase("nothing of the message can be shown"))
        return body, lost


def _sources(segments: Iterable[AnySegment]) -> list[Source]:
    return [source for one in segments if (source := source_of(one))]


def _written(code: Code) -> str:
    return json.dumps(astuple(code), separators=(",", ":"))
