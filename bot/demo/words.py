"""What the people of the demo say, in both languages."""

from __future__ import annotations

from bot.demo.people import SKIN, START, TEA

CHAT = {
    "zh": {
        TEA: (
            "今天试了凤凰单丛，蜜兰香真的好明显",
            "请问盖碗和紫砂壶新手先买哪个？",
            "早上一杯熟普，胃里暖暖的",
            "谁有靠谱的白茶店推荐？",
            "水温 85 度冲绿茶刚刚好",
            "周末有人一起逛茶市吗",
            "这饼老寿眉煮着喝太香了",
            "办公室泡茶用什么杯子方便？",
            "刚收到的龙井，晚点给大家看看叶底",
            "喝茶睡不着的有没有同款",
        ),
        SKIN: (
            "换季泛红了，大家有什么温和的洁面？",
            "防晒一天补两次够吗",
            "早 C 晚 A 坚持一个月，肤色亮了一点",
            "敏感肌能不能用烟酰胺呀",
            "空瓶分享：这支面霜冬天很顶",
            "油痘肌求推荐水乳",
            "医生说先把屏障养好再说",
            "刷酸之后脱皮是正常的吗？",
        ),
        START: (
            "大家好，刚进群，请多关照～",
            "请问群规在哪里看？",
            "新人报到，坐标成都",
            "终于找到组织了！",
            "谢谢群主，已经看到置顶啦",
            "这里平时几点比较热闹？",
        ),
    },
    "en": {
        TEA: (
            "Tried a Phoenix oolong today, the honey note is so clear",
            "Gaiwan or clay pot first, for a beginner?",
            "A cup of ripe pu'er in the morning, so warming",
            "Does anyone know a good white tea shop?",
            "85 degrees is just right for green tea",
            "Anyone going to the tea market this weekend?",
            "This old white tea is wonderful when boiled",
            "What mug do you use at the office?",
        ),
        SKIN: (
            "My cheeks are red again, any gentle cleanser?",
            "Is sunscreen twice a day enough?",
            "A month of vitamin C in the morning, a bit brighter now",
            "Is niacinamide fine for sensitive skin?",
            "Finished this cream, it is great in winter",
            "The doctor says: mend the barrier first",
        ),
        START: (
            "Hello everybody, just joined!",
            "Where can I read the rules?",
            "New here, from Chengdu",
            "Happy to have found you",
            "When is it lively here?",
        ),
    },
}

ASKED = {
    "zh": ("几点开门？", "@bot 怎么付款", "可以退货吗", "有没有线下活动", "客服在吗", "发票怎么开"),
    "en": ("opening hours?", "how do I pay", "can I return it", "any meetups?", "is anyone there"),
}
"""What people ask the bot and nobody wrote an answer for."""

WANTED = {
    "zh": ("我想进{}的群", "{}", "怎么加{}群？"),
    "en": ("{}", "how do I join {}?", "{} group"),
}
"""How people ask for a group, when the route's words may stand within a message."""

BOARD = {"zh": "排行榜", "en": "leaderboard"}
OPT_OUT = {"zh": "退订", "en": "stop"}
BIRTHDAY = {"zh": "我的生日 {:02}-{:02}", "en": "my birthday is {:02}-{:02}"}
LIKES = {"zh": "我喜欢喝普洱", "en": "I like pu'er"}
EXPORT = {"zh": "导出我的打卡", "en": "export my check-ins"}

WELCOME = {
    "zh": (
        "欢迎 {{ member.name }} 来到「{{ group.name }}」👋",
        "新来的朋友先看看这里：{{ link('https://example.com/guide', 'demo-guide') }}",
    ),
    "en": (
        "Welcome to {{ group.name }}, {{ member.name }} 👋",
        "New here? Start with this: {{ link('https://example.com/guide', 'demo-guide') }}",
    ),
}
ANNOUNCEMENT = {
    "zh": "周六下午三点线上茶话会，带上你最喜欢的一款茶。",
    "en": "Online tea party on Saturday at three: bring the tea you like best.",
}
LINKS = (
    ("https://example.com/guide", "demo-guide"),
    ("https://example.com/brewing", "demo-tips"),
    ("https://example.com/spring-sale", "demo-spring-sale"),
    ("https://example.com/tea-party", "demo-tea-party"),
)
"""Destination and campaign of every link in the demo's texts."""
