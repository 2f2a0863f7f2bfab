"""The settings of a OneBot 11 gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from yarl import URL

from bot.model.base import Frozen
from bot.model.capabilities import Rate


def _web_socket(url: str) -> str:
    return _address(url, "ws", "wss")


def _web(url: str) -> str:
    return _address(url, "http", "https")


def _address(url: str, *schemes: str) -> str:
    # The address itself is not repeated in the error: it may hold a token.
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in schemes or not parsed.host:
        raise ValueError(f"expected an address such as {schemes[0]}://127.0.0.1:3001")
    return url


class OneBot11Settings(Frozen):
    """How to reach the implementation, in one of three modes.

    ``forward``: we connect to its WebSocket server at ``url``. ``reverse``: it connects to
    ``/gateways/<name>``. ``http``: it posts events to ``/gateways/<name>``, and we call its
    API at ``api_url``.
    """

    mode: Literal["forward", "reverse", "http"] = Field(
        "reverse", description="who connects: forward = we do, reverse = it does, http = callbacks"
    )
    url: Annotated[str, AfterValidator(_web_socket)] | None = Field(
        None, description="forward: its WebSocket server, ws:// or wss://"
    )
    api_url: Annotated[str, AfterValidator(_web)] | None = Field(
        None, description="http: its HTTP API server, http:// or https://"
    )
    access_token: SecretStr | None = Field(None, description="the token set in the implementation")
    secret: SecretStr | None = Field(
        None, description="http: the key its events are signed with (X-Signature)"
    )
    message_format: Literal["array", "string"] = Field(
        "array", description="how messages are sent: segment arrays or CQ-code strings"
    )
    link_cards: bool = Field(
        False, description="send link cards as share segments; not every implementation can"
    )
    action_timeout: float = Field(
        30.0, gt=0, le=600, description="seconds to wait for an answer before a send is in doubt"
    )
    account_rate: Rate = Field(
        Rate(count=30, seconds=30), description="most sends over the whole account"
    )
    chat_rate: Rate = Field(
        Rate(count=10, seconds=10), description="most sends in one conversation"
    )

    @model_validator(mode="after")
    def _complete(self) -> OneBot11Settings:
        if self.mode == "forward" and self.url is None:
            raise ValueError('mode "forward" needs url = "ws://…"')
        if self.mode == "http" and self.api_url is None:
            raise ValueError('mode "http" needs api_url = "http://…"')
        return self
