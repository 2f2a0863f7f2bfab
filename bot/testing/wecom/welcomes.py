"""Greetings: to a new customer within 20 s, and texts for groups (documents 92137, 92366)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from bot.testing.wecom.call import Answer, Call, Fault, Handler, bounded
from bot.testing.wecom.content import attachment, with_attachments
from bot.testing.wecom.media import Media
from bot.testing.wecom.world import World

WINDOW = 20_000
KINDS = ("image", "link", "miniprogram", "file", "video")


@dataclass(frozen=True, slots=True)
class Greeting:
    userid: str
    external_userid: str
    body: dict[str, Any]
    at: int


@dataclass(slots=True)
class Template:
    agent_id: int
    body: dict[str, Any]


class Welcomes:
    """externalcontact/send_welcome_msg and group_welcome_template/…"""

    def __init__(self, world: World, media: Media, clock: Clock) -> None:
        self._world = world
        self._media = media
        self._clock = clock
        self.sent: list[Greeting] = []
        self.templates: dict[str, Template] = {}
        self.told_owners: list[str] = []

    def calls(self) -> dict[str, Handler]:
        group = "externalcontact/group_welcome_template/"
        return {
            "externalcontact/send_welcome_msg": self._send,
            group + "add": self._add,
            group + "edit": self._edit,
            group + "get": self._get,
            group + "del": self._delete,
        }

    def _send(self, call: Call) -> Answer:
        code = self._world.welcome_codes.get(call.text("welcome_code", 41050))
        now = self._clock.now()
        if code is None or now - code.issued >= WINDOW:
            raise Fault(41050, "invalid welcome code")
        relation = self._world.relations.get((code.userid, code.external_userid))
        if code.used or relation is None or relation.talked:
            raise Fault(41051, "welcome message already sent or chat begun")
        if code.busy:
            raise Fault(41096, "welcome message is being sent by another app")
        with_attachments(call.body, self._media)
        code.used = True
        self.sent.append(Greeting(code.userid, code.external_userid, dict(call.body), now))
        return {}

    # people, in WeCom's admin pages

    def edited(self, template_id: str, text: str) -> None:
        """Somebody gives a group's welcome another text."""
        self.templates[template_id].body["text"] = {"content": text}

    def removed(self, template_id: str) -> None:
        """Somebody deletes a group's welcome."""
        del self.templates[template_id]

    # texts for groups

    def _add(self, call: Call) -> Answer:
        if len(self.templates) >= 100:
            raise Fault(41055, "group welcome template number over limit")
        body = self._checked(call)
        ident = self._world.next("template")
        self.templates[ident] = Template(call.app.agent_id, body)
        if call.body.get("notify", 1):
            self.told_owners.append(ident)
        return {"template_id": ident}

    def _edit(self, call: Call) -> Answer:
        self._own(call).body = self._checked(call)
        return {}

    def _get(self, call: Call) -> Answer:
        body = dict(self._own(call, edit=False).body)
        if "image" in body:  # told by its address, however it was given
            body["image"] = {"pic_url": f"https://wework.qpic.cn/{call.text('template_id')}"}
        return body

    def _delete(self, call: Call) -> Answer:
        self._own(call)
        del self.templates[call.text("template_id")]
        return {}

    def _own(self, call: Call, edit: bool = True) -> Template:
        template = self.templates.get(call.text("template_id"))
        if template is None:
            raise Fault(40058, "invalid template_id")
        if edit and template.agent_id != call.app.agent_id:
            raise Fault(41058, "no privilege to edit the template")
        return template

    def _checked(self, call: Call) -> dict[str, Any]:
        text = (call.body.get("text") or {}).get("content")
        bounded(text, 3000, "text.content")
        kind = next((kind for kind in KINDS if call.body.get(kind)), "")
        if not text and not kind:
            raise Fault(40058, "text and attachment should not both be empty")
        if kind:
            attachment({"msgtype": kind, kind: call.body[kind]}, self._media)
        return {k: call.body[k] for k in ("text", kind) if call.body.get(k)}
