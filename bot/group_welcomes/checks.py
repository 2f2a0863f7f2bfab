"""Checks: what of a group welcome its platform would refuse, each with its field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yarl import URL

from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems
from bot.model.capabilities import Capabilities
from bot.model.group_welcome import NAME, Attachment, GroupWelcome
from bot.model.message import File, LinkCard, MiniProgram
from bot.model.phrase import Phrase

LONGEST_URL = 2048
_HOLE = re.compile(r"\{\{\s*(.*?)\s*\}\}|\{%.*?%\}", re.DOTALL)
_BYTES = msgid("{count} bytes, and {most} are allowed")
_UNKNOWN = msgid("nothing is filled in here but {name}, got {given}")


def checked(welcome: GroupWelcome, can: Capabilities) -> GroupWelcome:
    """The welcome, its placeholder written the one way; raises Problems keyed by field."""
    if problems := [Problem(Place(""), key, what) for key, what in _wrong(welcome, can)]:
        raise Problems(problems)
    return welcome.model_copy(update={"text": _HOLE.sub(NAME, welcome.text).strip()})


def _wrong(welcome: GroupWelcome, can: Capabilities) -> Iterator[tuple[str, str]]:
    text, attachment = welcome.text.strip(), welcome.attachment
    if not text and attachment is None:
        yield "text", msgid("a text or an attachment is needed")
    for found in _HOLE.finditer(text):
        if "{{ " + (found[1] or "") + " }}" != NAME:
            yield "text", Phrase(_UNKNOWN, name=NAME, given=found[0])
    yield from _long("text", text, can.group_welcome_bytes)
    if attachment is not None:
        yield from _attached(attachment, can)


def _attached(attachment: Attachment, can: Capabilities) -> Iterator[tuple[str, str]]:
    if attachment.kind not in can.segments:
        yield "attachment", msgid("this gateway shows no such attachment")
    match attachment:
        case MiniProgram():
            for key in ("app", "path", "title"):
                if not getattr(attachment, key):
                    yield key, msgid("missing")
            yield from _long("title", attachment.title, can.mini_title_bytes)
            yield from _address("picture", attachment.picture or "")
        case LinkCard():
            if not attachment.title:
                yield "title", msgid("missing")
            yield from _long("title", attachment.title, can.title_bytes)
            yield from _long("description", attachment.description, can.description_bytes)
            yield from _address("url", attachment.url)
            if attachment.image:
                yield from _address("picture", attachment.image)
        case _:
            if isinstance(attachment, File) and not attachment.name:
                yield "title", msgid("missing")
            yield from _address("url", attachment.url)


def _long(key: str, text: str, most: int | None) -> Iterator[tuple[str, str]]:
    count = len(text.encode())
    if most is not None and count > most:
        yield key, Phrase(_BYTES, count=count, most=most)


def _address(key: str, url: str) -> Iterator[tuple[str, str]]:
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        yield key, msgid("expected an address such as https://example.com/tea.jpg")
    yield from _long(key, url, LONGEST_URL)
