"""Posting callbacks to an app's URL, well or badly (document 90238)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Literal
from xml.sax.saxutils import escape

import aiohttp

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.testing.wecom.sealing import Seal, Seals
from bot.testing.wecom.variants import Variants

PATIENCE = 5.0
Wrong = Literal[
    "duplicate", "lost", "unanswered", "out_of_order", "signature", "receive_id", "timestamp"
]
"""What may go wrong with one callback. "unanswered": our answer is lost, so it comes again."""


@dataclass(slots=True)
class Posted:
    """One callback and the HTTP status of every try; 0 where none came within 5 s."""

    fields: dict[str, Any]
    statuses: list[int] = field(default_factory=list)


class Callbacks:
    """What waits to be posted, in the order it happened; ``flush`` posts it.

    ``seal`` makes what encrypts for a receive id. ``wrong`` maps how manyeth callback from now
    on, counted from 0, to what goes wrong with it.
    """

    def __init__(self, corp_id: str, clock: Clock, random: Random, variants: Variants) -> None:
        self._corp_id = corp_id
        self._clock = clock
        self._random = random
        self._variants = variants
        self._numbers = count()
        self._session: aiohttp.ClientSession | None = None
        self._seal: Callable[[str], Seals] | None = None
        self._url = ""
        self.waiting: list[dict[str, Any]] = []
        self.posted: list[Posted] = []
        self.wrong: dict[int, Wrong] = {}

    def to(
        self,
        url: str,
        token: str,
        aes_key: str,
        seal: Callable[[str], Seals] | None = None,
    ) -> None:
        """Where callbacks go, and with which token and key."""
        self._url = url
        self._seal = seal or (lambda receive: Seal(token, aes_key, receive, self._random))

    def emit(self, fields: dict[str, Any]) -> None:
        """Something happened; it waits for ``flush``."""
        head = {
            "ToUserName": self._corp_id,
            "FromUserName": "sys",
            "CreateTime": self._clock.now() // 1000,
            "MsgType": "event",
        }
        self.waiting.append(head | fields)

    def fail(self, wrong: Wrong, after: int = 0) -> None:
        """Let something go wrong with the next callback, or one ``after`` so many."""
        self.wrong[after] = wrong

    async def flush(self, at_once: bool = False) -> list[Posted]:
        """Post all that waits, one after the other or all at once; what became of each."""
        events, self.waiting = self._ordered(), []
        wrong, self.wrong = self.wrong, {}
        work = [self._deliver(event, wrong.get(number)) for number, event in events]
        if at_once:
            posted = await asyncio.gather(*work)
        else:
            posted = [await one for one in work]
        self.posted += posted
        return list(posted)

    async def verify(self, echo: str = "1616140317555161061") -> bool:
        """Ask the URL to prove that it has the key, as when an administrator saves it."""
        timestamp, nonce = self._moment()
        sealed, signature = self._sealer().encrypt(echo.encode(), timestamp, nonce)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        async with self._client().get(self._url, params=query | {"echostr": sealed}) as response:
            return response.status == 200 and await response.read() == echo.encode()

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _ordered(self) -> list[tuple[int, dict[str, Any]]]:
        """What waits, numbered; one that is out of order comes after the next."""
        events = list(enumerate(self.waiting))
        for number, wrong in self.wrong.items():
            if wrong == "out_of_order" and number + 1 < len(events):
                events[number], events[number + 1] = events[number + 1], events[number]
        return events

    async def _deliver(self, fields: dict[str, Any], wrong: Wrong | None) -> Posted:
        posted = Posted(fields)
        if wrong == "lost":
            return posted
        for number in range(self._variants.tries):
            if number and self._variants.retry_after:
                await self._clock.sleep(self._variants.retry_after)
            posted.statuses.append(await self._post(fields, wrong))
            if posted.statuses[-1] == 200 and wrong != "unanswered":
                break
        if wrong == "duplicate":
            posted.statuses.append(await self._post(fields, None))
        return posted

    async def _post(self, fields: dict[str, Any], wrong: Wrong | None) -> int:
        timestamp, nonce = self._moment()
        if wrong == "timestamp":
            timestamp = str(int(timestamp) - 86_400)
        receive = "ww-somebody-else" if wrong == "receive_id" else self._corp_id
        message = xml(fields, self._variants.member_list).encode()
        sealed, signature = self._sealer(receive).encrypt(message, timestamp, nonce)
        if wrong == "signature":
            signature = signature[::-1]
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        body = (
            f"<xml><ToUserName><![CDATA[{self._corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{fields.get('AgentID', '')}]]></AgentID>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        try:
            return await within(self._clock, PATIENCE, self._ask(query, body.encode()))
        except (TimeoutError, aiohttp.ClientError):
            return 0

    async def _ask(self, query: dict[str, str], body: bytes) -> int:
        headers = {"Content-Type": "text/xml"}
        client = self._client()
        async with client.post(self._url, params=query, data=body, headers=headers) as response:
            await response.read()
            return response.status

    def _sealer(self, receive_id: str | None = None) -> Seals:
        if self._seal is None:
            raise ValueError("call to(url, token, aes_key) first")
        return self._seal(self._corp_id if receive_id is None else receive_id)

    def _moment(self) -> tuple[str, str]:
        return str(
            self._clock.now() // 1000
        ), f"{self._random.getrandbits(32)}{next(self._numbers)}"

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


def xml(fields: dict[str, Any], lists: str = "items") -> str:
    """A message's XML; ``lists`` as ``Variants.member_list``."""
    return f"<xml>{''.join(_element(name, value, lists) for name, value in fields.items())}</xml>"


def _element(name: str, value: Any, lists: str) -> str:
    match value:
        case list() if lists == "absent":
            return ""
        case list() if lists == "items":
            value = "".join(f"<Item>{escape(str(item))}</Item>" for item in value)
            return f"<{name}>{value}</{name}>"
        case list():
            return f"<{name}><![CDATA[{','.join(map(str, value))}]]></{name}>"
        case dict():
            inner = "".join(_element(key, one, lists) for key, one in value.items())
            return f"<{name}>{inner}</{name}>"
        case int():
            return f"<{name}>{value}</{name}>"
    safe = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"
