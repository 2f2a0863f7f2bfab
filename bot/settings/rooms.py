"""Settings of what members meet: welcomes, keyword routes and delivery."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, SecretStr, model_validator

from bot.located import Kind
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.phrase import Phrase
from bot.settings.conditions import RouteConditions
from bot.settings.kinds import (
    Duration,
    GroupRef,
    Name,
    Network,
    OrNone,
    PublicUrl,
    QuietHours,
)
from bot.settings.spans import DateSpan

DAY = 86_400.0
Words = Annotated[str, Field(min_length=1)]
_CAP = Phrase('a whole number of at least 1, or "none"')
_SYNONYMS = Phrase('a table of lists such as { "护肤" = ["skincare", "美容"] }')
Synonyms = Annotated[dict[str, tuple[Words, ...]], Kind(_SYNONYMS)]


class DeliverySettings(Frozen):
    """Limits of what the bot sends unasked; replies are never held back."""

    quiet_hours: Annotated[QuietHours | None, OrNone] = Field(
        default="22:00-08:00",
        description="When no broadcasts leave; they wait until it ends.",
    )
    daily_cap: Annotated[Annotated[int, Field(ge=1)] | None, OrNone, Kind(_CAP)] = Field(
        default=3,
        description="The most broadcasts one group or member gets in a day.",
    )
    weekly_cap: Annotated[Annotated[int, Field(ge=1)] | None, OrNone, Kind(_CAP)] = Field(
        default=None, description="The most broadcasts one group or member gets in seven days."
    )
    topic_caps: dict[Name, Annotated[int, Field(ge=1)]] = Field(
        default={}, description="The most of one topic a group or member gets in a day."
    )
    blackout: tuple[DateSpan, ...] = Field(
        default=(), description="Dates no broadcasts leave on; they wait for the day after."
    )


class SopSettings(Frozen):
    """How SOPs are made and checked."""

    approval: bool = Field(
        default=False, description="Whether somebody else must approve what starts or changes."
    )
    lock: Duration = Field(
        default=300.0, description="How long before a step is due its SOP cannot be edited."
    )
    distance: Duration = Field(
        default=1800.0, description="Steps of two SOPs closer than this are told as a conflict."
    )
    check_links: bool = Field(
        default=True, description="Whether plan checks ask the links' servers whether they answer."
    )


class WeComOAuth(Frozen):
    """A WeCom app that tells who opens a link in WeCom or WeChat."""

    corp_id: Words = Field(description="The company's id (企业 ID).")
    agent_id: Words = Field(description="The app's AgentId.")
    secret: SecretStr = Field(description="The app's secret.")
    gateway: Name = Field(default="wecom", description="The gateway whose accounts these are.")
    api_url: PublicUrl = Field(
        default="https://qyapi.weixin.qq.com", description="Where WeCom's API is."
    )


class WeChatOAuth(Frozen):
    """A WeChat official account that tells who opens a link in WeChat."""

    app_id: Words = Field(description="The account's AppID.")
    secret: SecretStr = Field(description="The account's AppSecret.")
    gateway: Name = Field(default="wechat", description="The gateway whose accounts these are.")
    api_url: PublicUrl = Field(
        default="https://api.weixin.qq.com", description="Where WeChat's API is."
    )


class OAuthSettings(Frozen):
    """Platforms that tell who opens a link, for links that ask."""

    wecom: WeComOAuth | None = Field(default=None, description="WeCom.")
    wechat: WeChatOAuth | None = Field(default=None, description="WeChat.")


class LinkSettings(Frozen):
    """How tracked links behave."""

    fallback_url: HttpUrl | None = Field(
        default=None,
        description="Where visitors go whose link is wrong, gone, ended, not open yet or full; "
        "without it they see a page that says so.",
    )
    count_staff: bool = Field(
        default=False,
        description="Whether clicks of staff (who have a role in chat, or use the console in the "
        "same browser that day) count like everybody's.",
    )
    do_not_track: Literal["respect", "ignore"] = Field(
        default="respect",
        description="What becomes of clicks by browsers that ask not to be tracked (DNT or "
        "Sec-GPC): respected, they count for link, step and group, but for no member.",
    )
    limited_while_away: Literal["redirect", "wait"] = Field(
        default="redirect",
        description="Links with a limited number of clicks while the store cannot be asked: "
        "redirect lets everybody through, so the limit may be passed; wait asks to come back.",
    )
    data_centres: tuple[Network, ...] = Field(
        default=(),
        description="Further networks of data centres, besides those of the list that ships.",
    )
    oauth: OAuthSettings = Field(
        default=OAuthSettings(), description="Platforms that tell who opens a link that asks."
    )


class WebhookSettings(Frozen):
    """How other systems are told what happens."""

    allow_private: bool = Field(
        default=False,
        description="Whether webhooks may go to machines of the own network, there also without "
        "https. Whoever makes webhooks can then reach these.",
    )


class RouteGroup(Frozen):
    """A group a route leads to; "gateway/group id" alone may be written in its place."""

    group: GroupRef = Field(description="The group.")
    capacity: int | None = Field(
        default=None, ge=1, description="How many members it takes; else the route's capacity."
    )
    link: HttpUrl | None = Field(default=None, description="The link to join it by, if it has one.")
    labels: tuple[Words, ...] = Field(
        default=(),
        description="Of a route that asks: the answers that lead here; the first is what is kept.",
    )

    @model_validator(mode="before")
    @classmethod
    def _group_alone(cls, value: Any) -> Any:
        return {"group": value} if isinstance(value, str | Conversation) else value

    @property
    def written(self) -> str:
        """The group as it is written: "gateway/group id"."""
        return f"{self.group.gateway}/{self.group.group}"


class RouteSettings(Frozen):
    """A keyword route: who says this gets into one of these groups."""

    name: Words = Field(description="How the route is called in lists and statistics; unique.")
    groups: tuple[RouteGroup, ...] = Field(
        min_length=1, description="Where it leads: the first group with room."
    )
    words: tuple[Words, ...] = Field(min_length=1, description="What members say.")
    mode: Literal["exact", "all", "prefix", "contains", "regex"] = Field(
        default="exact",
        description='How a message must fit one of the words; "all": have all of "skin + oily".',
    )
    pinyin: bool = Field(
        default=False, description="Whether Chinese words may be written in pinyin or initials."
    )
    typos: bool = Field(
        default=False, description="Whether one character of a longer word may be off."
    )
    synonyms: Synonyms = Field(
        default={}, description="Words read as if the word before the = stood there."
    )
    priority: int = Field(default=0, description="Of several routes that fit, the highest wins.")
    capacity: int | None = Field(
        default=None, ge=1, description="How many members each group takes; without it any number."
    )
    fill: Literal["order", "fewest"] = Field(
        default="order",
        description="Which group with room it is: the first, or that with the fewest members.",
    )
    hold: Annotated[Duration, Field(ge=60, le=30 * DAY)] = Field(
        default=DAY, description="How long a place is held for somebody who was shown the way in."
    )
    full: Literal["say", "wait", "create"] = Field(
        default="say",
        description="When all groups are full: say so; put who asks on a waiting list and tell "
        "them when a place opens; or make a new group, where the gateway can, or show a live code "
        "whose platform does.",
    )
    per_day: Annotated[Annotated[int, Field(ge=1)] | None, OrNone, Kind(_CAP)] = Field(
        default=None, description="The most times a day one member is shown the way in."
    )
    readmit: bool = Field(
        default=False,
        description="Whether who was removed from a group is shown the way into it again.",
    )
    reply: Words | None = Field(
        default=None,
        description="What is answered, Jinja2; without it a standard text with the way in.",
    )
    lobby: tuple[GroupRef, ...] = Field(
        default=(), description="Groups in which it listens, besides direct chats."
    )
    when: RouteConditions = Field(
        default=RouteConditions(), description="Who may take it, and when."
    )
    ask: Annotated[Words | None, OrNone] = Field(
        default=None,
        description='An attribute of members, such as "region", that says which group is theirs: '
        "who has none is asked, and the answer is kept.",
    )
    question: Words | None = Field(
        default=None,
        description="What is asked, Jinja2, before the numbered labels; else a standard text.",
    )
