"""An audience reads as a sentence, in both languages."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given

from bot.audience import Audience, Expression, Reading
from bot.i18n import Translator
from tests.audience.expressions import expressions

TRANSLATOR = Translator()
ZH, EN = (Reading(partial(TRANSLATOR.translate, language)) for language in ("zh", "en"))


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("everyone", "everyone", "所有人"),
        ("not everyone", "nobody", "没有人"),
        ("everyone and tag:vip", "members who are tagged “vip”", "有标签「vip」的人"),
        (
            "tag:vip and not active:7d",
            "members who are tagged “vip” but have not spoken in the last 7 days",
            "有标签「vip」、但最近 7 天没有发言的人",
        ),
        (
            'not tag:"opt out" and (group:sandbox/tea or group:sandbox/books)',
            "members who are in “Tea” or “sandbox/books” but are not tagged “opt out”",
            "在群「Tea」或「sandbox/books」里、但没有标签「opt out」的人",
        ),
        (
            "not (tag:a or tag:b or active:1d)",
            "members who are not tagged “a” or “b” and have not spoken today",
            "没有标签「a」或「b」、并且今天没有发言的人",
        ),
        (
            "tag:a and (active:1d or clicked:sale)",
            "members who are tagged “a” and (spoke today or ever clicked “sale”)",
            "有标签「a」、并且（今天发过言、或者点过「sale」）的人",
        ),
        (
            "tag:a and active:3d or joined:2d",
            "members who joined a group in the last 2 days, and also members who are tagged “a” "
            "and spoke in the last 3 days",
            "最近 2 天进过群的人，以及有标签「a」、并且最近 3 天发过言的人",
        ),
        (
            "checked-in:daily/3d and clicked:sale/7d and step:tips/replied",
            "members who checked in to “daily” in the last 3 days, clicked “sale” in the last 7 "
            "days and replied to step “tips”",
            "最近 3 天在「daily」打过卡、最近 7 天点过「sale」、并且回复了步骤「tips」的人",
        ),
        (
            "(attribute:city=Oslo or attribute:city=Rome) and attribute:level>=3 "
            "and not attribute:phone",
            "members who have “Oslo” or “Rome” as “city” and have “level” ≥ “3” but do not have "
            "“phone” filled in",
            "「city」是「Oslo」或「Rome」、并且「level」≥「3」、但没填「phone」的人",
        ),
    ],
)
def test_members_are_read(text: str, en: str, zh: str) -> None:
    for language, expected in (("en", en), ("zh", zh)):
        reading = Reading(partial(TRANSLATOR.translate, language), {"sandbox/tea": "Tea"})
        assert reading.of(Audience.parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("all-groups", "all groups", "所有群"),
        ("group:sandbox/tea", "group “sandbox/tea”", "群「sandbox/tea」"),
        ("group:s/a, group:s/b", "groups “s/a” or “s/b”", "群「s/a」或「s/b」"),
        (
            "all-groups and not gateway:matrix",
            "groups that are not at gateway “matrix”",
            "不来自接入「matrix」的群",
        ),
    ],
)
def test_groups_are_read(text: str, en: str, zh: str) -> None:
    assert EN.of(Audience.parse(text), "group") == en
    assert ZH.of(Audience.parse(text), "group") == zh


@given(expressions)
def test_every_audience_can_be_read(expression: Expression) -> None:
    for reading in (EN, ZH):
        assert reading.of(Audience(expression), "member")
        assert reading.of(Audience(expression), "group")
