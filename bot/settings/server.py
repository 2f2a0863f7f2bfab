"""Settings of the house itself: web, store, sandbox, gateways, log and retention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from bot.model.base import Frozen
from bot.settings.kinds import Folded, HostName, LogLevel, Network, PublicUrl, StoreUrl

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


class WebSettings(Frozen):
    """Where the console, the API, the sandbox, callbacks and links are served."""

    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on. 0.0.0.0 lets other machines in.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="The port; 0 takes any free one.")
    public_url: PublicUrl | None = Field(
        default=None,
        description="How members' phones reach this server; tracked links start with it. "
        "Without it links point to host and port and work on this machine only.",
    )
    link_domains: tuple[HostName, ...] = Field(
        default=(),
        description="Domains of this workspace's links; new links get the first. "
        "Links are then answered at these, at public_url's and on this machine only.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=(),
        description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )

    def url(self, port: int | None = None) -> str:
        """The public URL, else the local one; ``port`` is the one in use where 0 was set."""
        return self.public_url or self.local_url(port)

    def link_url(self, port: int | None = None) -> str:
        """What tracked links begin with; on the first link domain, with public_url's scheme."""
        if not self.link_domains:
            return self.url(port)
        scheme = "http" if (self.public_url or "").startswith("http://") else "https"
        return f"{scheme}://{self.link_domains[0]}"

    def link_hosts(self) -> set[str]:
        """The host names links are answered at; none means at all."""
        if not self.link_domains:
            return set()
        own = (urlsplit(url).hostname for url in (self.url(), self.local_url()))
        return {*self.link_domains, "localhost", "127.0.0.1", "::1", *filter(None, own)}

    def local_url(self, port: int | None = None) -> str:
        """How this machine itself reaches the server."""
        host = _EVERYWHERE.get(self.host, self.host)
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port or self.port}"


class StoreSettings(Frozen):
    """Where everything is kept."""

    url: StoreUrl | None = Field(
        default=None,
        description="A Redis (7.0 or newer) or Valkey server of your own. "
        "Without it the bot starts one in data_dir.",
    )


class SandboxSettings(Frozen):
    """The chat in the browser in which everything can be tried."""

    enabled: bool = Field(default=True, description="Whether /sandbox is there.")
    open: bool = Field(
        default=False,
        description="Whether other machines may use it too; "
        "whoever can reach it can play any member.",
    )
    groups: dict[str, str] = Field(
        default={}, description="Groups that are there from the start: id and name."
    )


class GatewaySettings(Frozen):
    """A connection to a chat account; all keys but ``adapter`` are the adapter's own."""

    model_config = ConfigDict(extra="allow")

    adapter: str = Field(
        min_length=1,
        description="The platform's adapter. The other keys of the section are the adapter's own.",
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # The rest may hold tokens, and only the adapter knows which.
        yield "adapter", self.adapter


class LogSettings(Frozen):
    """What is logged, and how."""

    level: LogLevel = Field(default="info", description="The least important level that is logged.")
    format: Annotated[Literal["auto", "json", "text"], Folded] = Field(
        default="auto",
        description="auto writes text to a terminal and JSON lines to anything else.",
    )


class RetentionSettings(Frozen):
    """How long details are kept; counts and check-ins stay."""

    journal_days: int = Field(default=90, ge=1, description="Days the journal is kept.")
    hits_days: int = Field(default=90, ge=1, description="Days single hits of links are kept.")
