"""An official account's OAuth: who opens a page in WeChat.

Facts from developers.weixin.qq.com/doc/service/guide/h5/auth.html: ``snsapi_base`` is silent, and
the code is changed for the visitor's ``openid`` without any other token.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import aiohttp
from pydantic import SecretStr

from bot.gateways.identity import Unidentified
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
PATIENCE = aiohttp.ClientTimeout(total=3)
USED = frozenset({40029, 40163})
"""The code is too old or was used before: somebody went back or reloaded."""
_WHY = {
    0: msgid("WeChat did not answer."),
    **dict.fromkeys((40013, 40125), msgid("WeChat refuses the account's AppID or AppSecret.")),
    **dict.fromkeys((10003,), msgid("The links' domain is not the account's own (网页授权域名).")),
    **dict.fromkeys((10005, 48001), msgid("This official account may not ask who somebody is.")),
}


class WeChatIdentity:
    """Tells accounts of ``gateway``, which are the openids of the official account."""

    apps = frozenset({"wechat"})

    def __init__(self, url: str, app_id: str, secret: SecretStr, gateway: str) -> None:
        self._url = url.rstrip("/")
        self._app_id = app_id
        self._secret = secret
        self.gateway = gateway
        self._session: aiohttp.ClientSession | None = None

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where WeChat asks nobody anything and comes back with a code."""
        # In this order: WeChat takes no other.
        query = {
            "appid": self._app_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
        return f"{AUTHORIZE}?{urlencode(query)}#wechat_redirect"

    async def who(self, code: str) -> str | None:
        """The account; raises Unidentified."""
        answer = await self._ask(
            {
                "appid": self._app_id,
                "secret": self._secret.get_secret_value(),
                "code": code,
                "grant_type": "authorization_code",
            }
        )
        if errcode := int(answer.get("errcode", 0)):
            reason = f"{errcode} {str(answer.get('errmsg', ''))[:200]}"
            raise Unidentified(reason, _why(errcode))
        return str(answer["openid"]) if answer.get("openid") else None

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def _ask(self, params: dict[str, str]) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=PATIENCE)
        url = f"{self._url}/sns/oauth2/access_token"
        try:
            async with self._session.get(url, params=params) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # Not the error's text: it may say the address, and so the secret.
            raise Unidentified(f"no answer ({type(error).__name__})", _why(0)) from None
        return answer if isinstance(answer, dict) else {}


def _why(errcode: int) -> Phrase | None:
    if errcode in USED:
        return None
    if errcode in _WHY:
        return Phrase(_WHY[errcode])
    return Phrase(msgid("WeChat did not say who somebody is (code {code})."), code=errcode)
