"""What is wrong with what a manager wrote is said in their language."""

from __future__ import annotations

import re
from html import unescape

import pytest

from bot.model.phrase import Phrase
from tests.console.conftest import Visitor
from tests.console.editing import fields, tea
from tests.console.house import House
from tests.console.test_routes_pages import RUN, filled

HEAD = 'title = "茶"\nanchor = "joined"\n'
DATED = 'title = "茶"\nanchor = { date = "day" }\n[parameters.day]\ntype = "date"\n'
CALENDAR = 'title = "茶"\nanchor = "calendar"\n'
STEP = '[[step]]\nid = "s"\n'
HELLO = STEP + 'after = "0d"\ntext = "你好"\n'

TEMPLATES = [
    # not TOML
    *(
        "title = 茶",
        'title "茶"',
        'title = "茶',
        "title = “茶”",
        'title = "a" x',
        "[step",
        "[[step]",
    ),
    *("a = [1", "a = 1\na = 2", "[a]\n[a]", "a = 2026-13-01", "a = { b = 1", "= 1", '"\\x" = 1'),
    *("a = [[[[", 'a = "\\q"', "a.b = 1\na.b.c = 2", "a = {b=1, b=2}", "a = 1\n[a.b]"),
    # wrong kinds of values
    HELLO,
    HEAD,
    HEAD.replace("joined", "jonied") + HELLO,
    'title = ""\nanchor = "joined"\n' + HELLO,
    HEAD + "step = 3\n",
    HEAD + 'titel = "x"\n' + HELLO,
    HEAD + 'timezone = "CST"\n' + HELLO,
    HEAD + "to = 7\n" + HELLO,
    HEAD + "steps = []\n" + HELLO,
    HEAD
    + "guards = { daily_cap = 0, quiet_hours = 'late', rate = 'fast', blackout = ['x'] }\n"
    + HELLO,
    HEAD + "guards = { weekly_cap = 'x', quiet_hours = '08:00-08:00' }\n" + HELLO,
    HEAD + "guards = { pause_on_failures = 'often', stop_when = 'tag:' }\n" + HELLO,
    HEAD + "guards = { stop_when = 3 }\n" + HELLO,
    HEAD + HELLO.replace('"0d"', '"soon"'),
    HEAD + HELLO + 'at = "25:00"\nmissed = "never"\nspread = "odd"\nclosed = 3\n',
    HEAD + HELLO + "holdout = 200\nevery = 7\non = 'x'\nweekly = []\nmonthly = [true]\n",
    HEAD + HELLO + 'text2 = "x"\n',
    HEAD + HELLO.replace('"s"', '"S 1"'),
    HEAD + STEP + 'after = "1d"\ntext = { zh = "茶" }\n',
    HEAD + STEP + 'after = "1d"\ntext = { file = "../x" }\n',
    HEAD + STEP + 'after = "1d"\ntext = { file = "no/such.jinja" }\n',
    HEAD + STEP + 'after = "1d"\nwait = { for = "nothing", most = "x" }\n',
    HEAD + "[parameters.p]\ntype = 'colour'\n" + HELLO,
    # wrong together
    HEAD + 'to = "group"\n' + HELLO,
    'title = "茶"\nanchor = "group_created"\nto = "member"\n' + HELLO,
    CALENDAR + 'resume = "running"\n' + STEP + 'every = "0 9 * * *"\ntext = "x"\n',
    HEAD + "[parameters.member]\ntype = 'text'\n" + HELLO,
    HEAD + "[parameters.p]\ntype = 'number'\ndefault = 'x'\n" + HELLO,
    HEAD + "[parameters.p]\ntype = 'cron'\ndefault = '99 9 * * *'\n" + HELLO,
    HEAD + "[parameters.p]\ntype = 'cron'\ndefault = 'daily'\n" + HELLO,
    CALENDAR
    + "guards = { stop_when = 'tag:vip' }\n"
    + STEP
    + 'on = 2030-01-01\nat = "09:00"\ntext = "x"\n',
    HEAD + HELLO + HELLO,
    HEAD + HELLO.replace('"s"', '"*"') + HELLO.replace('"s"', '"any"'),
    HEAD + STEP + 'after = "1d"\n',
    HEAD + HELLO + 'tag = "vip"\nwithin = "1d"\n',
    HEAD + STEP + 'after = "1d"\ntag = "vip"\nholdout = 10\n',
    CALENDAR + STEP + 'every = "0 9 * * *"\ntag = "vip"\n',
    HEAD + STEP + 'after = "1d"\nwait = { for = "reply", most = "0d" }\n',
    HEAD + HELLO + '[[step]]\nid = "t"\nfollows = "x"\nafter = "1d"\ntext = "x"\n',
    HEAD + HELLO + '[[step]]\nid = "t"\nfollows = "s/came"\nafter = "1d"\ntext = "x"\n',
    HEAD + STEP + 'follows = "t"\nafter = "1d"\ntext = "x"\n' + HELLO.replace('"s"', '"t"'),
    HEAD + HELLO + 'at = { parameter = "x" }\n',
    DATED + STEP + 'before = "1d"\nat = { parameter = "day" }\ntext = "x"\n',
    HEAD + STEP + 'after = "1d"\nvariant = [{ name = "a", text = "x" }]\n',
    HEAD
    + STEP
    + 'after = "1d"\nvariant = [{ name = "a", text = "x" }, { name = "a", text = "y" }]\n',
    HEAD + STEP + 'after = "1d"\nbranch = [{ name = "a" }, { name = "b" }]\n',
    HEAD + HELLO + 'if = "step:x/sent"\n',
    HEAD + HELLO + '[[step]]\nid = "t"\nafter = "1d"\ntext = "x"\nif = "step:s/came"\n',
    CALENDAR + STEP + 'every = "0 9 * * *"\ntext = "x"\nif = "tag:vip"\n',
    # times
    HEAD + STEP + 'text = "x"\n',
    HEAD + HELLO + 'weekly = ["mon"]\nbefore = "1d"\n',
    HEAD + HELLO + '[[step]]\nid = "t"\nfollows = "s"\nbefore = "1d"\ntext = "x"\n',
    HEAD + STEP + 'after = "90m"\nat = "09:00"\ntext = "x"\n',
    HEAD + HELLO + 'until = "21:00"\n',
    HEAD + HELLO + 'at = "21:00"\nuntil = "21:00"\n',
    HEAD + HELLO + 'spread = "random"\n',
    DATED + STEP + 'after = "1d"\ntext = "x"\n',
    'title = "茶"\nanchor = { attribute = "birthday" }\n' + STEP + 'after = "1d"\ntext = "x"\n',
    CALENDAR + STEP + 'text = "x"\n',
    CALENDAR + STEP + 'text = "x"\nweekly = ["mon"]\nmonthly = [1]\nat = "09:00"\n',
    CALENDAR + STEP + 'text = "x"\nweekly = ["mon"]\n',
    CALENDAR + STEP + 'text = "x"\nweekly = ["monday"]\nat = "09:00"\n',
    CALENDAR + STEP + 'text = "x"\nmonthly = [40]\nat = "09:00"\n',
    CALENDAR + STEP + 'text = "x"\nlunar = "13-40"\nat = "09:00"\n',
    CALENDAR + STEP + 'text = "x"\nholiday = "christmas"\nat = "09:00"\n',
    CALENDAR + STEP + 'text = "x"\nweekly = ["mon"]\nat = "09:00"\nafter = "1d"\n',
    CALENDAR + STEP + 'text = "x"\nevery = "0 9 * * *"\nat = "09:00"\n',
    CALENDAR + STEP + 'text = "x"\nevery = "0 9 31 2 *"\n',
    CALENDAR + STEP + 'text = "x"\nholiday = "spring_festival"\nat = "09:00"\nafter = "900d"\n',
    CALENDAR + STEP + 'text = "x"\nweekly = ["mon"]\nat = "09:00"\nclosed = "next"\n',
]
TEXTS = [
    *("{{ a", "{{ }}", "{% for x in y %}", "{% foo %}", "{% if member.name %}{% endfor %}"),
    *("{{ member.name group }}", "{{ “a” }}", "{{ (member.name }}", "{{ member.name) }}"),
    *("{% macro a() %}{% endmacro %}", "{% for a in [1] recursive %}{% endfor %}", "{# a"),
    *("{{ member.nmae }}", "{{ nobody }}", "{{ member.name | lowr }}", "{{ 1 is evn }}"),
    *(
        "{{ range(9999) }}",
        "{% for a in range(999) %}{% for b in range(999) %}.{% endfor %}{% endfor %}",
    ),
    *("{{ '茶' * 30000 }}", "{% set 1 = 2 %}", "{{ member.name is string is number }}", "{%"),
]
AUDIENCES = [
    *("tag:", "tga:vip", "tag:vip and", "(tag:vip", "tag:vip tag:x", "tag:opt out", "active:0d"),
    *(
        "active:9999d",
        "group:x",
        "step:tips/lost",
        "segment:nobody",
        "checked-in:daily",
        "tag:a) b",
    ),
    *("checked_in('daily', x)", "step:tips/sent", "group:sandbox/nowhere", "not " * 30 + "tag:a"),
    *("everyone everyone", "!!", "active:3d/7d", "gateway:nowhere", "checked-in:nothing/3d"),
]
ROUTES: list[dict[str, str]] = [
    {"name": "", "words": "", "group-0": ""},
    {"words": "(", "mode": "regex"},
    *({"words": word, "mode": "regex"} for word in ("a**", "[z-a]", "(?=a)", "*a", "[", "a{2,1}")),
    {"words": "。", "mode": "contains"},
    {"group-0": "running"},
    {"group-0": "nowhere/running"},
    {"capacity-0": "many", "priority": "high", "mode": "sounds-like"},
    {"capacity-0": "0", "link-0": "x"},
    {"synonyms": "茶 = tea"},
    {"reply": "{{ target.nmae }}"},
    {"reply": "{{ nobody"},
    {"lobby": "everywhere"},
]
STEPS = [
    {"s0.id": "Hello"},
    {"s0.at": "99:00"},
    {"s0.if": "tga:vip"},
    {"s0.if": 'tag:"vip'},
    {"s2.follows": "nobody"},
    {"s0.en": "{{ member.nmae }}"},
    {"s0.en": "{% if %}"},
    {"timezone": "Beijing"},
    {"stop_when": "active:"},
    {"daily_cap": "many"},
]
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']*'|\{[^{}]*\}")
_SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]+){2}")
_COMPLAINT = re.compile(
    r'class="(?:wrong|problem)"[^>]*>(.*?)</(?:span|p)>'
    r'|<ul class="problems">(.*?)</ul>|<div class="problem"[^>]*>.*?<ul>(.*?)</ul>',
    re.DOTALL,
)
_EXAMPLE = re.compile(r"tag:vip and not active:7d|Jinja2?|as in ")


