"""WeCom and WeChat tell who somebody is."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from bot.gateways.identity import Unidentified
from bot.gateways.wechat.oauth import WeChatIdentity
from bot.gateways.wecom.api import HOLD, WeComApi
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


def wecom(fake: FakeWeixin, clock: TestClock, secret: str = CORP_SECRET) -> WeComIdentity:
    api = WeComApi(fake.url, CORP, SecretStr(secret), clock)
    return WeComIdentity(api, CORP, AGENT, "wecom")


async def test_wecom_tells_members_and_customers_and_not_strangers() -> None:
    async with fake_weixin() as fake:
        identity = wecom(fake, TestClock())
        ann = fake.code(CORP, userid="ann")
        customer = fake.code(CORP, openid="o1", external_userid="wm123")
        stranger = fake.code(CORP, openid="o2")
        assert [await identity.who(code) for code in (ann, customer, stranger)] == [
            *("ann", "wm123", None),
        ]
        assert fake.asked["gettoken"] == 1
        await identity.close()


async def test_visitors_at_once_fetch_one_token_and_a_new_one_in_time() -> None:
    async with fake_weixin() as fake:
        clock = TestClock()
        identity = wecom(fake, clock)
        codes = [fake.code(CORP, userid=f"u{n}") for n in range(20)]
        found = await asyncio.gather(*(identity.who(code) for code in codes))
        assert found == [f"u{n}" for n in range(20)]
        assert fake.asked["gettoken"] == 1
        clock.advance(6500)
        assert await identity.who(fake.code(CORP, userid="ann")) == "ann"
        assert fake.asked["gettoken"] == 2
        await identity.close()


async def test_a_token_that_ended_early_is_renewed_once_for_all() -> None:
    async with fake_weixin() as fake:
        identity = wecom(fake, TestClock())
        await identity.who(fake.code(CORP, userid="ann"))
        fake.end_tokens()
        codes = [fake.code(CORP, userid=f"u{n}") for n in range(10)]
        found = await asyncio.gather(*(identity.who(code) for code in codes))
        assert found == [f"u{n}" for n in range(10)]
        assert fake.asked["gettoken"] == 2
        await identity.close()


async def test_a_wrong_secret_is_told_to_operators_and_not_tried_again_and_again() -> None:
    async with fake_weixin() as fake:
        clock = TestClock()
        identity = wecom(fake, clock, "wrong-secret")
        for _ in range(5):
            with pytest.raises(Unidentified) as told:
                await identity.who("x")
        assert told.value.why == "WeCom refuses the company's id or the app's secret."
        assert "wrong-secret" not in str(told.value)
        assert fake.asked["gettoken"] == 1
        clock.advance(HOLD / 1000)
        with pytest.raises(Unidentified):
            await identity.who("x")
        assert fake.asked["gettoken"] == 2
        await identity.close()


@pytest.mark.parametrize(
    ("errcode", "said"),
    [(50001, "可信域名"), (50002, "可见范围"), (60020, "企业可信IP"), (45009, "45009")],
)
async def test_what_wecom_refuses_is_explained(errcode: int, said: str) -> None:
    async with fake_weixin() as fake:
        identity = wecom(fake, TestClock())
        fake.refusal = errcode
        with pytest.raises(Unidentified) as told:
            await identity.who(fake.code(CORP, userid="ann"))
        assert said in str(told.value.why)
        await identity.close()


async def test_a_page_that_was_reloaded_is_nobodys_fault() -> None:
    async with fake_weixin() as fake:
        identity = wecom(fake, TestClock())
        code = fake.code(CORP, userid="ann")
        await identity.who(code)
        with pytest.raises(Unidentified) as told:
            await identity.who(code)
        assert told.value.why is None
        await identity.close()


async def test_no_answer_says_nothing_of_the_secret() -> None:
    async with fake_weixin() as fake:
        gone = fake
    for identity in (
        wecom(gone, TestClock()),
        WeChatIdentity(gone.url, APP, SecretStr(APP_SECRET), "wechat"),
    ):
        with pytest.raises(Unidentified) as told:
            await identity.who("x")
        assert "secret" not in str(told.value)
        assert told.value.__cause__ is None
        await identity.close()


async def test_wechat_tells_the_openid_once() -> None:
    async with fake_weixin() as fake:
        identity = WeChatIdentity(fake.url, APP, SecretStr(APP_SECRET), "wechat")
        code = fake.code(APP, openid="o-bob")
        assert await identity.who(code) == "o-bob"
        with pytest.raises(Unidentified) as used:
            await identity.who(code)
        assert used.value.why is None
        await identity.close()
        wrong = WeChatIdentity(fake.url, APP, SecretStr("wrong"), "wechat")
        with pytest.raises(Unidentified) as told:
            await wrong.who("x")
        assert told.value.why == "WeChat refuses the account's AppID or AppSecret."
        await wrong.close()
