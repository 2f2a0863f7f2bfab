"""Lists: staff, customers, customer groups and tags as WeCom lists them now.

Facts from developer.work.weixin.qq.com/document/path/92113 and 92994 (customers), 92120 and 92122
(groups), 92117 (tags).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.clock import Clock
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import NO_ANSWER, RULES, WeComError
from bot.gateways.wecom.pages import pages
from bot.gateways.wecom.settings import JoinedHow

NO_RELATION = frozenset({84061, 40096})
"""Nobody is there: no customers, or nobody whose customer it is."""
NO_GROUP = frozenset({40050})
TOO_WIDE = 81017
"""So many staff that their groups must be asked for by owner."""
OWNERS = 100
"""Staff asked for in one call."""
TRIES = 3
LONGEST = 61.0
"""Seconds waited for a call that was refused for now; what takes longer is left for later."""
_SCENES: Mapping[object, JoinedHow] = MappingProxyType({1: "invited", 2: "link", 3: "link"})
"""join_scene of a roster, which is numbered otherwise than a callback's."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A customer of a staff member's; ``since`` is UTC ms, ``tags`` are ids of company tags."""

    staff: str
    customer: str
    since: int
    name: str = ""
    channel: str | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in a group; ``since`` is UTC ms, ``by`` the inviter's id."""

    account: str
    name: str
    since: int
    how: JoinedHow = "unknown"
    by: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A customer group; ``created`` is UTC ms, ``version`` changes with its members."""

    chat: str
    name: str
    owner: str
    created: int
    version: str
    members: tuple[Present, ...]


@dataclass(frozen=True, slots=True)
class CorpTag:
    """A tag of the company's, in a group of tags."""

    name: str
    group: str

    @property
    def path(self) -> str:
        """As settings name it."""
        return f"{self.group}/{self.name}"


