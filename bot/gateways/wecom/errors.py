"""What WeCom's error codes mean for us: try again, drop the recipient, ask an operator.

Facts from developer.work.weixin.qq.com/document/path/90313 (codes) and 90454 (limits); what to do
about them is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from bot.i18n.mark import msgid
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.model.fault import Fault
from bot.model.phrase import Phrase

HOLD = 60_000
"""Milliseconds nothing is asked after a fault that only waiting or an operator ends."""
LONGEST_HOLD = 3_600_000
"""What that grows to: an hour's breach and a ban both last an hour."""

NO_ANSWER = 0
BUSY = -1
"""WeCom's own failure; a message may have gone out all the same."""
STALE = frozenset({40014, 42001})
"""The token ended early: another one helps."""
REFUSED = frozenset({40001, 40013, 40091})
"""The company's id or the secret is wrong: nothing helps but an operator."""
HELD_PATH = frozenset({40056, 41001, 45009, 48002, 301002})
"""The same call of this app will be refused again for a while."""
HELD_ALL = frozenset({60020})
"""Every call from this address will."""
CODED = msgid("{what} (code {code})")
_SEEN = re.compile(r"from ip: ([0-9A-Fa-f.:]{2,45})")
"""How its answers say where a call came from."""


class WeComError(Exception):
    """WeCom answered with an ``errcode``; 0 when it did not answer at all.

    ``sent``: whether it may have done what was asked all the same. ``after``: seconds we will not
    ask again, where that is known. ``errmsg`` holds its hint, and no secret.
    """

    def __init__(
        self, errcode: int, errmsg: str, *, sent: bool = False, after: float = 0.0
    ) -> None:
        super().__init__(f"{errcode} {errmsg}" if errcode else errmsg)
        self.errcode = errcode
        self.errmsg = errmsg
        self.sent = sent
        self.after = after

    @property
    def general(self) -> bool:
        """Whether it concerns everybody, and not only whom was asked about."""
        rule = RULES.get(self.errcode)
        return self.errcode == NO_ANSWER or bool(rule and rule.do in ("again", "fix"))


class Unreachable(Refused):
    """This recipient can never be reached: no relation, no such person, not ours."""


class StaleMedia(Refused):
    """A media_id has ended: what is sent once more with a new one may go."""


class AlreadyDone(Refused):
    """Nothing is left to do: the greeting was sent by another, or the chat has begun."""


