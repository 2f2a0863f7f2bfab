"""wechatpy, which is not ours, finds in the fake platforms what it expects of the real ones."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth
from wechatpy.work import WeChatClient

from bot.gateways.wechat.oauth import WeChatIdentity
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.oauth import WeComIdentity
from bot.testing.clock import TestClock
from tests.gateways.fake_weixin import (
    AGENT,
    APP,
    APP_SECRET,
    CORP,
    CORP_SECRET,
    FakeWeixin,
    fake_weixin,
)

BACK = "https://go.example.com/l/oauth/wecom"


class WeCom(WeChatClient):  # type: ignore[misc]
    """wechatpy's client, but of the fake: its own address is fixed."""

    def fetch_access_token(self) -> Any:
        return self._fetch_access_token(
            url=f"{self.API_BASE_URL}gettoken",
            params={"corpid": self.corp_id, "corpsecret": self.secret},
        )


def ask_wecom(fake: FakeWeixin, code: str, secret: str = CORP_SECRET) -> dict[str, Any]:
    client = WeCom(CORP, secret)
    client.API_BASE_URL = f"{fake.url}/cgi-bin/"
    with client._http:
        return dict(client.get("auth/getuserinfo", params={"code": code}))


def ask_wechat(fake: FakeWeixin, code: str, secret: str = APP_SECRET) -> dict[str, Any]:
    client = WeChatOAuth(APP, secret, BACK)
    client.API_BASE_URL = f"{fake.url}/"
    with client._http:
        return dict(client.fetch_access_token(code))


async def test_wechatpy_learns_who_it_is_once_and_is_refused_with_a_wrong_secret() -> None:
    async with fake_weixin() as fake:
        code = fake.code(CORP, userid="ann")
        told = await asyncio.to_thread(ask_wecom, fake, code)
        assert told["userid"] == "ann"
        with pytest.raises(WeChatClientException) as used:
            await asyncio.to_thread(ask_wecom, fake, code)
        assert used.value.errcode == 40029
        with pytest.raises(WeChatClientException) as wrong:
            await asyncio.to_thread(ask_wecom, fake, "x", "wrong")
        assert wrong.value.errcode == 40001
        code = fake.code(APP, openid="o-bob")
        assert (await asyncio.to_thread(ask_wechat, fake, code))["openid"] == "o-bob"
        with pytest.raises(WeChatOAuthException):
            await asyncio.to_thread(ask_wechat, fake, code)


def test_our_addresses_are_those_wechatpy_makes() -> None:
    wecom = WeComIdentity(
        WeComApi("https://api.example", CORP, SecretStr("s"), TestClock()), CORP, AGENT, "wecom"
    )
    theirs = urlsplit(WeChatClient(CORP, "s").oauth.authorize_url(BACK, "abc"))
    ours = urlsplit(wecom.authorize_url(BACK, "abc"))
    assert ours._replace(query="") == theirs._replace(query="")
    # WeCom's page 91022 asks for the app too; wechatpy is older.
    assert parse_qs(ours.query) == {**parse_qs(theirs.query), "agentid": [AGENT]}
    wechat = WeChatIdentity("https://api.example", APP, SecretStr("s"), "wechat")
    assert wechat.authorize_url(BACK, "abc") == (
        WeChatOAuth(APP, "s", BACK, state="abc").authorize_url
    )