class Lists:
    """Reads them page by page; every call raises WeComError once waiting a while did not help.

    ``before`` is called before every call, to keep a lease alive or to end it all by raising.
    """

    def __init__(self, api: WeComApi, clock: Clock, before: Callable[[], Awaitable[None]]) -> None:
        self._api = api
        self._clock = clock
        self._before = before

    async def staff(self) -> list[str]:
        """The staff who can have customers and whom this app sees."""
        answer = await self._get("externalcontact/get_follow_user_list")
        return [str(one) for one in answer.get("follow_user") or ()]

    async def relations(self, staff: str) -> list[Relation]:
        """All customers of a staff member; also who only half is one, which is not told."""
        found: list[Relation] = []
        body = {"userid_list": [staff], "limit": 100}
        try:
            async for page in self._posted("externalcontact/batch/get_by_user", body):
                for row in page.get("external_contact_list") or ():
                    person = row["external_contact"]
                    found.append(_relation(row["follow_info"], person, staff))
        except WeComError as error:
            if error.errcode not in NO_RELATION:
                raise
        return found

    async def confirmed(self, staff: str) -> set[str]:
        """The customers of a staff member without those who only half are."""
        try:
            answer = await self._get("externalcontact/list", userid=staff)
        except WeComError as error:
            if error.errcode not in NO_RELATION:
                raise
            return set()
        return {str(one) for one in answer.get("external_userid") or ()}

    async def followers(self, customer: str) -> list[Relation]:
        """Whose customer somebody is; also whose only half."""
        found: list[Relation] = []
        about = {"external_userid": customer}
        try:
            async for page in pages(lambda at: self._get("externalcontact/get", **about, **at)):
                person = page["external_contact"]
                follows = page.get("follow_user") or ()
                found += [_relation(row, person, str(row["userid"])) for row in follows]
        except WeComError as error:
            if error.errcode not in NO_RELATION:
                raise
            return []
        return found

    async def groups(self, staff: Sequence[str]) -> list[str]:
        """The ids of all customer groups; by owner where the company is so large."""
        try:
            return await self._groups({})
        except WeComError as error:
            if error.errcode != TOO_WIDE:
                raise
        found: list[str] = []
        for i in range(0, len(staff), OWNERS):
            owners = {"userid_list": list(staff[i : i + OWNERS])}
            found += await self._groups({"owner_filter": owners})
        return found

    async def _groups(self, which: Mapping[str, Any]) -> list[str]:
        body = {"status_filter": 0, "limit": 1000, **which}
        return [
            str(row["chat_id"])
            async for page in self._posted("externalcontact/groupchat/list", body)
            for row in page.get("group_chat_list") or ()
        ]

    async def roster(self, chat: str) -> Roster | None:
        """A group and who is in it; None when there is none, or none that this app sees."""
        body = {"chat_id": chat, "need_name": 1}
        try:
            answer = await self._post("externalcontact/groupchat/get", body)
        except WeComError as error:
            if error.errcode not in NO_GROUP:
                raise
            return None
        group = answer["group_chat"]
        return Roster(
            chat=chat,
            name=str(group.get("name") or ""),
            owner=str(group.get("owner") or ""),
            created=int(group.get("create_time") or 0) * 1000,
            version=str(group.get("member_version") or ""),
            members=tuple(_present(row) for row in group.get("member_list") or ()),
        )

    async def tags(self) -> dict[str, CorpTag]:
        """The company's tags by id."""
        answer = await self._post("externalcontact/get_corp_tag_list", {})
        return {
            str(tag["id"]): CorpTag(str(tag["name"]), str(group.get("group_name") or ""))
            for group in answer.get("tag_group") or ()
            for tag in group.get("tag") or ()
            if not (group.get("deleted") or tag.get("deleted"))
        }

    # calls

    def _posted(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        return pages(lambda at: self._post(path, {**body, **at}))

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        return await self.patiently(lambda: self._api.get(path, **params))

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self.patiently(lambda: self._api.post(path, body))

    async def patiently(
        self, call: Callable[[], Awaitable[dict[str, Any]]], longest: float = LONGEST
    ) -> dict[str, Any]:
        """The answer of a call that may be made again, at most ``longest`` seconds later each time.

        Raises WeComError.
        """
        attempt = 0
        while True:
            await self._before()
            try:
                return await call()
            except WeComError as error:
                wait = _wait(error, attempt)
                attempt += 1
                if not wait or wait > longest or attempt > TRIES:
                    raise
            await self._clock.sleep(wait)


def _wait(error: WeComError, attempt: int) -> float:
    """Seconds after which the same call may succeed; 0.0 when it never will by itself."""
    rule = RULES.get(error.errcode)
    if error.errcode == NO_ANSWER:
        return error.after or float(2**attempt)
    return (error.after or rule.wait(attempt)) if rule and rule.do == "again" else 0.0


def _relation(follow: Mapping[str, Any], person: Mapping[str, Any], staff: str) -> Relation:
    tags = [str(one) for one in follow.get("tag_id") or ()]
    # Personal tags (type 2) are a staff member's own.
    tags += [str(t["tag_id"]) for t in follow.get("tags") or () if t.get("type") != 2]
    return Relation(
        staff=staff,
        customer=str(person["external_userid"]),
        since=int(follow.get("createtime") or 0) * 1000,
        name=str(person.get("name") or ""),
        channel=str(follow.get("state") or "") or None,
        tags=frozenset(tags),
    )


def _present(row: Mapping[str, Any]) -> Present:
    inviter = row.get("invitor") or {}
    return Present(
        account=str(row["userid"]),
        name=str(row.get("name") or row.get("group_nickname") or ""),
        since=int(row.get("join_time") or 0) * 1000,
        how=_SCENES.get(row.get("join_scene"), "unknown"),
        by=str(inviter.get("userid") or "") or None,
        channel=str(row.get("state") or "") or None,
    )
