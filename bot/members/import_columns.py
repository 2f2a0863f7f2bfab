"""Columns of an import: what each means for a member, guessed from its name and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

LEFT_OUT, NUMBER, PHONE, NAME, TAGS = "", "number", "phone", "name", "tags"
ACCOUNT, ATTRIBUTE = "account:", "attribute:"
"""Before a gateway's name, and before an attribute's."""
LONGEST_ATTRIBUTE = 60

_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        NUMBER: "number|member number|member no|编号|会员编号|成员编号",
        NAME: "name|member|nickname|full name|名字|姓名|昵称|名称|客户名称",
        TAGS: "tags|tag|labels|标签|客户标签",
        f"{ATTRIBUTE}phone": "phone|mobile|telephone|cell|手机|手机号|手机号码|电话|联系电话",
        f"{ATTRIBUTE}email": "email|e-mail|mail|邮箱|电子邮箱|邮件",
        f"{ATTRIBUTE}birthday": "birthday|birth date|date of birth|生日|出生日期",
        f"{ATTRIBUTE}owner": "owner|staff|所属员工|负责人|归属员工|添加人",
        f"{ATTRIBUTE}channel": "channel|source|渠道|来源",
        f"{ATTRIBUTE}timezone": "timezone|time zone|zone|时区",
        f"{ATTRIBUTE}city": "city|城市",
        LEFT_OUT: "since|known since|groups|首次出现|加入时间|认识时间|群|群聊",
    }
)
_BY_WORD = {word: target for target, words in _KNOWN.items() for word in words.split("|")}
_IDENT = re.compile(r"(?:account|user ?id|external ?user ?id|账号|帐号|id)(?:\s*[:：]\s*(.+))?")

NO_KEY = msgid("One column must say who is meant: the member's number, account or phone number.")
NO_PHONES = msgid(
    "Nobody is found by their phone number yet: the attribute “phone” must be declared as a phone "
    "number that members can be asked for by, and all members read for it."
)
TWO_KEYS = msgid("Columns “{one}” and “{other}” both say who is meant; one must be left out.")
TWICE = msgid("Columns “{one}” and “{other}” are both to be the {what}.")
NOTHING = msgid("No column brings anything but who is meant.")
NO_GATEWAY = msgid("Column “{one}” is of gateway “{gateway}”, which there is none of.")
BAD_NAME = msgid("“{name}” cannot be the name of an attribute.")
OTHER_LENGTH = msgid("The file has {there} columns, and {given} were said.")
UNKNOWN = msgid("Column “{one}” cannot be “{target}”.")


class WrongColumns(Exception):
    """Columns that cannot be imported so; its argument is a Phrase."""


def guess(
    header: Sequence[str],
    gateways: Sequence[str],
    called: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, ...]:
    """What each column probably is; nothing is guessed twice, and one says who is meant.

    What is not known becomes an attribute of the column's name. ``called``: the names of
    attributes by what people call them.
    """
    found: list[str] = []
    for name in header:
        attribute = called.get(name.strip())
        target = ATTRIBUTE + attribute if attribute else _target(name, gateways)
        found.append(LEFT_OUT if target in found else target)
    if NUMBER in found:
        return tuple(LEFT_OUT if one.startswith(ACCOUNT) else one for one in found)
    keys = [one for one in found if one.startswith(ACCOUNT)]
    if not keys and f"{ATTRIBUTE}phone" in found:
        return tuple(PHONE if one == f"{ATTRIBUTE}phone" else one for one in found)
    return tuple(LEFT_OUT if one in keys[1:] else one for one in found)


def check(header: Sequence[str], columns: Sequence[str], gateways: Iterable[str]) -> None:
    """Raises WrongColumns when the columns cannot be imported so."""
    if len(header) != len(columns):
        raise WrongColumns(Phrase(OTHER_LENGTH, there=len(header), given=len(columns)))
    taken: dict[str, str] = {}
    for one, target in zip(header, columns, strict=True):
        _check_one(one, target, gateways)
        if target and target in taken:
            raise WrongColumns(Phrase(TWICE, one=taken[target], other=one, what=target))
        taken[target] = one
    keys = [target for target in columns if is_key(target)]
    if len(keys) > 1:
        one, other = (taken[key] for key in keys[:2])
        raise WrongColumns(Phrase(TWO_KEYS, one=one, other=other))
    if not keys:
        raise WrongColumns(Phrase(NO_KEY))
    brings = any(target and not is_key(target) for target in columns)
    if not brings and (NUMBER in columns or PHONE in columns):
        raise WrongColumns(Phrase(NOTHING))


def is_key(target: str) -> bool:
    """Whether a column says who is meant."""
    return target in (NUMBER, PHONE) or target.startswith(ACCOUNT)


def is_attribute_name(name: str) -> bool:
    """Whether an attribute can be called so."""
    return 0 < len(name) <= LONGEST_ATTRIBUTE and name.isprintable() and name == name.strip()


def _check_one(one: str, target: str, gateways: Iterable[str]) -> None:
    if target in (LEFT_OUT, NUMBER, PHONE, NAME, TAGS):
        return
    kind, _, name = target.partition(":")
    if kind == "account":
        if name not in gateways:
            raise WrongColumns(Phrase(NO_GATEWAY, one=one, gateway=name))
    elif kind != "attribute":
        raise WrongColumns(Phrase(UNKNOWN, one=one, target=target))
    elif not is_attribute_name(name):
        raise WrongColumns(Phrase(BAD_NAME, name=name))


def _target(name: str, gateways: Sequence[str]) -> str:
    word = " ".join(name.casefold().replace("_", " ").split())
    word = re.sub(r"(?<=.) ?[(（].*[)）]$", "", word)  # a zone or a unit
    if word in _BY_WORD:
        return _BY_WORD[word]
    for gateway in gateways:
        if word == gateway.casefold():
            return ACCOUNT + gateway
    if (found := _IDENT.fullmatch(word)) and gateways:
        for gateway in gateways:
            if gateway.casefold() == found[1]:
                return ACCOUNT + gateway
        if not found[1]:
            return ACCOUNT + gateways[0]
        return LEFT_OUT
    name = name.removeprefix(ATTRIBUTE)  # as it is said on the command line and in audiences
    return ATTRIBUTE + name if is_attribute_name(name) else LEFT_OUT
