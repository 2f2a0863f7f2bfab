"""A WeCom and a WeChat that tell who somebody is, as their documents say they do.

wechatpy judges it in test_fake_weixin_is_judged.py.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

CORP, AGENT, CORP_SECRET = "ww0123456789abcdef", "1000002", "corp-secret"
APP, APP_SECRET = "wx0123456789abcdef", "app-secret"


class FakeWeixin:
    """Both platforms on one port; ``asked`` counts what was asked of the API."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: Tally[str] = Tally()
        self.tokens: dict[str, bool] = {}
        """Access tokens given, and whether they still hold."""
        self.codes: dict[str, tuple[str, dict[str, str]]] = {}
        """OAuth codes not used yet: of which application, and who it is."""
        self.refusal = 0
        """An errcode every call but gettoken gets."""
        self._numbers = count(1)

    def visit(self, authorize_url: str, **who: str) -> str:
        """What a browser of somebody does there: the address it is sent back to.

        ``who``: userid, or openid with or without external_userid.
        """
        parts = urlsplit(authorize_url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
            "https://open.weixin.qq.com/connect/oauth2/authorize"
        )
        assert parts.fragment == "wechat_redirect"
        query = {name: one for name, [one] in parse_qs(parts.query).items()}
        assert query["appid"] in (CORP, APP)
        assert query["response_type"] == "code"
        assert query["scope"] == "snsapi_base"
        assert ("agentid" in query) == (query["appid"] == CORP)
        assert re.fullmatch(r"[A-Za-z0-9]{1,128}", query["state"])
        code = self.code(query["appid"], **who)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def code(self, app: str, **who: str) -> str:
        """A new OAuth code for somebody."""
        code = f"code-{next(self._numbers)}"
        self.codes[code] = (app, who)
        return code

    def end_tokens(self) -> None:
        """All access tokens end early."""
        self.tokens = dict.fromkeys(self.tokens, False)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/cgi-bin/gettoken", self._token),
            web.get("/cgi-bin/auth/getuserinfo", self._user),
            web.get("/sns/oauth2/access_token", self._openid),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        self.asked["gettoken"] += 1
        query = request.query
        if query.get("corpid") != CORP:
            return _error(40013, "invalid corpid")
        if query.get("corpsecret") != CORP_SECRET:
            return _error(40001, "invalid credential")
        token = f"token-{next(self._numbers)}"
        self.tokens[token] = True
        return _answer(access_token=token, expires_in=7200)

    async def _user(self, request: web.Request) -> web.Response:
        self.asked["getuserinfo"] += 1
        token = request.query.get("access_token", "")
        if not token:
            return _error(41001, "access_token missing")
        if not self.tokens.get(token):
            return _error(42001 if token in self.tokens else 40014, "access_token expired")
        if self.refusal:
            return _error(self.refusal, "refused")
        who = self._used(request.query.get("code", ""), CORP)
        return _answer(**who) if who else _error(40029, "invalid code")

    async def _openid(self, request: web.Request) -> web.Response:
        self.asked["access_token"] += 1
        query = request.query
        if query.get("appid") != APP:
            return _error(40013, "invalid appid")
        if query.get("secret") != APP_SECRET:
            return _error(40125, "invalid appsecret")
        if query.get("grant_type") != "authorization_code":
            return _error(40002, "invalid grant_type")
        if self.refusal:
            return _error(self.refusal, "refused")
        who = self._used(query.get("code", ""), APP)
        if not who:
            return _error(40029, "invalid code")
        rest = {"access_token": "a", "refresh_token": "r", "scope": "snsapi_base"}
        return web.json_response({**rest, "expires_in": 7200, **who})

    def _used(self, code: str, app: str) -> dict[str, str]:
        of, who = self.codes.pop(code, ("", {}))
        return who if of == app else {}


@asynccontextmanager
async def fake_weixin() -> AsyncIterator[FakeWeixin]:
    """Both platforms, served."""
    fake = FakeWeixin()
    app = web.Application()
    app.add_routes(fake.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


def _answer(**fields: Any) -> web.Response:
    return web.json_response({"errcode": 0, "errmsg": "ok", **fields})


def _error(errcode: int, errmsg: str) -> web.Response:
    hint = "hint: [1781654400_1_abc], from ip: 203.0.113.1, more info at https://open.work.weixin"
    return web.json_response({"errcode": errcode, "errmsg": f"{errmsg}, {hint}"})
