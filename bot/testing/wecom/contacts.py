"""Customers and customer groups as apps read them."""

from __future__ import annotations

from typing import Any

from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.company import Group, Present, Relation
from bot.testing.wecom.variants import Variants
from bot.testing.wecom.world import World

WIDE = 1000
"""People in the visible range above which a list of groups needs its owners named."""


class Contacts:
    """externalcontact/…: who follows, customers, groups, remarks."""

    def __init__(self, world: World, variants: Variants) -> None:
        self._world = world
        self._variants = variants
        self._shown: dict[str, Answer] = {}

    def calls(self) -> dict[str, Handler]:
        return {
            "externalcontact/get_follow_user_list": self._followers,
            "externalcontact/list": self._list,
            "externalcontact/get": self._get,
            "externalcontact/batch/get_by_user": self._batch,
            "externalcontact/remark": self._remark,
            "externalcontact/groupchat/list": self._groups,
            "externalcontact/groupchat/get": self._group,
            "externalcontact/get_unassigned_list": self._unassigned,
            "externalcontact/transfer_customer": self._transfer,
        }

    def _followers(self, call: Call) -> Answer:
        staff = self._world.staff.values()
        return {"follow_user": [s.userid for s in staff if s.contacts and call.app.sees(s.userid)]}

    def _of(self, userid: str) -> list[Relation]:
        return [r for (one, _), r in self._world.relations.items() if one == userid]

    def _list(self, call: Call) -> Answer:
        userid = self._member(call, call.text("userid"))
        found = [r.external_userid for r in self._of(userid) if not r.half]
        if not found:
            raise Fault(84061, "not external contact")
        return {"external_userid": found}

    def _get(self, call: Call) -> Answer:
        ident = call.text("external_userid", 40096)
        customer = self._world.customers.get(ident)
        known = [
            r
            for (userid, external), r in self._world.relations.items()
            if external == ident and call.app.sees(userid)
        ]
        if customer is None:
            raise Fault(40096, "invalid external userid")
        if not known:
            raise Fault(84061, "not external contact")
        page, cursor = call.page(known, 500, 500)
        answer: Answer = {
            "external_contact": self._customer(ident),
            "follow_user": [self._follow(relation) for relation in page],
        }
        return answer | {"next_cursor": cursor} if cursor else answer

    def _batch(self, call: Call) -> Answer:
        # wechatpy still names one member, as the call once did.
        userids = call.texts("userid_list", 100) or [call.text("userid")]
        found = [r for one in userids for r in self._of(self._member(call, one))]
        page, cursor = call.page(found, 50, 100)
        rows = [
            {"external_contact": self._customer(r.external_userid), "follow_info": self._info(r)}
            for r in page
        ]
        return {"external_contact_list": rows, "next_cursor": cursor}

    def _remark(self, call: Call) -> Answer:
        relation = self.relation(call)
        relation.remark = str(call.body.get("remark", relation.remark))
        return {}

    def _transfer(self, call: Call) -> Answer:
        to = self._member(call, call.text("takeover_userid"))
        rows = []
        for ident in call.texts("external_userid", 100, 1):
            relation = self._world.relations.pop((call.text("handover_userid"), ident), None)
            if relation:
                relation.userid = to
                self._world.relations[to, ident] = relation
            rows.append({"external_userid": ident, "errcode": 0 if relation else 40096})
        return {"customer": rows}

    def _unassigned(self, call: Call) -> Answer:
        return {"info": [], "is_last": True, "next_cursor": ""}

    def _groups(self, call: Call) -> Answer:
        owners = (call.body.get("owner_filter") or {}).get("userid_list") or []
        if not owners and len(self._world.staff) > WIDE:
            raise Fault(81017, "owner_filter is required, visible range over 1000")
        if len(owners) > 100:
            raise Fault(40058, "owner_filter.userid_list size over 100")
        found = [
            {"chat_id": group.chat_id, "status": 0}
            for group in self._world.groups.values()
            if call.app.sees(group.owner) and (not owners or group.owner in owners)
        ]
        if call.body.get("status_filter"):
            found = []
        if not call.body.get("limit"):
            raise Fault(40058, "limit is required, 1 to 1000")
        page, cursor = call.page(found, 1000, 1000)
        answer: Answer = {"group_chat_list": page}
        return answer | {"next_cursor": cursor} if cursor else answer

    def _group(self, call: Call) -> Answer:
        group = self._world.groups.get(call.text("chat_id", 40050))
        if group is None or not call.app.sees(group.owner):
            raise Fault(40050, "invalid chatid")
        return {"group_chat": self._settled(group, bool(call.body.get("need_name")))}

    def _settled(self, group: Group, names: bool) -> Answer:
        """The group as it was ``settle`` seconds ago, as far as somebody has looked before."""
        key = f"{group.chat_id}/{names}"
        fresh = self._world.now() - group.changed >= self._variants.settle
        if fresh or key not in self._shown:
            self._shown[key] = self._detail(group, names)
        return self._shown[key]

    def _detail(self, group: Group, names: bool) -> Answer:
        return {
            "chat_id": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "create_time": group.create_time,
            "notice": group.notice,
            "member_list": [self._present(one, names) for one in group.members.values()],
            "admin_list": [{"userid": userid} for userid in group.admins],
            "member_version": group.member_version,
        }

    def _present(self, one: Present, names: bool) -> Answer:
        row: dict[str, Any] = {
            "userid": one.userid,
            "type": one.type,
            "join_time": one.join_time,
            "join_scene": one.join_scene,
            "group_nickname": "",
        }
        person = self._world.customers.get(one.userid)
        if person and person.unionid:
            row["unionid"] = person.unionid
        if one.invitor:
            row["invitor"] = {"userid": one.invitor}
        if one.state:
            row["state"] = one.state
        if names:
            row["name"] = (person or self._world.staff[one.userid]).name
        return row

    def relation(self, call: Call) -> Relation:
        """The relation that ``userid`` and ``external_userid`` name."""
        userid = self._member(call, call.text("userid"))
        ident = call.text("external_userid", 40096)
        if ident not in self._world.customers:
            raise Fault(40096, "invalid external userid")
        relation = self._world.relations.get((userid, ident))
        if relation is None or relation.half:
            raise Fault(84061, "not external contact")
        return relation

    def _member(self, call: Call, userid: str) -> str:
        if userid not in self._world.staff:
            raise Fault(60111, "userid not found")
        if not call.app.sees(userid):
            raise Fault(60011, "no privilege to access/modify contact/party/agent")
        return userid

    def _customer(self, ident: str) -> Answer:
        customer = self._world.customers[ident]
        row = {
            "external_userid": ident,
            "name": customer.name,
            "avatar": f"https://wx.qlogo.cn/{ident}/0",
            "type": customer.type,
            "gender": 0,
        }
        if customer.unionid:
            row["unionid"] = customer.unionid
        return row

    def _info(self, relation: Relation) -> Answer:
        return {
            "userid": relation.userid,
            "remark": relation.remark,
            "description": "",
            "createtime": relation.createtime,
            "tag_id": sorted(relation.tags),
            "remark_mobiles": [],
            "state": relation.state,
            "oper_userid": relation.external_userid,
            "add_way": relation.add_way,
        }

    def _follow(self, relation: Relation) -> Answer:
        row = self._info(relation)
        del row["tag_id"]
        world = self._world
        row["tags"] = [
            {
                "group_name": world.tag_groups[world.tags[tag].group_id].name,
                "tag_name": world.tags[tag].name,
                "tag_id": tag,
                "type": 1,
            }
            for tag in sorted(relation.tags)
            if tag in world.tags
        ]
        return row
