"""Payloads: the frames an implementation reports, read tolerantly."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.gateways.frames import FrameError, Ident, Number, Words

Row = TypeVar("Row", bound=BaseModel)


def _mapping(value: object) -> object:
    return value if isinstance(value, Mapping) else {}


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Sender(_Tolerant):
    """Who said it, as far as told."""

    nickname: Words = ""
    card: Words = ""


class Anonymous(_Tolerant):
    """Who said it behind a group's mask."""

    id: Ident = None
    name: Words = ""


class Health(_Tolerant):
    """The account's own state in a heartbeat; only a plain false counts as offline."""

    online: Annotated[
        bool | None, BeforeValidator(lambda v: v if isinstance(v, bool) else None)
    ] = None


class MemberRow(_Tolerant):
    """One row of ``get_group_member_list`` or ``get_login_info``."""

    user_id: Ident = None
    nickname: Words = ""
    card: Words = ""


class GroupRow(_Tolerant):
    """One row of ``get_group_list``."""

    group_id: Ident = None
    group_name: Words = ""


class Payload(_Tolerant):
    """Every field we read, of all post types; anything else is left alone."""

    post_type: Words = ""
    message_type: Words = ""
    notice_type: Words = ""
    request_type: Words = ""
    meta_event_type: Words = ""
    sub_type: Words = ""
    time: Number = None
    self_id: Ident = None
    group_id: Ident = None
    user_id: Ident = None
    operator_id: Ident = None
    message_id: Ident = None
    message: Any = None
    raw_message: Any = None
    group_name: Words = ""
    name_new: Words = ""
    interval: Number = None
    sender: Annotated[Sender, BeforeValidator(_mapping)] = Sender()
    anonymous: Annotated[Anonymous, BeforeValidator(_mapping)] = Anonymous()
    status: Annotated[Health, BeforeValidator(_mapping)] = Health()

    @property
    def name(self) -> str:
        """What it is, as in ``notice.group_increase``."""
        detail = self.message_type or self.notice_type or self.request_type or self.meta_event_type
        return f"{self.post_type}.{detail}".rstrip(".")[:60]


def payload_of(raw: Mapping[str, Any]) -> Payload:
    """Validate one report; raises FrameError naming the fields that are wrong."""
    try:
        return Payload.model_validate(raw)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise FrameError(f"unusable fields: {where}") from None


def rows(answer: object, model: type[Row]) -> list[Row]:
    """The rows of a list an action answered with; unusable ones are left out."""
    found = []
    for item in answer if isinstance(answer, list) else ():
        with suppress(ValidationError):
            found.append(model.model_validate(item))
    return found


def wire_id(ident: str) -> int | str:
    """An id as it is sent: the standard has numbers; those that are none go as text.

    Ids of messages may be negative, and some implementations take no other form (NapCatQQ#124).
    """
    digits = ident.removeprefix("-")
    return int(ident) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else ident
