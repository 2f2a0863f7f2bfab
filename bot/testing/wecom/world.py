"""The world: what people do in a company, and what becomes of it.

Its verbs are what people do in their clients; each fires the callback WeCom would post.
What an app does through the API changes the same world, and fires none (document 96361).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from bot.clock import Clock
from bot.testing.wecom.company import (
    Customer,
    Group,
    Present,
    Relation,
    Staff,
    Tag,
    TagGroup,
    WelcomeCode,
)

Emit = Callable[[dict[str, Any]], None]


class World:
    """Everybody and everything of one company; times are those of WeCom, in seconds."""

    def __init__(self, clock: Clock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._numbers = count(1)
        self.staff: dict[str, Staff] = {}
        self.departments: dict[int, tuple[str, int]] = {1: ("Company", 0)}
        self.customers: dict[str, Customer] = {}
        self.relations: dict[tuple[str, str], Relation] = {}
        self.groups: dict[str, Group] = {}
        self.tags: dict[str, Tag] = {}
        self.tag_groups: dict[str, TagGroup] = {}
        self.welcome_codes: dict[str, WelcomeCode] = {}

    def now(self) -> int:
        """Seconds since 1970."""
        return self._clock.now() // 1000

    def next(self, prefix: str) -> str:
        """A new id."""
        return f"{prefix}{next(self._numbers):06d}"

    # people

    def hire(self, userid: str, name: str = "", **about: Any) -> Staff:
        """A new member of the staff."""
        staff = self.staff[userid] = Staff(userid, name or userid, **about)
        return staff

    def meet(self, name: str = "", type: int = 1) -> Customer:  # noqa: A002
        """Somebody who may become a customer."""
        ident = self.next("wmAAAA" if type == 1 else "woAAAA")
        customer = Customer(ident, name or ident, type, f"union-{ident}" if type == 1 else "")
        self.customers[ident] = customer
        return customer

    def add(
        self,
        userid: str,
        external_userid: str,
        *,
        state: str = "",
        add_way: int = 1,
        half: bool = False,
        code: bool = True,
    ) -> str:
        """A customer adds a member of the staff; the welcome code, or '' where there is none."""
        relation = self.relations.get((userid, external_userid))
        if relation is None or relation.gone:
            relation = Relation(userid, external_userid, self.now(), add_way, state, half=half)
            self.relations[userid, external_userid] = relation
        welcome = ""
        if code and not relation.talked and self.customers[external_userid].type == 1:
            welcome = self.next("CODE")
            self.welcome_codes[welcome] = WelcomeCode(userid, external_userid, self._clock.now())
        kind = "add_half_external_contact" if half else "add_external_contact"
        more = {"State": state, "WelcomeCode": welcome}
        self._contact(kind, relation, **{name: value for name, value in more.items() if value})
        return welcome

    def confirm(self, userid: str, external_userid: str) -> None:
        """The member confirms whom they half had; the half's welcome code is the only one."""
        relation = self.relations[userid, external_userid]
        relation.half = False
        self._contact("add_external_contact", relation, **_given(State=relation.state))

    def edit(self, userid: str, external_userid: str, remark: str) -> None:
        """The member gives the customer another remark."""
        relation = self.relations[userid, external_userid]
        relation.remark = remark
        self._contact("edit_external_contact", relation)

    def talk(self, userid: str, external_userid: str) -> None:
        """The two begin to chat, of which no callback tells."""
        self.relations[userid, external_userid].talked = True

    def remove(self, userid: str, external_userid: str, source: str = "") -> None:
        """The member removes the customer."""
        relation = self.relations.pop((userid, external_userid))
        self._contact("del_external_contact", relation, **_given(Source=source))

    def removed_by_customer(self, userid: str, external_userid: str) -> None:
        """The customer removes the member; the relation stays, one way."""
        relation = self.relations[userid, external_userid]
        relation.gone = True
        self._contact("del_follow_user", relation)

    def refuse_transfer(
        self, userid: str, external_userid: str, reason: str = "customer_refused"
    ) -> None:
        """A handover to another member fails."""
        relation = self.relations[userid, external_userid]
        self._contact("transfer_fail", relation, FailReason=reason)

    def tag(self, userid: str, external_userid: str, *tags: str) -> None:
        """The member gives the customer tags."""
        relation = self.relations[userid, external_userid]
        relation.tags.update(tags)
        self._contact("edit_external_contact", relation)

    def make_tags(self, group: str, *names: str) -> list[Tag]:
        """The admin makes a group of tags."""
        made = self.new_tags(self.new_tag_group(group, 0, 0), [(name, 0) for name in names])
        for tag in made:
            self._emit(
                {
                    "Event": "change_external_tag",
                    "Id": tag.id,
                    "TagType": "tag",
                    "ChangeType": "create",
                }
            )
        return made

    def new_tag_group(self, name: str, order: int, agent_id: int) -> TagGroup:
        """A group of tags; fires nothing."""
        group = TagGroup(self.next("etg"), name, order, self.now(), agent_id)
        self.tag_groups[group.group_id] = group
        return group

    def new_tags(self, group: TagGroup, named: Sequence[tuple[str, int]]) -> list[Tag]:
        """Tags in a group; fires nothing."""
        made = [
            Tag(self.next("ett"), name, group.group_id, order, self.now()) for name, order in named
        ]
        self.tags.update({tag.id: tag for tag in made})
        return made

    # groups

    def create_group(self, owner: str, name: str, *customers: str) -> Group:
        """A member makes a customer group."""
        group = self.new_group(owner, name)
        for ident in customers:
            group.members[ident] = Present(ident, 2, self.now(), 1, invitor=owner)
        self._chat(group, "create")
        return group

    def new_group(self, owner: str, name: str) -> Group:
        """A group with its owner alone; fires nothing."""
        group = Group(self.next("wrAAAA"), name, owner, self.now())
        group.members[owner] = Present(owner, 1, self.now(), 1)
        self.groups[group.chat_id] = group
        return group

    def join(self, chat_id: str, *userids: str, scene: int = 3, state: str = "") -> None:
        """People enter a group at once; ``scene`` as in the roster: 1 or 2 invited, 3 QR code.

        The callback numbers them otherwise: 0 invited, 3 QR code.
        """
        group = self.groups[chat_id]
        for ident in userids:
            kind = 1 if ident in self.staff else 2
            group.members[ident] = Present(ident, kind, self.now(), scene, state)
        told = 3 if scene == 3 else 0
        self._update(group, "add_member", userids, JoinScene=told)

    def leave(self, chat_id: str, *userids: str, removed: bool = False) -> None:
        """People leave a group, or are removed from it."""
        group = self.groups[chat_id]
        for ident in userids:
            del group.members[ident]
        self._update(group, "del_member", userids, QuitScene=int(removed))

    def change_owner(self, chat_id: str, userid: str) -> None:
        """A group gets another owner."""
        group = self.groups[chat_id]
        group.owner = userid
        group.members.setdefault(userid, Present(userid, 1, self.now(), 1))
        self._update(group, "change_owner")

    def rename(self, chat_id: str, name: str) -> None:
        """A group gets another name."""
        self.groups[chat_id].name = name
        self._update(self.groups[chat_id], "change_name")

    def notice(self, chat_id: str, text: str) -> None:
        """A group gets another notice."""
        self.groups[chat_id].notice = text
        self._update(self.groups[chat_id], "change_notice")

    def dismiss(self, chat_id: str) -> None:
        """A group ends."""
        self._chat(self.groups.pop(chat_id), "dismiss")

    # callbacks

    def say(self, userid: str, agent_id: int, text: str) -> None:
        """A member writes to an app."""
        self._emit(
            {
                "FromUserName": userid,
                "MsgType": "text",
                "Content": text,
                "MsgId": next(self._numbers),
                "AgentID": agent_id,
            }
        )

    def click(self, userid: str, agent_id: int, key: str) -> None:
        """A member picks from an app's menu."""
        self._emit({"FromUserName": userid, "Event": "click", "EventKey": key, "AgentID": agent_id})

    def _contact(self, change: str, relation: Relation, **more: str) -> None:
        self._emit(
            {
                "Event": "change_external_contact",
                "ChangeType": change,
                "UserID": relation.userid,
                "ExternalUserID": relation.external_userid,
                **more,
            }
        )

    def _chat(self, group: Group, change: str, **more: Any) -> None:
        self._emit(
            {
                "Event": "change_external_chat",
                "ChangeType": change,
                "ChatId": group.chat_id,
                **more,
            }
        )

    def _update(self, group: Group, detail: str, who: Sequence[str] = (), **more: Any) -> None:
        last = group.member_version
        group.changed = self.now()
        if who:
            group.version += 1
            more |= {
                "MemChangeCnt": len(who),
                "MemChangeList": list(who),
                "LastMemVer": last,
                "CurMemVer": group.member_version,
            }
        self._chat(group, "update", UpdateDetail=detail, **more)


def _given(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}
