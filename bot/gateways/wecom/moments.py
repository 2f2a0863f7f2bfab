"""Moments: what a staff member publishes, with a tap, for all their customers to see (朋友圈).

Facts from developer.work.weixin.qq.com/document/path/95094 (create, and its result) and 93333
(who published, who is shown it). Creating is a job; its jobid holds for a day, the moment_id for
good. With senders alone all their customers see it, with tags besides only those who have one. No
call reminds anybody, and what customers are shown at most no document says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import StaleMedia, WeComError, failure, repeatable
from bot.gateways.wecom.files import Source, source_of
from bot.gateways.wecom.media import Media
from bot.i18n.mark import msgid
from bot.model.asking import Ask, AskState, Targets
from bot.model.delivery import Refused, Retry
from bot.model.message import AnySegment, LinkCard, Message
from bot.model.phrase import Phrase
from bot.store.store import Store

PUBLISHES: Mapping[str, Any] = MappingProxyType({"moments": True, "moment_chars": 2000})
"""What the capabilities of a gateway with moments say."""
MOST: Mapping[str, int] = MappingProxyType({"image": 9, "video": 1, "link": 1})
"""What one moment can show, of one kind only."""
TITLE = 64
"""UTF-8 bytes of a link's title."""
JOB, MOMENT = "job:", "moment:"
"""How the ids begin that we give: while only the job is known, and later."""
READY, PUBLISHED = 3, 1
KEPT = 30 * 86_400
AROUND = 600
"""Seconds before and after an ask in which its moment may have been made: clocks differ."""

CREATING = msgid("WeCom is still making the moment.")
NO_REMINDER = msgid("WeCom has no reminder for moments: tell them yourself.")
NO_TAG = msgid("The company has no tag “{tag}”.")
MIXED = msgid("A moment shows up to nine pictures, or one film, or one link card.")
TOO_LONG = msgid("The text is too long: {most} characters are allowed.")


class MomentMedia(Media):
    """Uploads for moments, which are others than those for messages: give another corp id."""

    async def _upload(self, source: Source, name: str, data: bytes) -> str:
        about = {"media_type": source.kind, "attachment_type": "1"}
        with repeatable():  # nobody has seen anything yet
            answer = await self._api.upload("media/upload_attachment", name, data, **about)
        return str(answer.get("media_id", ""))


