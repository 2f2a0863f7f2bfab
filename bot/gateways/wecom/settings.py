"""The settings of a WeCom gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from yarl import URL

from bot.gateways.wecom.crypto import key_of
from bot.model.base import Frozen

API = "https://qyapi.weixin.qq.com"
JoinedHow = Literal["unknown", "invited", "approved", "link"]
LONGEST_TAG = 30
"""Characters in the name of a company tag, or of a group of them (document 92117)."""


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


def _path(text: str) -> str:
    group, slash, tag = text.partition("/")
    if not (slash and 0 < len(group) <= LONGEST_TAG and 0 < len(tag) <= LONGEST_TAG):
        raise ValueError(
            'expected a company tag as "group/tag", each of at most 30 characters, '
            'such as "客户等级/重要"'
        )
    return text


def _distinct(tags: dict[str, str]) -> dict[str, str]:
    ours: dict[str, str] = {}
    for tag, path in tags.items():
        if path in ours:
            raise ValueError(
                f'expected another company tag for each: "{ours[path]}" and "{tag}" both name '
                f'"{path}"'
            )
        ours[path] = tag
    return tags


def _web(url: str) -> str:
    # The address itself is not repeated in the error: it may hold a password.
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"expected an address such as {API}")
    return url.rstrip("/")


ApiUrl = Annotated[str, AfterValidator(_web)]
"""Where WeCom's API is, without a slash at its end."""
CorpTagPath = Annotated[str, AfterValidator(_path)]


class Unconfirmed(Frozen):
    """What WeCom's pages do not say, or say in two ways; change one when you know better."""

    join_scenes: dict[str, JoinedHow] = Field(
        default={"0": "invited", "3": "link"},
        description="what each JoinScene of a group's new members means",
    )
    call_concurrency: int = Field(
        default=5, ge=1, le=100, description="calls of one API at once before 45033"
    )
    moments_a_month: int = Field(
        default=0,
        ge=0,
        description="moments of the company a customer is shown in a month; 0: nobody knows of a "
        "limit",
    )
    group_size: int = Field(
        default=200,
        ge=1,
        description="members from which a customer group takes nobody by a code any more",
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
    api_url: ApiUrl = Field(default=API, description="where WeCom's API is")
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
        default="",
        max_length=20,
        description="what the company's tags begin with as ours; if set, every tag of ours that "
        "begins so goes both ways",
    )
    tags: Annotated[dict[str, CorpTagPath], AfterValidator(_distinct)] = Field(
        default={},
        description='tags of ours that go both ways, each with its company tag as "group/tag"',
    )
    create_tags: str = Field(
        default="",
        max_length=30,
        description="the group missing company tags are created in (those of `tags` in their own); "
        "empty: none are created",
    )
    unconfirmed: Unconfirmed = Field(default=Unconfirmed(), description="what WeCom leaves open")
