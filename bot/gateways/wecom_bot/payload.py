"""Payloads: what WeCom tells an AI bot, read tolerantly (documents 100719, 101027, 101463)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.gateways.frames import FrameError, Ident, Number, Words


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


def _mapping(value: object) -> object:
    return value if isinstance(value, Mapping | BaseModel) else {}


def _list(value: object) -> object:
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, Mapping)]


Lenient = BeforeValidator(_mapping)


class Said(_Tolerant):
    """Words: a text, or a voice message as WeCom understood it."""

    content: Words = ""


class Blob(_Tolerant):
    """A picture, file or film: encrypted at ``url`` for five minutes.

    ``aeskey`` is its own key, which only a long connection tells.
    """

    url: Words = ""
    aeskey: Words = ""


class Item(_Tolerant):
    """One piece of a mixed message."""

    msgtype: Words = ""
    text: Annotated[Said, Lenient] = Said()
    image: Annotated[Blob, Lenient] = Blob()


class Mixed(_Tolerant):
    """Words and pictures together."""

    msg_item: Annotated[list[Item], BeforeValidator(_list)] = Field(default_factory=list)


class Sender(_Tolerant):
    """Who did it."""

    userid: Ident = None


class Click(_Tolerant):
    """A button of a card."""

    event_key: Words = ""


class Feedback(_Tolerant):
    """What somebody thinks of an answer."""

    id: Words = ""
    type: Ident = None


class Happening(_Tolerant):
    """An event, by its type."""

    eventtype: Words = ""
    template_card_event: Annotated[Click, Lenient] = Click()
    feedback_event: Annotated[Feedback, Lenient] = Feedback()


class Stream(_Tolerant):
    """The stream WeCom asks about."""

    id: Words = ""


class Content(_Tolerant):
    """What is said: of the fields, the one that ``msgtype`` names."""

    msgtype: Words = ""
    text: Annotated[Said, Lenient] = Said()
    voice: Annotated[Said, Lenient] = Said()
    image: Annotated[Blob, Lenient] = Blob()
    file: Annotated[Blob, Lenient] = Blob()
    video: Annotated[Blob, Lenient] = Blob()
    mixed: Annotated[Mixed, Lenient] = Mixed()


class Payload(Content):
    """Every field we read, of messages, events and polls; ``quote`` is what a message answers."""

    msgid: Ident = None
    chattype: Words = ""
    chatid: Ident = None
    sender: Annotated[Sender, Lenient] = Field(default=Sender(), alias="from")
    create_time: Number = None
    response_url: Words = ""
    quote: Annotated[Content, Lenient] = Content()
    stream: Annotated[Stream, Lenient] = Stream()
    event: Annotated[Happening, Lenient] = Happening()

    @property
    def group(self) -> str | None:
        """The group it was said in, as WeCom writes it: case matters."""
        return self.chatid if self.chattype == "group" else None


def payload_of(raw: object) -> Payload:
    """Validate one body; raises FrameError naming the fields that are wrong."""
    try:
        return Payload.model_validate(raw if isinstance(raw, Mapping) else {})
    except ValidationError as error:
        where = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise FrameError(f"unusable fields: {where}") from None


def mapping(value: object) -> Mapping[str, Any]:
    """The mapping a field holds; an empty one when it is none."""
    return value if isinstance(value, Mapping) else {}