class Moments:
    """The moments of one app."""

    def __init__(self, api: WeComApi, media: Media, store: Store, corp: str, gateway: str) -> None:
        self._api = api
        self._media = media
        self._store = store
        self._corp = corp
        self._gateway = gateway

    @staticmethod
    def made(platform_id: str) -> bool:
        """Whether an ask's id is that of a moment."""
        return platform_id.startswith((JOB, MOMENT))

    async def ask(self, ask: Ask) -> str:
        """Have the staff member publish it; the job's id. Raises SendError."""
        try:
            return await self._ask(ask)
        except StaleMedia:
            for source in filter(None, map(_source, ask.message.segments)):
                await self._media.forget(source)
        return await self._ask(ask)

    async def find_ask(self, ask: Ask) -> str:
        """The id of the one moment with this text and staff member of that time, or ''."""
        content, _ = _split(ask.message)
        since = ask.since // 1000
        span = {"start_time": since - AROUND, "end_time": since + AROUND, "filter_type": 0}
        with repeatable():
            path = "externalcontact/get_moment_list"
            rows = await self._api.rows(path, "moment_list", span, 20)
            found = []
            for row in rows:
                if (row.get("text") or {}).get("content", "") == content:
                    ident = str(row["moment_id"])
                    if [*await self._published(ident)] == [ask.staff]:
                        found.append(MOMENT + ident)
        return found[0] if len(found) == 1 else ""

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        """Whether it was published, and to which targets it is shown; raises SendError.

        One that is not shown it may be not yet, or never: not in contact any more, without any of
        the tags, or shown too many already. WeCom does not say which.
        """
        with repeatable():
            moment = await self._moment(platform_id)
            if not moment:
                return "preparing", {}
            if not (await self._published(moment)).get(ask.staff):
                return "waiting", {}
            body = {"moment_id": moment, "userid": ask.staff}
            path = "externalcontact/get_moment_send_result"
            rows = await self._api.rows(path, "customer_list", body, 3000)
        shown = {str(row.get("external_userid", "")) for row in rows}
        return "done", {one: ("sent", 0) for one in ask.targets if one in shown}

    async def remind(self, platform_id: str) -> None:
        """WeCom has no such call: raises Refused."""
        raise Refused(Phrase(NO_REMINDER))

    async def withdraw(self, platform_id: str) -> None:
        """Nobody is asked any more; raises SendError."""
        with repeatable():
            moment = await self._moment(platform_id)
            if not moment:
                raise Retry(Phrase(CREATING), after=60.0)
            await self._api.post("externalcontact/cancel_moment_task", {"moment_id": moment})

    # making one

    async def _ask(self, ask: Ask) -> str:
        body = await self._body(ask)
        try:
            answer = await self._api.post("externalcontact/add_moment_task", body)
        except WeComError as error:
            raise failure(error) from None
        return JOB + str(answer["jobid"])

    async def _body(self, ask: Ask) -> dict[str, Any]:
        words, shown = _split(ask.message)
        if len(words) > PUBLISHES["moment_chars"]:
            raise Refused(Phrase(TOO_LONG, most=PUBLISHES["moment_chars"]))
        attachments = [await self._attachment(one) for one in shown]
        kinds = {one["msgtype"] for one in attachments}
        if len(kinds) > 1 or any(len(attachments) > MOST[kind] for kind in kinds):
            raise Refused(Phrase(MIXED))
        visible: dict[str, Any] = {"sender_list": {"user_list": [ask.staff]}}
        if ask.seen_by:
            visible["external_contact_list"] = {"tag_list": await self._tags(ask.seen_by)}
        body: dict[str, Any] = {"visible_range": visible}
        if words:
            body["text"] = {"content": words}
        return body | ({"attachments": attachments} if attachments else {})

    async def _attachment(self, segment: AnySegment) -> dict[str, Any]:
        source = _source(segment)
        assert source is not None
        media = {"media_id": await self._media.id_of(source)}
        if isinstance(segment, LinkCard):
            title = segment.title.encode()[:TITLE].decode(errors="ignore")
            return {"msgtype": "link", "link": {"title": title, "url": segment.url, **media}}
        return {"msgtype": segment.kind, segment.kind: media}

    async def _tags(self, names: Sequence[str]) -> list[str]:
        """The company's tags that are these of ours; raises Refused."""
        known = await self._store.table("HGETALL", self._store.keys.wecom_tags(self._gateway))
        found = {name: ident for ident, name in known.items()}
        for name in names:
            if name not in found:
                raise Refused(Phrase(NO_TAG, tag=name))
        return [found[name] for name in names]

    # what became of it

    async def _moment(self, platform_id: str) -> str:
        """The moment_id, '' while it is being made; raises WeComError, and Refused."""
        if platform_id.startswith(MOMENT):
            return platform_id.removeprefix(MOMENT)
        job = platform_id.removeprefix(JOB)
        key = self._store.keys.wecom_moment(self._corp, job)
        if known := await self._store.text("GET", key):
            return known
        answer = await self._api.get("externalcontact/get_moment_task_result", jobid=job)
        if answer.get("status") != READY:
            return ""
        result = answer.get("result") or {}
        if int(result.get("errcode") or 0):
            error = WeComError(int(result["errcode"]), str(result.get("errmsg", "")))
            raise failure(error) from None
        moment = str(result.get("moment_id", ""))
        await self._store.call("SET", key, moment, "EX", KEPT)
        return moment

    async def _published(self, moment: str) -> dict[str, bool]:
        """The staff who were asked, and whether each published it."""
        path, body = "externalcontact/get_moment_task", {"moment_id": moment}
        rows = await self._api.rows(path, "task_list", body, 1000)
        return {str(row.get("userid")): row.get("publish_status") == PUBLISHED for row in rows}


def _split(message: Message) -> tuple[str, list[AnySegment]]:
    """The words, and what is shown; what a moment cannot show is told in the words."""
    words, shown = "", list[AnySegment]()
    for segment in message.segments:
        if segment.kind in ("image", "video") or (isinstance(segment, LinkCard) and segment.image):
            shown.append(segment)
        else:
            words += Message(segments=(segment,)).summary
    return words.strip(), shown


def _source(segment: AnySegment) -> Source | None:
    """What must be uploaded: a link card needs a picture here."""
    if isinstance(segment, LinkCard):
        return Source("image", segment.image, "picture") if segment.image else None
    return source_of(segment) if segment.kind in ("image", "video") else None
