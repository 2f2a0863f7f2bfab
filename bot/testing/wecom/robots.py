"""Group robots: messages by webhook, twenty a minute (documents 99110, 91770)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from bot.clock import Clock
from bot.testing.wecom.call import Answer, Fault, Upload, bounded
from bot.testing.wecom.content import articles
from bot.testing.wecom.counters import MINUTE, Counters
from bot.testing.wecom.media import Media
from bot.testing.wecom.variants import Limits

PICTURE = 2 << 20
BYTES = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}


@dataclass(slots=True)
class Robot:
    """``disabled`` by an administrator, or no longer ``in_group``."""

    key: str
    disabled: bool = False
    in_group: bool = True
    received: list[dict[str, Any]] = field(default_factory=list)


class Robots:
    """webhook/send and webhook/upload_media: no token, the key is all."""

    def __init__(self, media: Media, clock: Clock, limits: Limits) -> None:
        self._media = media
        self._limits = limits
        self._counters = Counters(clock)
        self.robots: dict[str, Robot] = {}

    def make(self, key: str) -> Robot:
        """A member adds a robot to an internal group."""
        return self.robots.setdefault(key, Robot(key))

    def send(self, query: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        """webhook/send"""
        robot = self._robot(query)
        if not self._counters.allow(robot.key, (self._limits.robot_minute, MINUTE)):
            raise Fault(45009, "api freq out of limit")
        kind = str(body.get("msgtype", ""))
        inner = body.get(kind)
        if not isinstance(inner, dict):
            raise Fault(40008, "invalid message type")
        match kind:
            case "text" | "markdown" | "markdown_v2":
                if not inner.get("content"):
                    raise Fault(44004, "empty content")
                bounded(inner["content"], BYTES[kind], f"{kind}.content")
            case "image":
                _picture(inner)
            case "news":
                articles(inner)
            case "file" | "voice":
                self._media.find(inner.get("media_id"), robot.key)
            case "template_card":
                if inner.get("card_type") not in ("text_notice", "news_notice"):
                    raise Fault(40058, "invalid card_type")
            case _:
                raise Fault(40008, "invalid message type")
        robot.received.append(dict(body))
        return {}

    def upload(self, query: Mapping[str, str], upload: Upload | None) -> Answer:
        """webhook/upload_media"""
        robot = self._robot(query)
        if query.get("type") not in ("file", "voice"):
            raise Fault(40004, "invalid media type")
        return self._media.keep(query["type"], upload, robot.key)

    def _robot(self, query: Mapping[str, str]) -> Robot:
        robot = self.robots.get(query.get("key", ""))
        if robot is None:
            raise Fault(93000, "invalid webhook url")
        if robot.disabled:
            raise Fault(93004, "robot is disabled")
        if not robot.in_group:
            raise Fault(93008, "robot is not in the group")
        return robot


def _picture(inner: Mapping[str, Any]) -> None:
    try:
        data = base64.b64decode(str(inner.get("base64", "")), validate=True)
    except binascii.Error:
        raise Fault(40058, "invalid image base64") from None
    if not 0 < len(data) <= PICTURE:
        raise Fault(40009, "invalid image size")
    if md5(data, usedforsecurity=False).hexdigest() != inner.get("md5"):
        raise Fault(301019, "image md5 does not match")
