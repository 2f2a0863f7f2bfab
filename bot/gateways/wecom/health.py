"""Health: what operators are told of a WeCom gateway, and what they compare with its pages."""

from __future__ import annotations

from bot.gateways.wecom.callback import Callbacks
from bot.gateways.wecom.errors import WeComError, failure
from bot.gateways.wecom.settings import WeComSettings
from bot.gateways.wecom.status import Status
from bot.i18n.mark import msgid
from bot.model.fault import Fault
from bot.model.health import Detail, Health
from bot.model.phrase import Phrase

CALLBACK = msgid("应用管理 → the app → 接收消息 → 设置 API 接收 → URL")
SKIPPED = Fault(
    msgid("WeCom does not let the app read some staff or groups."),
    msgid(
        "See that 应用管理 → the app → 可见范围 holds all staff with customers; the log names who "
        "was left out (sync.skipped)."
    ),
)
"""What a reason that was written down may have been."""
REFUSED = msgid("Calls to our address that were refused")


def health(sync: Status, tags: int, callbacks: Callbacks, settings: WeComSettings) -> Health:
    """``tags``: how many tags of the company's are known."""
    return Health(
        rows=(*_known(sync, tags), *_heard(callbacks)),
        faults=tuple(_faults(sync)),
        setup=(
            Detail(msgid("corp_id, as 我的企业 → 企业信息 → 企业 ID"), settings.corp_id, "word"),
            Detail(msgid("agent_id, as the app's AgentId"), settings.agent_id, "word"),
        ),
        callback=CALLBACK,
    )


def _known(sync: Status, tags: int) -> list[Detail]:
    return [
        Detail(msgid("Staff with customers"), sync.staff),
        Detail(msgid("Their customers"), sync.contacts),
        Detail(msgid("Customer groups"), sync.groups),
        Detail(msgid("Company tags"), tags),
        *([Detail(msgid("Tags still to be marked there"), sync.waiting)] if sync.waiting else []),
        Detail(msgid("Last complete comparison"), sync.complete, "moment"),
        Detail(msgid("Found by it, told by no callback"), sync.repaired),
    ]


def _heard(callbacks: Callbacks) -> list[Detail]:
    unknown = sum(callbacks.unknown.values())
    rows = []
    if callbacks.refused:
        rows.append(Detail(REFUSED, callbacks.refused))
    if unknown:
        rows.append(Detail(msgid("Callbacks of kinds that mean nothing to us"), unknown))
    return rows


def _faults(sync: Status) -> list[str]:
    """What the last comparison ran into."""
    found: list[str] = []
    if sync.reason:
        told = failure(WeComError(sync.errcode, sync.errmsg), idempotent=True).reason
        broken = Phrase(msgid("The last comparison was broken off: {why}"), why=Phrase.of(told))
        found.append(Fault(broken, told.remedy) if isinstance(told, Fault) else broken)
    if sync.mark_reason:
        found.append(Phrase(msgid("Tags do not get there: {why}"), why=sync.mark_reason))
    if sync.skipped:
        found.append(SKIPPED)
    return found