Do = Literal["again", "drop", "refuse", "upload", "done", "fix"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about a code, and how to say it.

    ``remedy`` is what an operator does, where one must act.
    "again" waits ``first`` seconds, doubling up to ``cap``, at most ``tries`` times; ``scope`` is
    who waits. "drop" gives up this recipient, "refuse" this content; "upload" means a media_id
    ended; "done" that nothing is left to do; "fix" that an operator must act.
    """

    do: Do
    say: str
    remedy: str = ""
    first: float = 1.0
    cap: float = 60.0
    tries: int = 3
    scope: Literal["chat", "account"] = "chat"

    @property
    def deadline(self) -> float:
        """Seconds after which nothing is tried again."""
        return sum(self.wait(attempt) for attempt in range(self.tries))

    def wait(self, attempt: int) -> float:
        """Seconds before the try after ``attempt`` failed ones."""
        return float(min(self.cap, self.first * 2**attempt))


def _same(rule: Rule, *codes: int) -> dict[int, Rule]:
    return dict.fromkeys(codes, rule)


_GONE = Rule("drop", msgid("WeCom knows nobody with this id."))
_CONTENT = Rule("refuse", msgid("WeCom takes no such message: too long, or a part is wrong."))
_BUG = Rule("refuse", msgid("WeCom did not understand the request. Please report this."))
_FRIEND = Rule("drop", msgid("This customer and the staff member are not in contact any more."))
_SECRET = Rule(
    "fix",
    msgid("WeCom refuses the app's Secret."),
    msgid(
        "Compare secret with 应用管理 → the app → Secret, and corp_id with 我的企业 → 企业信息 → "
        "企业 ID. A Secret made anew makes the old one worthless; an app that is switched off has "
        "none. Then start Muster again."
    ),
)
_COMPANY = Rule(
    "fix",
    msgid("WeCom knows no company with this id."),
    msgid("Set corp_id to 我的企业 → 企业信息 → 企业 ID and start Muster again."),
)
_AGENT = Rule(
    "fix",
    msgid("The AgentId is not that of the Secret's app."),
    msgid("Set agent_id to 应用管理 → the app → AgentId and start Muster again."),
)
_ROBOT = Rule(
    "fix",
    msgid("The group robot was removed, disabled or taken out of its group."),
    msgid("Make a new one in the group, set its Webhook address and start Muster again."),
)

RULES: Mapping[int, Rule] = MappingProxyType(
    {
        BUSY: Rule("again", msgid("WeCom is busy."), first=1, cap=10, tries=3),
        **_same(_SECRET, 40001, 40091),
        40013: _COMPANY,
        **_same(
            Rule("again", msgid("The access token ended while it was renewed."), tries=2),
            *STALE,
        ),
        **_same(_GONE, 40003, 46004, 60111, 81013, 86216, 301021),
        40007: Rule("upload", msgid("The uploaded file expired, as all do after three days.")),
        40029: Rule("refuse", msgid("Whoever opened the link must open it again.")),
        40050: Rule("drop", msgid("WeCom knows no such group.")),
        **_same(_CONTENT, 40058, 41064, 41065, 45001, 45002, 45008),
        40096: Rule("drop", msgid("No staff member whom this app can see has this customer.")),
        **_same(_BUG, 45034, 81017, 82001, 82002, 86003),
        41001: Rule(
            "fix",
            msgid("No access token came with the call."),
            msgid(
                "If api_url names a proxy, let it hand on the whole address, with what follows "
                "the question mark. Otherwise please report this."
            ),
        ),
        40098: Rule("refuse", msgid("A staff member has not proved who they are (实名认证).")),
        41041: Rule("refuse", msgid("A code leads to at most 100 staff.")),
        41044: Rule("refuse", msgid("WeCom has this code no more.")),
        41045: Rule("refuse", msgid("The company has 500 000 codes, and can have no more.")),
        41048: Rule("drop", msgid("None of the customers can be sent to.")),
        41050: Rule("refuse", msgid("The 20 seconds for a welcome were over.")),
        41051: Rule("done", msgid("They are chatting already, or were welcomed by another app.")),
        41053: Rule("refuse", msgid("The customer has not agreed that chats are archived.")),
        41054: Rule("refuse", msgid("A staff member has not activated WeCom.")),
        41063: Rule(
            "again", msgid("WeCom is still handing the task out."), first=60, cap=600, tries=6
        ),
        41093: Rule("refuse", msgid("The task was cancelled.")),
        41094: Rule("refuse", msgid("The staff were reminded three times today already.")),
        # Two short tries, for the whole welcome has 20 s.
        41096: Rule("again", msgid("Another app is sending the welcome."), first=1, cap=2, tries=2),
        45009: Rule(
            "again",
            msgid("WeCom's limit for this call is reached."),
            first=60,
            cap=3600,
            tries=7,
            scope="account",
        ),
        45033: Rule("again", msgid("Too many of these calls at once."), first=0.5, cap=5, tries=6),
        48002: Rule(
            "fix",
            msgid("WeCom does not let this app do that: it is not among those of 客户联系."),
            msgid(
                "客户与上下游 → 客户联系 → API → 可调用接口的应用: add the app, and see that "
                "客户联系 → 权限配置 → 使用范围 holds the staff with customers."
            ),
        ),
        50001: Rule(
            "fix",
            msgid("The links' domain is not among the app's trusted domains (可信域名)."),
            msgid("应用管理 → the app → 网页授权及 JS-SDK → 可信域名: add the links' domain."),
        ),
        50002: Rule("drop", msgid("They are outside the app's visible range (可见范围).")),
        60011: Rule(
            "drop", msgid("The app may not reach this member: widen its visible range (可见范围).")
        ),
        60020: Rule(
            "fix",
            msgid("This server's address is not among the app's trusted addresses (企业可信IP)."),
            msgid(
                "应用管理 → the app → 企业可信IP: add the address this server has on the internet. "
                "It counts after about a minute."
            ),
        ),
        84014: Rule("refuse", msgid("Whoever opened the link must open it again.")),
        84061: _FRIEND,
        **_same(_ROBOT, 93000, 93004, 93008),
        **_same(
            Rule("refuse", msgid("The customer must write first.")),
            *(95001, 95013),
        ),
        **_same(_AGENT, 40056, 301002),
        701008: Rule("drop", msgid("The member has no activated licence (互通账号).")),
        830002: Rule("refuse", msgid("The file is larger than 20 MB.")),
    }
)
"""Code → what to do about it; an unknown one is refused with code and hint."""


def failure(error: WeComError, attempt: int = 0, *, idempotent: bool = False) -> SendError:
    """The error class of what WeCom answered, for the sender.

    ``attempt``: how often it failed before. Without an answer it is InDoubt, unless WeCom was
    never reached or the call is ``idempotent`` (duplicate check), which make it a Retry; so too
    for a -1, after which a message may have gone out.
    """
    code = error.errcode
    if code == NO_ANSWER:
        reason = Phrase(msgid("WeCom did not answer."))
        if error.sent and not idempotent:
            return InDoubt(reason)
        return Retry(reason, after=max(error.after, 1.0))
    rule = RULES.get(code)
    if rule is None:
        said = msgid("WeCom refused it with code {code}: {hint}")
        return Refused(Phrase(said, code=code, hint=error.errmsg))
    reason = Phrase(CODED, what=Phrase(rule.say), code=code)
    if error.sent and not idempotent:
        return InDoubt(reason)
    match rule.do:
        case "again" if attempt < rule.tries:
            return Retry(reason, after=error.after or rule.wait(attempt), scope=rule.scope)
        case "fix":
            return Misconfigured(Fault(reason, _remedy(rule, error)), error.after)
        case "drop":
            return Unreachable(reason)
        case "upload":
            return StaleMedia(reason)
        case "done":
            return AlreadyDone(reason)
    return Refused(reason)


@contextmanager
def repeatable() -> Iterator[None]:
    """Reading, and what may be done twice: its WeComErrors are told as the sender's errors."""
    try:
        yield
    except WeComError as error:
        raise failure(error, idempotent=True) from None


def _remedy(rule: Rule, error: WeComError) -> Phrase:
    """What to do; with the address WeCom saw, where that is what it does not trust."""
    remedy = Phrase(rule.remedy)
    if error.errcode in HELD_ALL and (found := _SEEN.search(error.errmsg)):
        return Phrase(msgid("{what} WeCom saw {address}."), what=remedy, address=found[1])
    return remedy