def complaints(page: str) -> list[str]:
    """What a page says is wrong."""
    found = ["".join(groups) for groups in _COMPLAINT.findall(page)]
    texts = [unescape(re.sub(r"<code>.*?</code>|<b>.*?</b>|<[^>]+>", " ", one)) for one in found]
    return [re.sub(r"\s+", " ", one).strip() for one in texts if one.strip()]


def english(complaint: str) -> bool:
    """Whether it is, or has in it, words that were not translated."""
    said = _EXAMPLE.sub("", _QUOTED.sub("", complaint))
    return bool(_SENTENCE.search(said)) or not re.search("[一-鿿]", said)


async def post(visitor: Visitor, path: str, form: dict[str, str]) -> str:
    data = {**form, "csrf": await visitor.csrf()}
    async with visitor.client.post(path, data=data, allow_redirects=False) as answer:
        return await answer.text()


async def shown(visitor: Visitor, path: str, form: dict[str, str]) -> list[str]:
    """What is not Chinese of the complaints about a form; that there are none is one, too."""
    said = complaints(await post(visitor, path, form))
    return [f"{form}: {one}" for one in said or ["nothing is wrong"] if english(one)]


@pytest.fixture
async def li(house: House) -> Visitor:
    """A manager who reads Chinese."""
    await tea(house)
    return await house.operator("li", "manager", "zh")


