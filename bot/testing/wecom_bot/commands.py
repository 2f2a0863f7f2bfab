"""Commands: what a subscribed bot may do, judged as WeCom judges it (document 101463)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from bot.testing.wecom_bot.faults import Variants
from bot.testing.wecom_bot.world import DAY, Asked, Chat, Upload, World

LIMITS = {
    "image": 10 * 1024 * 1024,
    "voice": 2 * 1024 * 1024,
    "video": 10 * 1024 * 1024,
    "file": 20 * 1024 * 1024,
}
CHUNK = 512 * 1024
SOON = 5000
TEXT = 20_480
REPLIES = frozenset({"stream", "stream_with_template_card", "markdown", "template_card", *LIMITS})
PUSHES = frozenset({"markdown", "template_card", *LIMITS})
WELCOMES = frozenset({"text", "template_card"})

Answer = Mapping[str, Any]


class Refusal(Exception):
    """An errcode other than 0."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Commands:
    """Does commands in a world; each returns the body of its ack or raises Refusal."""

    def __init__(self, world: World, variants: Variants) -> None:
        self._world = world
        self._variants = variants

    def do(self, cmd: str, req_id: str, body: Answer) -> Answer:
        """Do one command."""
        match cmd:
            case "ping":
                return {}
            case "aibot_respond_msg":
                return self._respond(req_id, body)
            case "aibot_respond_welcome_msg":
                return self._soon(cmd, "enter_chat", req_id, body)
            case "aibot_respond_update_msg":
                return self._soon(cmd, "template_card_event", req_id, body)
            case "aibot_send_msg":
                return self._push(body)
            case "aibot_upload_media_init":
                return self._begin(body)
            case "aibot_upload_media_chunk":
                return self._chunk(body)
            case "aibot_upload_media_finish":
                return self._finish(body)
        raise Refusal(40058, f"unknown cmd {cmd}")

    # messages

    def _respond(self, req_id: str, body: Answer) -> Answer:
        asked = self._asked(req_id)
        if asked.kind != "message" or self._age(asked) >= DAY:
            raise Refusal(846605, "invalid req_id")
        kind = self._checked(body, REPLIES)
        late = self._age(asked) > self._variants.stream_life * 1000
        if kind.startswith("stream") and late:
            raise Refusal(846608, "stream message update expired")
        self._count(asked.chat, body)
        self._world.show(asked.chat, "aibot_respond_msg", body)
        return {}

    def _soon(self, cmd: str, kind: str, req_id: str, body: Answer) -> Answer:
        asked = self._asked(req_id)
        if asked.kind != kind or self._age(asked) > SOON:
            raise Refusal(846605, "invalid req_id")
        if kind == "enter_chat":
            self._checked(body, WELCOMES)
        elif body.get("response_type") != "update_template_card" or not body.get("template_card"):
            raise Refusal(40058, "template_card missing")
        self._count(asked.chat, body)
        self._world.show(asked.chat, cmd, body)
        return {}

    def _push(self, body: Answer) -> Answer:
        chat = self._world.chats.get(str(body.get("chatid")))
        wanted = {1: False, 2: True}.get(body.get("chat_type", 0))
        if chat is None or (wanted is not None and chat.group != wanted):
            raise Refusal(93006, "invalid chatid")
        self._checked(body, PUSHES)
        if not chat.bot_inside:
            raise Refusal(93008, "not in group")
        if not chat.wrote:
            raise Refusal(93001, "chat refuses push")
        self._count(chat, body)
        self._world.show(chat, "aibot_send_msg", body)
        return {}

    def _checked(self, body: Answer, kinds: frozenset[str]) -> str:
        """The message's kind, if the message is well formed."""
        kind = str(body.get("msgtype"))
        content = body.get("stream" if kind.startswith("stream") else kind)
        if kind not in kinds or not isinstance(content, Mapping):
            raise Refusal(40058, f"msgtype {kind} unsupported")
        if kind in LIMITS:
            self._check_media(kind, str(content.get("media_id")))
        elif kind != "template_card":
            words = str(content.get("content", ""))
            if len(words.encode()) > TEXT:
                raise Refusal(40058, f"{kind}.content exceed max length {TEXT}")
            if not words and content.get("finish", True):
                raise Refusal(93017, "content empty")
        elif not content.get("card_type"):
            raise Refusal(40058, "card_type missing")
        return kind

    def _check_media(self, kind: str, media_id: str) -> None:
        media = self._world.media.get(media_id)
        if not media or media.kind != kind or self._world.clock.now() - media.at >= 3 * DAY:
            raise Refusal(40007, "invalid media_id")

    def _count(self, chat: Chat, body: Answer) -> None:
        """A stream's later frames are no new message."""
        stream = body.get("stream")
        ident = str(stream.get("id")) if isinstance(stream, Mapping) else ""
        if (chat.id, ident) not in self._world.streams and self._world.over(chat.sent):
            raise Refusal(45009, "api freq out of limit")

    def _asked(self, req_id: str) -> Asked:
        asked = self._world.asked.get(req_id)
        if asked is None:
            raise Refusal(846605, "invalid req_id")
        return asked

    def _age(self, asked: Asked) -> int:
        return self._world.clock.now() - asked.at

    # media

    def _begin(self, body: Answer) -> Answer:
        kind, size, chunks = str(body.get("type")), body.get("total_size"), body.get("total_chunks")
        if kind not in LIMITS or not isinstance(size, int) or not isinstance(chunks, int):
            raise Refusal(40058, "type, total_size or total_chunks wrong")
        if not 5 < size <= LIMITS[kind]:
            raise Refusal(93018 if kind == "image" else 45001, "media size out of limit")
        if not 1 <= chunks <= 100:
            raise Refusal(40058, "total_chunks out of range")
        if self._world.over(self._world.uploaded):
            raise Refusal(45009, "api freq out of limit")
        upload_id = f"upload-{len(self._world.uploads) + 1}"
        self._world.uploads[upload_id] = Upload(
            kind,
            str(body.get("filename")),
            size,
            chunks,
            str(body.get("md5", "")),
            self._world.clock.now(),
        )
        return {"upload_id": upload_id}

    def _chunk(self, body: Answer) -> Answer:
        upload = self._upload(body)
        first, index = self._variants.first_chunk, body.get("chunk_index")
        if not isinstance(index, int) or not first <= index < first + upload.chunks:
            raise Refusal(40058, "chunk_index out of range")
        try:
            data = base64.b64decode(str(body.get("base64_data")), validate=True)
        except binascii.Error:
            raise Refusal(40058, "base64_data wrong") from None
        if not 0 < len(data) <= CHUNK:
            raise Refusal(40058, "chunk too large")
        upload.parts[index] = data
        return {}

    def _finish(self, body: Answer) -> Answer:
        upload = self._upload(body)
        data = upload.data
        if len(upload.parts) != upload.chunks or len(data) != upload.size:
            raise Refusal(40058, "chunks missing")
        if upload.md5 not in ("", hashlib.md5(data, usedforsecurity=False).hexdigest()):
            raise Refusal(40058, "md5 wrong")
        media_id = f"media-{len(self._world.media) + 1}"
        upload.at = self._world.clock.now()
        self._world.media[media_id] = upload
        return {"type": upload.kind, "media_id": media_id, "created_at": str(upload.at // 1000)}

    def _upload(self, body: Answer) -> Upload:
        upload = self._world.uploads.get(str(body.get("upload_id")))
        if upload is None:
            raise Refusal(40058, "upload_id wrong")
        return upload
