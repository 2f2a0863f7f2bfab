"""The settings of a WeCom AI-bot gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from yarl import URL

from bot.gateways.wecom.crypto import key_of
from bot.model.base import Frozen

OFFICIAL = "wss://openws.work.weixin.qq.com"


def _socket(url: str) -> str:
    parsed = URL(url)
    if parsed.scheme not in ("ws", "wss") or not parsed.host:
        raise ValueError(f"expected an address such as {OFFICIAL}")
    return url


def _aes_key(key: SecretStr) -> SecretStr:
    key_of(key.get_secret_value())
    return key


class WeComBotSettings(Frozen):
    """How to speak for one AI bot, in one of the two ways WeCom offers (they exclude each other).

    ``long_connection``: we connect, with ``bot_id`` and ``secret``. ``callback``: WeCom posts to
    ``/gateways/<name>``, with ``token`` and ``aes_key``; then the bot can only answer.
    """

    mode: Literal["long_connection", "callback"] = Field(
        "long_connection", description="as chosen in the bot's API settings"
    )
    bot_id: str = Field("", description="long_connection: the bot's id")
    secret: SecretStr | None = Field(None, description="long_connection: its secret")
    token: SecretStr | None = Field(None, description="callback: the Token")
    aes_key: Annotated[SecretStr, AfterValidator(_aes_key)] | None = Field(
        None, description="callback: the EncodingAESKey"
    )
    name: str = Field("", description="the bot's name, cut from what is said to it in groups")
    url: Annotated[str, AfterValidator(_socket)] = Field(
        OFFICIAL, description="long_connection: where to connect"
    )
    ack_timeout: float = Field(
        5.0, gt=0, le=60, description="seconds without acknowledgement until a send is in doubt"
    )
    reply_as: Literal["stream", "markdown"] = Field(
        "stream", description="what a reply is sent as; a repeated stream is shown once"
    )
    stream_seconds: float = Field(
        360.0, gt=0, le=600, description="how long after a message a stream may answer it"
    )
    first_chunk: Literal[0, 1] = Field(0, description="the index of an upload's first piece")
    waiting_text: str = Field("…", min_length=1, description="callback: shown until we answer")
    patience: float = Field(
        20.0, gt=0, le=360, description="callback: seconds until an unanswered message is let go"
    )
    answer_seconds: float = Field(
        3600.0, gt=0, le=3600, description="callback: how long a message can be answered later"
    )
    replay_window: float = Field(
        6 * 3600.0,
        ge=0,
        description="callback: seconds a timestamp may differ from our clock; 0: any",
    )
    ping_seconds: float = Field(
        30.0, ge=1, le=300, description="long_connection: seconds between two signs of life"
    )
    passing_codes: frozenset[int] = Field(
        frozenset({846601, 846602}), description="WeCom's codes after which a send is tried again"
    )

    @model_validator(mode="after")
    def _complete(self) -> WeComBotSettings:
        needed = ("bot_id", "secret") if self.mode == "long_connection" else ("token", "aes_key")
        missing = [name for name in needed if not getattr(self, name)]
        if missing:
            raise ValueError(f'mode "{self.mode}" needs {" and ".join(missing)}')
        return self
