"""Group welcomes: texts of the company that WeCom shows to who joins a customer group.

Facts from developer.work.weixin.qq.com/document/path/92366: a text of 3000 bytes with %NICKNAME%
in it, and one picture, link, mini program, file or film; 100 in a company. No call lists them, and
none gives one to a group: the group's owner picks it in WeCom's client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import StaleMedia, WeComError, failure
from bot.gateways.wecom.files import source_of
from bot.gateways.wecom.media import Media
from bot.gateways.wecom.messages import attachment
from bot.i18n.mark import msgid
from bot.model.delivery import Refused
from bot.model.group_welcome import NAME, Attachment, GroupWelcome
from bot.model.message import File, Image, LinkCard, MiniProgram, Video
from bot.model.phrase import Phrase

KEEPS: Mapping[str, Any] = MappingProxyType({"group_welcomes": True, "group_welcome_bytes": 3000})
"""What the capabilities of a gateway with group welcomes say."""
STEPS = (
    msgid("In WeCom, open the customer group as its owner or as an administrator of the group."),
    msgid("Open the group's settings (… at the top right) and there 入群欢迎语."),
    msgid("Pick this text among those of the company, and save."),
)
"""What a person does, for each group."""
NICKNAME = "%NICKNAME%"
UNKNOWN, FULL, NOT_OURS = 40058, 41055, 41058
"""What WeCom answers where only the id can be wrong, which no document says; where there are 100;
and where another app or a person made it."""
SAY: Mapping[int, str] = MappingProxyType(
    {
        FULL: msgid("The company has 100 of these texts, and WeCom takes no more: delete some."),
        NOT_OURS: msgid("This app did not make the text, so it may not change or delete it."),
    }
)
PATH = "externalcontact/group_welcome_template"


class GroupWelcomes:
    """The group welcomes of one app."""

    def __init__(self, api: WeComApi, media: Media, agent_id: str) -> None:
        self._api = api
        self._media = media
        self._agent = int(agent_id)

    async def make(self, welcome: GroupWelcome, *, tell: bool) -> str:
        """Add one; its template_id. Raises SendError."""
        answer = await self._send("add", welcome, {"notify": int(tell)}, twice=False)
        return str(answer["template_id"])

    async def change(self, platform_id: str, welcome: GroupWelcome) -> None:
        """Put another text in its place; raises SendError."""
        await self._send("edit", welcome, {"template_id": platform_id}, twice=True)

    async def end(self, platform_id: str) -> None:
        """Delete it; raises SendError."""
        try:
            with _as_send_error(twice=True):
                await self._post("del", {"template_id": platform_id, "agentid": self._agent})
        except Refused:
            if await self.now(platform_id) is not None:
                raise

    async def now(self, platform_id: str) -> GroupWelcome | None:
        """What WeCom has, None where it knows it no more; raises SendError."""
        with _as_send_error(twice=True):
            try:
                return _read(await self._post("get", {"template_id": platform_id}))
            except WeComError as error:
                if error.errcode != UNKNOWN:
                    raise
        return None

    # inside

    async def _send(
        self, call: str, welcome: GroupWelcome, more: Mapping[str, Any], *, twice: bool
    ) -> dict[str, Any]:
        """Add or edit, with a new upload once where WeCom has let go of one."""
        segment = welcome.attachment
        source = source_of(segment) if segment else None
        for again in (True, False):
            media_id = await self._media.id_of(source) if source else ""
            body = {**_body(welcome, media_id), **more, "agentid": self._agent}
            try:
                with _as_send_error(twice=twice):
                    return await self._post(call, body)
            except StaleMedia:
                if not again or source is None:
                    raise
                await self._media.forget(source)
        raise AssertionError("unreachable")

    async def _post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._api.post(f"{PATH}/{call}", body)


@contextmanager
def _as_send_error(*, twice: bool) -> Iterator[None]:
    """``twice``: the call may be repeated when its answer is lost."""
    try:
        yield
    except WeComError as error:
        if say := SAY.get(error.errcode):
            said = msgid("{what} (code {code})")
            raise Refused(Phrase(said, what=Phrase(say), code=error.errcode)) from None
        raise failure(error, idempotent=twice) from None


def _body(welcome: GroupWelcome, media_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if welcome.text:
        body["text"] = {"content": welcome.text.replace(NAME, NICKNAME)}
    if segment := welcome.attachment:
        filled = attachment(segment, media_id)
        kind = filled["msgtype"]
        body[kind] = filled[kind]
    return body


def _read(answer: Mapping[str, Any]) -> GroupWelcome:
    """What WeCom tells of one: of pictures, films and files only that there is one."""
    text = str((answer.get("text") or {}).get("content") or "").replace(NICKNAME, NAME)
    return GroupWelcome(text=text, attachment=_attached(answer))


def _attached(answer: Mapping[str, Any]) -> Attachment | None:
    if answer.get("image"):
        return Image(url="")
    if link := answer.get("link"):
        return LinkCard(
            url=str(link.get("url") or ""),
            title=str(link.get("title") or ""),
            description=str(link.get("desc") or ""),
        )
    if program := answer.get("miniprogram"):
        return MiniProgram(
            app=str(program.get("appid") or ""),
            path=str(program.get("page") or ""),
            title=str(program.get("title") or ""),
        )
    if answer.get("file"):
        return File(url="", name="")
    return Video(url="") if answer.get("video") else None
