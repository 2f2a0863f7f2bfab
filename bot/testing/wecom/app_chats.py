"""Chats that an app makes for members and sends to (documents 90245 to 90248, 90454)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.testing.wecom.call import Answer, App, Call, Fault, Handler
from bot.testing.wecom.content import app_message
from bot.testing.wecom.counters import DAY, HOUR, MINUTE, Counters
from bot.testing.wecom.media import Media
from bot.testing.wecom.variants import Limits
from bot.testing.wecom.world import World


@dataclass(slots=True)
class AppChat:
    """``shown``: clients show it, which its first message brings about."""

    chatid: str
    name: str
    owner: str
    users: list[str]
    app: App
    shown: bool = False
    received: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


class AppChats:
    """appchat/…"""

    def __init__(self, world: World, media: Media, clock: Clock, limits: Limits) -> None:
        self._world = world
        self._media = media
        self._limits = limits
        self._counters = Counters(clock)
        self.chats: dict[str, AppChat] = {}

    def calls(self) -> dict[str, Handler]:
        return {
            "appchat/create": self._create,
            "appchat/update": self._update,
            "appchat/get": self._get,
            "appchat/send": self._send,
        }

    def _create(self, call: Call) -> Answer:
        if not call.app.root:
            raise Fault(60011, "the visible range must be the root department")
        users = list(dict.fromkeys(call.texts("userlist", 2000, 2)))
        self._known(users)
        owner = str(call.body.get("owner") or users[0])
        if owner not in users:
            raise Fault(86216, "owner is not in userlist")
        chatid = str(call.body.get("chatid") or self._world.next("appchat"))
        if not re.fullmatch("[0-9A-Za-z]{1,32}", chatid):
            raise Fault(40050, "invalid chatid")
        if chatid in self.chats:
            raise Fault(86215, "chatid already exists")
        if not self._counters.allow("create", (1000, DAY)):
            raise Fault(45009, "api freq out of limit")
        name = str(call.body.get("name") or "")[:50]
        self.chats[chatid] = AppChat(chatid, name, owner, users, call.app)
        return {"chatid": chatid}

    def _update(self, call: Call) -> Answer:
        chat = self._chat(call)
        if not self._counters.allow("update", (1000, HOUR)):
            raise Fault(45009, "api freq out of limit")
        added, removed = call.texts("add_user_list", 2000), call.texts("del_user_list", 2000)
        self._known(added)
        chat.name = str(call.body.get("name") or chat.name)
        chat.users = [user for user in [*chat.users, *added] if user not in removed]
        chat.owner = str(call.body.get("owner") or chat.owner)
        return {}

    def _get(self, call: Call) -> Answer:
        chat = self._chat(call)
        about = {"chatid": chat.chatid, "name": chat.name, "owner": chat.owner}
        return {"chat_info": {**about, "userlist": chat.users}}

    def _send(self, call: Call) -> Answer:
        chat = self._chat(call)
        app_message(call.body, self._media)
        if not self._counters.room("sent", (20_000 // max(1, len(chat.users)), MINUTE)):
            raise Fault(45009, "api freq out of limit")
        limits = (
            (self._limits.chat_member_minute, MINUTE),
            (self._limits.chat_member_day, DAY),
        )
        chat.dropped += [u for u in chat.users if not self._counters.room(f"to/{u}", *limits)]
        chat.received.append(dict(call.body))
        chat.shown = True
        return {}

    def _chat(self, call: Call) -> AppChat:
        chat = self.chats.get(call.text("chatid", 86003))
        if chat is None or chat.app is not call.app:
            raise Fault(40050, "invalid chatid")
        return chat

    def _known(self, users: list[str]) -> None:
        if any(user not in self._world.staff for user in users):
            raise Fault(86216, "illegal chat member userid")
