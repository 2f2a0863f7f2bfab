"""Mass sends: messages to customers and customer groups that a staff member confirms with a tap.

For the adapter: make ``MassSends(api)`` and delegate ``ask``, ``find_ask``, ``asked``, ``remind``
and ``withdraw`` to it. Text and link cards are sent as they
are; a message of other segments needs media ids, which ``attach`` gives for what it can upload.

Facts from developer.work.weixin.qq.com/document/path/92135 (create), 93338 (results), 97610
(remind) and 97611 (cancel): nothing is sent before the member taps; the results of a task that is
being handed out are refused with 41063.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import StaleMedia, WeComError, failure, repeatable
from bot.i18n.mark import msgid
from bot.model.asking import Ask, AskState, NobodyToAsk, Targets, TargetState
from bot.model.delivery import Refused
from bot.model.message import AnySegment, LinkCard, Message
from bot.model.phrase import Phrase

LONGEST = 4000
"""UTF-8 bytes of the text."""
MOST = 9
"""Attachments of one message."""
LINK = MappingProxyType({"title": 128, "desc": 512})
"""UTF-8 bytes of a link's texts."""
LONGEST_URL = 2048
PAGE = 1000
AROUND = 600
"""Seconds before and after an ask in which its task may have been made: clocks differ."""
NOBODY, DISPATCHING, CANCELLED = 41048, 41063, 41093
TAPPED = 2
STATES: Mapping[int, TargetState] = MappingProxyType(
    {0: "waiting", 1: "sent", 2: "gone", 3: "limited"}
)
"""The status of get_groupmsg_send_result."""

Attach = Callable[[AnySegment], Awaitable[dict[str, Any] | None]]
"""A segment as an attachment; None where only words can tell it."""
Forget = Callable[[AnySegment], Awaitable[None]]
"""WeCom has let go of what was uploaded for a segment."""


