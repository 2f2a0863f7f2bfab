"""The readers: who clicks on what the demo's bot sent, and what else fetches it."""

from __future__ import annotations

import re
from hashlib import blake2b
from random import Random

from bot.links.hits import Hit
from bot.model.delivery import Delivery

CODE = re.compile(r"/l/([0-9A-Za-z]+)")
PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN",
    "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.50.2701(0x28003256) NetType/5G",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
)
CRAWLER = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
DAY = 86_400_000


class Readers:
    """Collects hits on the links in deliveries, as people would make them."""

    def __init__(self, random: Random, end: int) -> None:
        self._random = random
        self._end = end
        self._hits: list[Hit] = []

    def read(self, delivery: Delivery, at: int, present: list[str]) -> None:
        """A message arrived; ``present`` are the accounts that see it."""
        for code in CODE.findall(delivery.message.summary):
            likely = 0.12 if delivery.to.group else 0.45
            for account in present:
                if self._random.random() < likely:
                    self._click(code, at, account)
            if delivery.to.group and self._random.random() < 0.5:
                self._hit(code, at + 1500, "crawler", CRAWLER)

    def hits(self) -> list[Hit]:
        """All of them, in order of time."""
        return sorted(self._hits, key=lambda hit: hit.at)

    def _click(self, code: str, at: int, account: str) -> None:
        phone = PHONES[sum(account.encode()) % len(PHONES)]
        at += int(self._random.lognormvariate(13.5, 1.6))  # some at once, most within the hour
        self._hit(code, at, account, phone)
        if self._random.random() < 0.15:
            self._hit(code, at + 3_000, account, phone)  # tapped twice

    def _hit(self, code: str, at: int, who: str, agent: str) -> None:
        if at > self._end:
            return
        visitor = blake2b(f"{who}/{at // DAY}".encode(), digest_size=8).hexdigest()
        self._hits.append(Hit("demo", len(self._hits), at, code, "", visitor, agent))
