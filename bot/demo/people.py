"""The people and groups of the demo community."""

from __future__ import annotations

from bot.model.base import Frozen

NAMES = (
    *("林晓雨", "陈思远", "王梓涵", "阿May", "周子墨", "小鹿", "Lucas Chen", "吴佳怡", "老茶客"),
    *("赵一鸣", "Coco", "孙若曦", "何田田", "Daniel", "郑好", "糖糖🍬", "冯宇轩", "许念", "Echo"),
    *("沈清秋", "韩江雪", "Grace Liu", "杨柳依依", "大福", "朱颜", "秦朗", "Mia", "尤小白", "曹原"),
    *("苏苏", "罗一诺", "Kevin", "梁辰", "宋词", "豆包不吃豆", "唐果", "Nora Zhang", "谢安然"),
    *("马克", "高兴", "夏天的风", "Leo", "蔡蔡", "潘多拉", "董小姐", "Ivy", "于洋", "余生有你"),
    *("叶知秋", "Sam Wu", "程橙", "魏来", "Yuki", "任我行", "姜姜", "范特西", "Olivia", "方圆"),
    *("石头", "顾南风", "Hannah", "白开水"),
)
"""Whoever is in the demo; a name's place makes the account id."""


class Person(Frozen):
    """One of them."""

    id: str
    name: str


class Place(Frozen):
    """A group of theirs."""

    id: str
    name: str


TEA, SKIN, START = "tea", "skincare", "start"

PLACES = {
    "zh": {TEA: "示例·茶友会", SKIN: "示例·护肤交流", START: "示例·新手村"},
    "en": {TEA: "Demo: tea lovers", SKIN: "Demo: skincare", START: "Demo: newcomers"},
}


def people() -> list[Person]:
    """Everybody, in no order that means anything."""
    return [Person(id=f"demo-{n:02}", name=name) for n, name in enumerate(NAMES, 1)]


def places(language: str) -> dict[str, Place]:
    """The groups, with names that say what they are."""
    return {ident: Place(id=ident, name=name) for ident, name in PLACES[language].items()}
