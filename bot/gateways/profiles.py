"""What well-known gateways can do, to preview a message for one that is not connected yet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities, Quota, Rate

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "wecom": msgid("WeCom customer group"),
        "wecom-robot": msgid("WeCom group robot"),
        "onebot11": msgid("QQ (OneBot 11)"),
        "satori": msgid("Satori"),
        "matrix": msgid("Matrix"),
        "telegram": msgid("Telegram"),
        "sandbox": msgid("Sandbox"),
    }
)
"""What people call each profile."""

# Document 92135 (updated 2025-11-17) and 92137: a mass message is confirmed by a staff member,
# holds 4000 bytes of text and 9 attachments, no mentions; a link's title 128 bytes, its description
# 512, a mini program's title 64. A customer and a group each receive as many a month as it has
# days, so 28 is right in every month; a company may set 7 a week or 1 a day instead. A greeting's
# code lives 20 s. One mass message goes to 10 000 customers or 2000 groups at most.
_WECOM = Capabilities(
    staff_confirm=True,
    welcome_window=20.0,
    member_list=True,
    join_link=True,
    segments=frozenset({"text", "image", "link_card", "file", "video", "mini_program"}),
    text_bytes=4000,
    layout="words_first",
    attachments=9,
    title_bytes=128,
    description_bytes=512,
    mini_title_bytes=64,
    quotas=(
        Quota(per="member", count=28, period="month"),
        Quota(per="group", count=28, period="month"),
    ),
    asks=True,
    ask_accounts=10_000,
    ask_groups=2000,
)

# Document 99110 (formerly 91770): text of 2048 bytes, 20 messages a minute per robot, internal
# groups only, and it cannot read. Too long a text is refused, not cut.
_WECOM_ROBOT = Capabilities(
    send_direct=False,
    segments=frozenset({"text", "mention", "image", "link_card", "file"}),
    text_bytes=2048,
    layout="apart",
    title_bytes=128,
    description_bytes=512,
    account_rate=Rate(count=20, seconds=60),
)

# As our adapter with its defaults: whether share segments work depends on the implementation, and
# the rates are ours, for the standard states none.
_ONEBOT11 = Capabilities(
    recall=True,
    remove=True,
    mute=True,
    member_list=True,
    segments=frozenset({"text", "mention", "image"}),
    alone=frozenset({"link_card"}),
    account_rate=Rate(count=30, seconds=30),
    chat_rate=Rate(count=10, seconds=10),
)

# satori.chat, standard elements and resources: at, img, video and file elements, message.delete and
# guild.member.list; limits are those of the platform behind it.
_SATORI = Capabilities(
    recall=True,
    member_list=True,
    segments=frozenset({"text", "mention", "image", "file", "video"}),
)

# Client-server specification: a whole event is at most 65 536 bytes, of which the envelope and a
# formatted copy of the text take their part; m.image, m.file and m.video are events of their own;
# a transaction id makes sending idempotent; a redaction recalls. Rates are each server's, told in
# its 429 answers.
_MATRIX = Capabilities(
    idempotent=True,
    recall=True,
    member_list=True,
    segments=frozenset({"text", "mention", "image", "file", "video"}),
    text_bytes=30_000,
    layout="apart",
)

# core.telegram.org/bots/api (sendMessage: 4096 characters, counted in UTF-16 code units) and
# /bots/faq (30 messages a second in all, 20 a minute into one group). Bots cannot list members.
_TELEGRAM = Capabilities(
    recall=True,
    segments=frozenset({"text", "mention", "image", "file", "video"}),
    text_units=4096,
    layout="apart",
    account_rate=Rate(count=30, seconds=1),
    chat_rate=Rate(count=20, seconds=60),
)

# As our adapter with its defaults.
_SANDBOX = Capabilities(
    idempotent=True,
    member_list=True,
    recall=True,
    remove=True,
    segments=frozenset({"text", "mention", "image", "link_card", "file", "button"}),
)

_PROFILES: Mapping[str, Capabilities] = MappingProxyType(
    {
        "wecom": _WECOM,
        "wecom-robot": _WECOM_ROBOT,
        "onebot11": _ONEBOT11,
        "satori": _SATORI,
        "matrix": _MATRIX,
        "telegram": _TELEGRAM,
        "sandbox": _SANDBOX,
    }
)


def profiles() -> Mapping[str, Capabilities]:
    """The usual capabilities by profile name; a connected gateway's own are nearer the truth."""
    return _PROFILES