async def test_what_is_wrong_in_a_template_is_said_in_chinese(li: Visitor) -> None:
    texts = [HEAD + STEP + f"after = '1d'\ntext = '''{text}'''\n" for text in TEXTS]
    found = []
    for text in [*TEMPLATES, *texts]:
        found += await shown(li, "/sops/templates/tea-week/source", {"text": text, "base": "1"})
    assert not found, "\n".join(found)


async def test_what_is_wrong_in_the_editor_is_said_in_chinese(li: Visitor) -> None:
    found = []
    for step in STEPS:
        found += await shown(li, "/sops/templates/check", fields() | step)
    assert not found, "\n".join(found)


async def test_what_is_wrong_with_an_audience_is_said_in_chinese(li: Visitor) -> None:
    found = []
    for text in AUDIENCES:
        form = {"name": "x", "expression": text, "do": "save"}
        found += await shown(li, "/segments/edit", form)
        start = {"template": "tea-week", "kind": "expression", "expression": text, "do": "start"}
        found += await shown(li, "/sops/start", start)
        found += await shown(li, "/sops/check", start)
    assert not found, "\n".join(found)


async def test_what_is_wrong_with_a_route_is_said_in_chinese(li: Visitor) -> None:
    found = []
    for change in ROUTES:
        found += await shown(li, "/routes/edit", RUN | change)
    assert not found, "\n".join(found)


async def test_what_is_wrong_with_a_link_is_said_in_chinese(li: Visitor) -> None:
    found = []
    for url in (
        "ftp://tea.example",
        "https://",
        "https://[::1/x",
        "https://tea example",
        "x" * 4999,
    ):
        found += await shown(li, "/links", {"url": url})
    assert not found, "\n".join(found)


async def test_the_same_is_said_in_english_to_others(house: House) -> None:
    ann = await house.operator("ann", "manager")
    _, page = await filled(ann, RUN | {"reply": "{{ target.nmae }}"})
    (said,) = complaints(page)
    assert said == 'line 1: there is no value in target nmae; did you mean "name"?'


def test_a_phrase_is_english_and_is_said_with_its_values_in_other_languages() -> None:
    phrase = Phrase("{key}: {what}", key="tag", what=Phrase("unknown key"))
    assert phrase == "tag: unknown key"
    assert phrase.said(lambda text: text.replace("unknown key", "没有这个键")) == "tag: 没有这个键"


def test_what_another_library_says_is_recognised_with_its_values() -> None:
    known = ("missing {what}", "expected {what}, got {given}")
    heard = Phrase.heard("expected 'a', got 'b, got c'", known)
    assert (heard, heard.text) == ("expected 'a', got 'b, got c'", known[1])
    assert Phrase.heard("strange {things}", known) == "strange {things}"