class MassSends:
    """The mass sends of one app."""

    def __init__(
        self, api: WeComApi, attach: Attach | None = None, forget: Forget | None = None
    ) -> None:
        self._api = api
        self._attach = attach
        self._forget = forget

    async def ask(self, ask: Ask) -> str:
        """Make the task of one sender; its msgid. Raises SendError, or NobodyToAsk."""
        try:
            return await self._make(ask)
        except StaleMedia:
            if self._forget is None:
                raise
            for segment in ask.message.segments:
                await self._forget(segment)
        return await self._make(ask)

    async def _make(self, ask: Ask) -> str:
        body = await self._body(ask)
        try:
            answer = await self._api.post("externalcontact/add_msg_template", body)
        except WeComError as error:
            if error.errcode == NOBODY:
                raise NobodyToAsk(failure(error).reason) from None
            raise failure(error) from None
        return str(answer["msgid"])

    async def find_ask(self, ask: Ask) -> str:
        """The msgid of the one task with this text, sender and targets of that time, or ''."""
        content = (await self._body(ask)).get("text", {}).get("content", "")
        span = {
            "chat_type": _kind(ask),
            "start_time": ask.since // 1000 - AROUND,
            "end_time": ask.since // 1000 + AROUND,
            "filter_type": 0,
        }
        with repeatable():
            path = "externalcontact/get_groupmsg_list_v2"
            rows = await self._api.rows(path, "group_msg_list", span, 100)
            found = [
                str(row["msgid"])
                for row in rows
                if row.get("text", {}).get("content", "") == content
                and await self._is(str(row["msgid"]), ask)
            ]
        return found[0] if len(found) == 1 else ""

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        """How far the member is; raises SendError.

        A target that WeCom never took is not in the results: once the member tapped it is "gone".
        """
        with repeatable():
            try:
                rows = await self._task(platform_id)
            except WeComError as error:
                if error.errcode in (DISPATCHING, CANCELLED):
                    return ("preparing" if error.errcode == DISPATCHING else "cancelled"), {}
                raise
            if not any(row.get("status") == TAPPED for row in rows):
                return "waiting", {}
            found = await self._results(platform_id, ask)
        return "done", {target: found.get(target, ("gone", 0)) for target in ask.targets}

    async def remind(self, platform_id: str) -> None:
        """Remind the member; raises SendError, Refused from the fourth time in a day on."""
        with repeatable():
            await self._api.post("externalcontact/remind_groupmsg_send", {"msgid": platform_id})

    async def withdraw(self, platform_id: str) -> None:
        """Cancel the task; raises SendError."""
        with repeatable():
            try:
                await self._api.post("externalcontact/cancel_groupmsg_send", {"msgid": platform_id})
            except WeComError as error:
                if error.errcode != CANCELLED:
                    raise

    # inside

    async def _is(self, platform_id: str, ask: Ask) -> bool:
        """Whether a task is this ask's: its sender's alone, and for nobody but its targets."""
        if {row.get("userid") for row in await self._task(platform_id)} != {ask.staff}:
            return False
        found = await self._results(platform_id, ask)
        return bool(found) and found.keys() <= set(ask.targets)

    async def _task(self, platform_id: str) -> Sequence[Mapping[str, Any]]:
        path, body = "externalcontact/get_groupmsg_task", {"msgid": platform_id}
        return await self._api.rows(path, "task_list", body, PAGE)

    async def _results(self, platform_id: str, ask: Ask) -> dict[str, tuple[TargetState, int]]:
        path = "externalcontact/get_groupmsg_send_result"
        body = {"msgid": platform_id, "userid": ask.staff}
        rows = await self._api.rows(path, "send_list", body, PAGE)
        key = "external_userid" if ask.kind == "direct" else "chat_id"
        return {str(row.get(key, "")): _state(row) for row in rows}

    async def _body(self, ask: Ask) -> dict[str, Any]:
        words, attachments = await self._content(ask.message)
        if len(words.encode()) > LONGEST:
            said = msgid("The text is too long: {most} bytes are allowed.")
            raise Refused(Phrase(said, most=LONGEST))
        targets = "external_userid" if ask.kind == "direct" else "chat_id_list"
        body: dict[str, Any] = {
            "chat_type": _kind(ask),
            targets: list(ask.targets),
            "sender": ask.staff,
        }
        if words:
            body["text"] = {"content": words}
        if attachments:
            body["attachments"] = attachments
        return body

    async def _content(self, message: Message) -> tuple[str, list[dict[str, Any]]]:
        """The words, and what is attached; what cannot be is told in the words."""
        words, attachments = "", list[dict[str, Any]]()
        for segment in message.segments:
            one = _link(segment) if isinstance(segment, LinkCard) else None
            if one is None and self._attach is not None and segment.kind not in ("text", "mention"):
                one = await self._attach(segment)
            if one is not None and len(attachments) < MOST:
                attachments.append(one)
            else:
                words += Message(segments=(segment,)).summary
        return words.strip(), attachments


def _kind(ask: Ask) -> str:
    return "single" if ask.kind == "direct" else "group"


def _link(card: LinkCard) -> dict[str, Any] | None:
    if len(card.url.encode()) > LONGEST_URL:
        return None
    link = {
        "title": _cut(card.title, LINK["title"]),
        "desc": _cut(card.description, LINK["desc"]),
        "url": card.url,
    }
    if card.image and card.image.startswith(("http://", "https://")):
        link["picurl"] = card.image
    return {"msgtype": "link", "link": {name: value for name, value in link.items() if value}}


def _cut(text: str, most: int) -> str:
    """At most so many UTF-8 bytes, and no half of a character."""
    return text.encode()[:most].decode(errors="ignore")


def _state(row: Mapping[str, Any]) -> tuple[TargetState, int]:
    return STATES.get(int(row.get("status", 0)), "failed"), int(row.get("send_time") or 0) * 1000
