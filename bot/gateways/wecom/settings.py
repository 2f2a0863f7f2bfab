"""The settings of a WeCom gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from yarl import URL

from bot.gateways.wecom.crypto import key_of
from bot.model.base import Frozen

API = "https://qyapi.weixin.qq.com"
JoinedHow = Literal["unknown", "invited", "approved", "link"]


def _corp(text: str) -> str:
    if not (text.isascii() and text.isalnum() and len(text) <= 64):
        raise ValueError("expected the company's id (企业 ID), such as ww1234567890abcdef")
    return text


def _agent(value: object) -> object:
    """Numbers are written with or without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("expected the app's AgentId, such as 1000002")
    return text


def _token(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text.isascii() and text.isalnum() and len(text) <= 32):
        raise ValueError(f"expected 1 to 32 letters and digits, got {len(text)} characters")
    return secret


def _aes_key(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


def _given(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("expected the app's Secret, got nothing")
    return secret


def _web(url: str) -> str:
    # The address itself is not repeated in the error: it may hold a password.
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"expected an address such as {API}")
    return url.rstrip("/")


class Unconfirmed(Frozen):
    """What WeCom's pages do not say, or say in two ways; change one when you know better."""

    join_scenes: dict[str, JoinedHow] = Field(
        default={"0": "invited", "3": "link"},
        description="what each JoinScene of a group's new members means",
    )
    call_concurrency: int = Field(
        default=5, ge=1, le=100, description="calls of one API at once before 45033"
    )
    corp_tags: Literal[3000, 10000] = Field(
        default=3000, description="most tags a company can have"
    )
    card_hours: Literal[24, 72] = Field(
        default=24, description="hours a template card can be updated after it was answered"
    )
    app_chats_per_hour: int = Field(
        default=150_000, ge=1, description="most messages to members of app groups in an hour"
    )


class WeComSettings(Frozen):
    """One app of a company: its keys, and how what it sends us is checked."""

    corp_id: Annotated[str, AfterValidator(_corp)] = Field(description="the company's id (企业 ID)")
    agent_id: Annotated[str, BeforeValidator(_agent), AfterValidator(_digits)] = Field(
        description="the app's AgentId"
    )
    secret: Annotated[SecretStr, AfterValidator(_given)] = Field(description="the app's Secret")
    token: Annotated[SecretStr, AfterValidator(_token)] = Field(
        description="the Token under 接收消息"
    )
    aes_key: Annotated[SecretStr, AfterValidator(_aes_key)] = Field(
        description="the EncodingAESKey under 接收消息, 43 characters"
    )
    api_url: Annotated[str, AfterValidator(_web)] = Field(
        default=API, description="where WeCom's API is"
    )
    replay_window: float = Field(
        default=6 * 3600,
        ge=0,
        description="seconds a callback's timestamp may differ from our clock; 0: any",
    )
    mass_sends: Literal["month", "week", "day"] = Field(
        default="month",
        description="how many mass messages the company lets a customer or a group get: as many a "
        "month as it has days, 7 a week, or 1 a day",
    )
    app_chats: frozenset[str] = Field(
        default=frozenset(),
        description="ids (chatid) of the groups the app made with appchat/create, to send to them",
    )
    sync_every: float = Field(
        default=1800,
        ge=60,
        le=86_400,
        description="seconds between comparisons of all customers, groups and tags; what is found "
        "later than an hour greets nobody",
    )
    tag_prefix: str = Field(
        default="", max_length=20, description="what the company's tags begin with as ours"
    )
    unconfirmed: Unconfirmed = Field(default=Unconfirmed(), description="what WeCom leaves open")
