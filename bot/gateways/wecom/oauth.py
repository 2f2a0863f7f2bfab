"""WeCom's OAuth: who opens a page in WeCom, and which customer in WeChat.

Facts from developer.work.weixin.qq.com/document/path/91022 and 91023: ``snsapi_base`` is silent; a
member of the company has a ``userid``, a customer an ``external_userid`` when who follows them
may be seen by the app, and anybody else an ``openid`` alone.
"""

from __future__ import annotations

from urllib.parse import urlencode

from bot.gateways.identity import Unidentified
from bot.gateways.wecom.api import REFUSED, WeComApi, WeComError
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
USED = 40029
"""The code was used before, or is older than 5 minutes: somebody went back or reloaded."""
_WHY = {
    **dict.fromkeys(REFUSED, msgid("WeCom refuses the company's id or the app's secret.")),
    48002: msgid("WeCom does not let this app ask who somebody is."),
    50001: msgid("The links' domain is not among the app's trusted domains (可信域名)."),
    50002: msgid("Whoever opened the link is outside the app's visible range (可见范围)."),
    0: msgid("WeCom did not answer."),
    60020: msgid("This server's address is not among the app's trusted addresses (企业可信IP)."),
    301002: msgid("The AgentId is not that of the secret's app."),
}


class WeComIdentity:
    """Tells accounts of ``gateway``: a member's userid, or a customer's external_userid."""

    apps = frozenset({"wecom", "wechat"})

    def __init__(self, api: WeComApi, corp_id: str, agent_id: str, gateway: str) -> None:
        self._api = api
        self._corp_id = corp_id
        self._agent_id = agent_id
        self.gateway = gateway

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where WeCom asks nobody anything and comes back with a code."""
        query = {
            "appid": self._corp_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
            "agentid": self._agent_id,
        }
        return f"{AUTHORIZE}?{urlencode(query)}#wechat_redirect"

    async def who(self, code: str) -> str | None:
        """The account, None for a stranger; raises Unidentified."""
        try:
            answer = await self._api.get("auth/getuserinfo", code=code)
        except WeComError as error:
            raise Unidentified(str(error), _why(error.errcode)) from None
        found = answer.get("userid") or answer.get("external_userid")
        return str(found) if found else None

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def _why(errcode: int) -> Phrase | None:
    if errcode == USED:
        return None
    if errcode in _WHY:
        return Phrase(_WHY[errcode])
    return Phrase(msgid("WeCom did not say who somebody is (code {code})."), code=errcode)
