"""Live codes: contact ways and group join ways (document 92229)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.variants import Limits
from bot.testing.wecom.world import World


@dataclass(slots=True)
class ContactWay:
    config_id: str
    fields: dict[str, Any]
    scans: int = 0


@dataclass(slots=True)
class JoinWay:
    config_id: str
    fields: dict[str, Any]
    rooms: int = 0


_CONTACT = (
    *("type", "scene", "style", "remark", "skip_verify", "state", "user", "party", "is_temp"),
    *("expires_in", "chat_expires_in", "unionid", "is_exclusive", "mark_source", "conclusions"),
)
_JOIN = (
    *("scene", "remark", "auto_create_room", "room_base_name", "room_base_id", "chat_id_list"),
    *("state", "mark_source"),
)


class Ways:
    """externalcontact/…_contact_way and groupchat/…_join_way, and people who scan them."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self.contact: dict[str, ContactWay] = {}
        self.join: dict[str, JoinWay] = {}

    def calls(self) -> dict[str, Handler]:
        one, many = "externalcontact/{}_contact_way", "externalcontact/groupchat/{}_join_way"
        return {
            one.format("add"): self._add,
            one.format("get"): self._get,
            one.format("list"): self._list,
            one.format("update"): self._update,
            one.format("del"): self._delete,
            many.format("add"): self._add_join,
            many.format("get"): self._get_join,
            many.format("update"): self._update_join,
            many.format("del"): self._delete_join,
        }

    # people

    def scan(self, config_id: str, external_userid: str, half: bool = False) -> str:
        """A customer scans a contact way: one of its staff is added; the welcome code."""
        way = self.contact[config_id]
        users = way.fields["user"]
        userid = users[way.scans % len(users)]
        way.scans += 1
        state = str(way.fields.get("state") or "")
        return self._world.add(userid, external_userid, state=state, add_way=1, half=half)

    def scan_group(self, config_id: str, external_userid: str) -> str:
        """A customer scans a join way: the group entered, '' when all of them are full."""
        way = self.join[config_id]
        state = str(way.fields.get("state") or "")
        for chat_id in way.fields["chat_id_list"]:
            group = self._world.groups.get(chat_id)
            if group and len(group.members) < self._limits.group_size:
                self._world.join(chat_id, external_userid, state=state)
                return str(chat_id)
        known = [c for c in way.fields["chat_id_list"] if c in self._world.groups]
        if not way.fields["auto_create_room"] or not known:
            return ""
        number = int(way.fields.get("room_base_id") or 1) + way.rooms
        way.rooms += 1
        owner = self._world.groups[known[0]].owner
        name = f"{way.fields.get('room_base_name') or ''}{number}"
        chat_id = self._world.create_group(owner, name).chat_id
        # At most five stay named by the code; the oldest makes way.
        way.fields["chat_id_list"] = [*way.fields["chat_id_list"], chat_id][-5:]
        self._world.join(chat_id, external_userid, state=state)
        return chat_id

    # contact ways

    def _add(self, call: Call) -> Answer:
        if call.body.get("type") not in (1, 2):
            raise Fault(41037, "type is missing")
        fields = self._contact_fields(call, dict(call.body))
        if fields["is_temp"] is False and len(self.contact) + len(self.join) >= 500_000:
            raise Fault(41045, "contact way number over limit")
        ident = self._world.next("way")
        self.contact[ident] = ContactWay(ident, fields)
        answer = {"config_id": ident}
        return answer | {"qr_code": _qr(ident)} if fields.get("scene") == 2 else answer

    def _contact_fields(self, call: Call, body: dict[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {"skip_verify": True, "is_temp": False, "user": [], "party": []}
        fields |= {name: body[name] for name in _CONTACT if body.get(name) is not None}
        if fields.get("scene") not in (1, 2):
            raise Fault(40058, "scene should be 1 or 2")
        if len(str(fields.get("state", ""))) > 30 or len(str(fields.get("remark", ""))) > 30:
            raise Fault(40058, "state or remark over 30")
        users = fields["user"]
        if fields["type"] == 1 and len(users) != 1:
            raise Fault(40058, "type 1 needs exactly one user")
        if not users and not fields["party"]:
            raise Fault(40058, "user and party should not both be empty")
        if len(users) > 100:
            raise Fault(41041, "too many users")
        for userid in users:
            staff = self._world.staff.get(userid)
            if staff is None:
                raise Fault(40003, "invalid userid")
            if not staff.active:
                raise Fault(41054, "user is not activated")
            if not call.app.sees(userid):
                raise Fault(60011, "no privilege to access/modify contact/party/agent")
        return fields

    def _get(self, call: Call) -> Answer:
        way = self._contact(call)
        return {"contact_way": {"config_id": way.config_id, **way.fields, **_code(way)}}

    def _list(self, call: Call) -> Answer:
        page, cursor = call.page(list(self.contact), 100, 1000)
        return {"contact_way": [{"config_id": i} for i in page], "next_cursor": cursor}

    def _update(self, call: Call) -> Answer:
        way = self._contact(call)
        kept = {name: way.fields.get(name) for name in ("type", "scene", "is_temp")}
        way.fields = self._contact_fields(call, {**dict(call.body), **kept})
        return {}

    def _delete(self, call: Call) -> Answer:
        del self.contact[self._contact(call).config_id]
        return {}

    def _contact(self, call: Call) -> ContactWay:
        way = self.contact.get(call.text("config_id", 41044))
        if way is None:
            raise Fault(41044, "invalid config_id")
        return way

    # join ways

    def _add_join(self, call: Call) -> Answer:
        ident = self._world.next("join")
        self.join[ident] = JoinWay(ident, self._join_fields(call))
        return {"config_id": ident}

    def _join_fields(self, call: Call) -> dict[str, Any]:
        if call.body.get("scene") not in (1, 2):
            raise Fault(40058, "scene should be 1 or 2")
        fields: dict[str, Any] = {"auto_create_room": 1}
        fields |= {name: call.body[name] for name in _JOIN if call.body.get(name) is not None}
        fields["remark"] = str(fields.get("remark", ""))[:30]
        if len(str(fields.get("state", ""))) > 30:
            raise Fault(40058, "state over 30")
        if len(str(fields.get("room_base_name", ""))) > 40:
            raise Fault(40058, "room_base_name over 40")
        for chat_id in call.texts("chat_id_list", 5, 1):
            if chat_id not in self._world.groups:
                raise Fault(40050, "invalid chatid")
        return fields

    def _get_join(self, call: Call) -> Answer:
        way = self._join(call)
        return {"join_way": {"config_id": way.config_id, **way.fields, **_code(way)}}

    def _update_join(self, call: Call) -> Answer:
        self._join(call).fields = self._join_fields(call)
        return {}

    def _delete_join(self, call: Call) -> Answer:
        del self.join[self._join(call).config_id]
        return {}

    def _join(self, call: Call) -> JoinWay:
        way = self.join.get(call.text("config_id", 41044))
        if way is None:
            raise Fault(41044, "invalid config_id")
        return way


def _qr(config_id: str) -> str:
    return f"https://wework.qpic.cn/wwpic/{config_id}/0"


def _code(way: ContactWay | JoinWay) -> dict[str, str]:
    return {"qr_code": _qr(way.config_id)} if way.fields.get("scene") == 2 else {}
