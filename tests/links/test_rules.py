"""Which fetch is a person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links.hits import AGENT, REFERRER, Hit, line
from bot.links.rules import LIMIT, SIGNS, Before, Rules, app, old

rules = Rules()
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        f"{PHONE} Mobile/15E148 MicroMessenger/8.0.40 NetType/WIFI Language/zh_CN",
        f"{PHONE} wxwork/4.1.10 MicroMessenger/7.0.1 Language/zh",
        f"{PHONE} AliApp(DingTalk/7.0) com.laiwang.DingTalk",
        f"{PHONE} Lark/7.1 LarkLocale/zh_CN",
    ],
)
def test_a_browser_is_a_click(agent: str) -> None:
    assert rules.judge(Hit("o", 1, 0, "c", agent=agent)) == "click"


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "   ",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "TelegramBot (like TwitterBot)",
        "Slackbot-LinkExpanding 1.0",
    ],
)
def test_a_program_is_a_bot(agent: str) -> None:
    assert rules.judge(Hit("o", 1, 0, "c", agent=agent)) == "bot"


def test_flags_say_more_than_the_user_agent() -> None:
    assert rules.judge(Hit("o", 1, 0, "c", "h", agent=CHROME)) == "head"
    assert rules.judge(Hit("o", 1, 0, "c", "p", agent=CHROME)) == "prefetch"
    assert rules.judge(Hit("o", 1, 0, "c", "oh", agent=CHROME)) == "orphan"


def test_wecom_is_told_from_wechat() -> None:
    assert app(f"{PHONE} wxwork/4.1.10 MicroMessenger/7.0.1") == "wecom"
    assert app(f"{PHONE} MicroMessenger/8.0.40") == "wechat"
    assert app(CHROME) == ""


@given(
    st.text(st.characters(exclude_characters="\n"), max_size=2000),
    st.text(st.characters(exclude_characters="\n"), max_size=2000),
)
def test_whatever_headers_say_a_hit_stays_one_bounded_line(agent: str, referrer: str) -> None:
    stored = line("o", 7, 9, "abc", "h", "v", agent, referrer)
    assert b"\n" not in stored
    hit = Hit.parse(stored)
    assert (hit.origin, hit.serial, hit.at, hit.code, hit.flags) == ("o", 7, 9, "abc", "h")
    assert len(hit.agent) <= AGENT
    assert len(hit.referrer) <= AGENT + REFERRER


def test_a_hit_is_read_back_as_it_was() -> None:
    hit = Hit("o", 7, 9, "abc", "", "v", "浏览器 \udce4", "https://x.example/词")
    assert Hit.parse(hit.line()) == Hit("o", 7, 9, "abc", "", "v", "浏览器 ?", hit.referrer)


def test_what_is_no_hit_is_said_so() -> None:
    with pytest.raises(ValueError, match="not a hit"):
        Hit.parse(b"half a li")


WECHAT = f"{PHONE} Mobile/15E148 MicroMessenger/8.0.40 NetType/WIFI Language/zh_CN"
CHROME_45 = CHROME.replace("126.0", "45.0.2454.101")


@pytest.mark.parametrize("flags", ["d", "w", "n"])
def test_one_sign_alone_is_still_a_person(flags: str) -> None:
    assert rules.judge(Hit("o", 1, 0, "c", flags, agent=CHROME)) == "click"


def test_no_sign_is_enough_by_itself() -> None:
    assert all(sign.weight < LIMIT for sign in SIGNS)


@pytest.mark.parametrize(
    ("flags", "agent"),
    [("dn", CHROME), ("wn", WECHAT), ("d", CHROME_45), ("w", "Mozilla/4.0 (compatible; MSIE 7.0)")],
)
def test_several_signs_together_are_suspect(flags: str, agent: str) -> None:
    assert rules.judge(Hit("o", 1, 0, "c", flags, agent=agent)) == "suspect"


def test_what_wechats_servers_fetch_after_a_visit_is_suspect_and_the_visit_is_not() -> None:
    visit = Hit("o", 1, 1_000, "c", "", "member", WECHAT)
    before = Before(visit.at, visit.visitor, app(visit.agent))
    fetched = Hit("o", 2, 4_000, "c", "w", "server", CHROME)
    assert rules.judge(visit) == "click"
    assert rules.judge(fetched, before) == "suspect"
    assert rules.judge(fetched) == "click"
    late = Hit("o", 3, 90_000, "c", "w", "server", CHROME)
    assert rules.judge(late, before) == "click"


def test_a_member_who_opens_it_in_another_browser_at_once_clicked_twice() -> None:
    before = Before(1_000, "member", "wechat")
    assert rules.judge(Hit("o", 2, 4_000, "c", "", "other", CHROME), before) == "click"


def test_an_old_engine_within_a_chat_application_is_no_sign() -> None:
    assert old(CHROME_45)
    assert not old(f"{CHROME_45} MQQBrowser/6.2 MicroMessenger/8.0.1")
    assert not old(f"{CHROME_45} wxwork/2.7.2 MicroMessenger/6.3.22")
    assert old(f"{PHONE} MicroMessenger/6.3.22")
    assert not old(CHROME)


def test_a_page_in_between_is_no_click_and_its_confirmation_is() -> None:
    assert rules.judge(Hit("o", 1, 0, "c", "b", agent=CHROME)) == "page"
    assert rules.judge(Hit("o", 1, 0, "c", "bh", agent=CHROME)) == "head"
    assert rules.judge(Hit("o", 1, 0, "c", "b", agent="curl/8.5.0")) == "bot"
    assert rules.judge(Hit("o", 1, 0, "c", "2.1c", agent=CHROME)) == "click"
    assert rules.judge(Hit("o", 1, 0, "c", "cdn", agent=CHROME)) == "suspect"
