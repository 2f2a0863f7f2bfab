"""Ways in: WeCom's codes for adding staff (联系我) and for entering customer groups (群活码).

Facts from developer.work.weixin.qq.com/document/path/92228 and 92572 (contact ways), 92229 (join
ways) and 90196 (staff): an update replaces everything, join ways cannot be listed, and what a
join way's ``state`` says stands in a group's roster alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.gateways.wecom.api import WeComApi, WeComError
from bot.gateways.wecom.errors import failure, repeatable
from bot.model.conversation import Account
from bot.model.live_code import LiveCode, LiveCodeGone, LiveCodeKind, LiveCodeLook

CODES: Mapping[str, Any] = MappingProxyType(
    {"live_codes": frozenset({"contact", "group"}), "live_staff": 100, "live_groups": 5}
)
"""What the capabilities of a gateway with these codes say."""
NO_CODE, NO_GROUP = 41044, 40050
UNSEEN = frozenset({40003, 60011, 60111, 46004})
"""Nobody of this id is there, or nobody this app may see."""
ACTIVE = 1
SEVERAL, PICTURE = 2, 2
"""A type that may lead to one person too, so that it never needs to change; and a QR code."""
AROUND = 600
"""Seconds before a call in which its code may have been made: clocks differ."""
REMARK, NAME = 30, 40
"""UTF-8 bytes of a remark and of a new group's name; the first may be meant in characters."""


class Ways:
    """The codes of one app; ``group_size``: members from which a group takes nobody by a code."""

    def __init__(self, api: WeComApi, group_size: int) -> None:
        self._api = api
        self._group_size = group_size

    # staff

    async def staff(self) -> list[Account]:
        """The staff who can have customers and whom this app sees."""
        return [Account(id=one) for one in await self._followed()]

    async def idle(self, staff: Collection[str]) -> frozenset[str]:
        """Those who may have no customers, or have not activated WeCom, or left."""
        followed = set(await self._followed())
        return frozenset([s for s in staff if s not in followed or not await self._active(s)])

    async def _followed(self) -> list[str]:
        with repeatable():
            answer = await self._api.get("externalcontact/get_follow_user_list")
        return [str(one) for one in answer.get("follow_user") or ()]

    async def _active(self, staff: str) -> bool:
        try:
            answer = await self._api.get("user/get", userid=staff)
        except WeComError as error:
            if error.errcode in UNSEEN:
                return False
            raise failure(error, idempotent=True) from None
        return bool(answer.get("status") == ACTIVE)

    # codes

    async def make(self, code: LiveCode, staff: Sequence[str]) -> tuple[str, str]:
        """A new code: its config_id, and the address of its picture where WeCom tells it."""
        path = _path(code.kind, "add")
        try:
            answer = await self._api.post(path, _body(code, staff))
        except WeComError as error:
            raise failure(error) from None
        return str(answer["config_id"]), str(answer.get("qr_code") or "")

    async def find(self, code: LiveCode, since: int) -> str:
        """The config_id of a contact way made since then with this channel and our id."""
        if code.kind == "group":
            return ""
        for ident in await self._listed(since // 1000 - AROUND):
            way = await self._way(ident, "contact")
            if way and way.get("state") == code.brings and _ours(way) == code.id:
                return ident
        return ""

    async def change(self, ident: str, code: LiveCode, staff: Sequence[str]) -> None:
        """Put all of it in the place of what was."""
        body = {"config_id": ident, **_body(code, staff)}
        try:
            await self._api.post(_path(code.kind, "update"), body)
        except WeComError as error:
            reason = failure(error, idempotent=True)
            if error.errcode == NO_CODE:
                raise LiveCodeGone(reason.reason) from None
            raise reason from None

    async def look(self, ident: str, kind: LiveCodeKind) -> LiveCodeLook | None:
        """A code as it is, and which of its groups take nobody; None when there is none."""
        way = await self._way(ident, kind)
        if way is None:
            return None
        groups = tuple(map(str, way.get("chat_id_list") or ()))
        sizes = {chat: await self._size(chat) for chat in groups}
        return LiveCodeLook(
            image=str(way.get("qr_code") or ""),
            staff=tuple(map(str, way.get("user") or ())),
            groups=groups,
            full=frozenset(c for c, size in sizes.items() if size and size >= self._group_size),
            gone=frozenset(c for c, size in sizes.items() if size is None),
        )

    async def end(self, ident: str, kind: LiveCodeKind) -> None:
        """Delete it; who scans it then is told that it is no more."""
        try:
            await self._api.post(_path(kind, "del"), {"config_id": ident})
        except WeComError as error:
            if error.errcode != NO_CODE:
                raise failure(error, idempotent=True) from None

    async def _listed(self, since: int) -> list[str]:
        body, path = {"start_time": since}, _path("contact", "list")
        with repeatable():
            rows = await self._api.rows(path, "contact_way", body, 1000)
        return [str(row["config_id"]) for row in rows]

    async def _way(self, ident: str, kind: LiveCodeKind) -> dict[str, Any] | None:
        try:
            answer = await self._api.post(_path(kind, "get"), {"config_id": ident})
        except WeComError as error:
            if error.errcode == NO_CODE:
                return None
            raise failure(error, idempotent=True) from None
        return dict(answer["contact_way" if kind == "contact" else "join_way"])

    async def _size(self, chat: str) -> int | None:
        """How many are in a group; None when it ended."""
        path = "externalcontact/groupchat/get"
        try:
            answer = await self._api.post(path, {"chat_id": chat, "need_name": 0})
        except WeComError as error:
            if error.errcode == NO_GROUP:
                return None
            raise failure(error, idempotent=True) from None
        return len(answer["group_chat"].get("member_list") or ())


def _path(kind: LiveCodeKind, what: str) -> str:
    if kind == "contact":
        return f"externalcontact/{what}_contact_way"
    return f"externalcontact/groupchat/{what}_join_way"


def _body(code: LiveCode, staff: Sequence[str]) -> dict[str, Any]:
    """Everything of a code, for an update leaves nothing as it was."""
    about = {
        "scene": PICTURE,
        "remark": _cut(f"{code.id} {code.remark}".strip(), REMARK),
        "state": code.brings,
    }
    if code.kind == "contact":
        return {**about, "type": SEVERAL, "skip_verify": not code.confirm, "user": [*staff]}
    return {
        **about,
        "auto_create_room": int(code.new_group),
        "room_base_name": _cut(code.base_name, NAME),
        "room_base_id": code.base_number,
        "chat_id_list": [*code.groups],
    }


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def _ours(way: dict[str, Any]) -> str:
    """The id of the live code that a way is, as its remark begins."""
    return str(way.get("remark") or "").partition(" ")[0]
