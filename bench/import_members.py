"""Importing members from a table: rows a second, from the file to every index, and the memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import asdict
from random import Random
from typing import Any

import uvloop

from bench.audience import serving
from bench.measure import machine
from bot.clock import SystemClock
from bot.members.import_work import ImportWork
from bot.members.imports import Imports
from bot.store.address import unix
from bot.store.store import Store

ROWS = 1_000_000
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉力健永红玉波志建国华海燕春雪梅云林"
    "鹏飞宇轩浩然子涵欣怡梓萱思雨佳琪一诺若曦晨曦嘉豪俊杰博文天佑安琪雅婷诗涵"
)
LATIN = ("Ada", "Grace", "Alan", "Linus", "Barbara", "Edsger", "Donald", "Margaret", "Ken", "Radia")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CITIES = ("上海", "北京", "广州", "深圳", "成都", "杭州", "武汉", "西安")


def people(count: int) -> Iterator[str]:
    """Lines of a file: accounts as WeCom gives them, names of two alphabets, phones, cities."""
    chance = Random(1)
    yield "external user id,name,phone,city,birthday,tags\n"
    for number in range(count):
        if chance.random() < 0.85:
            given = "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2, 2))))
            name = chance.choice(FAMILY) + given
        else:
            name = f"{chance.choice(LATIN)} {chance.choice(LATIN)}son"
        account = "wm" + "".join(chance.choices(LETTERS, k=30))
        phone = f"1{chance.randrange(3, 10)}{chance.randrange(10**9):09}"
        day = f"{chance.randrange(1960, 2010)}-{chance.randrange(1, 13):02}-{number % 28 + 1:02}"
        tag = "vip" if number % 20 == 0 else "new" if number % 3 == 0 else ""
        yield f"{account},{name},{phone},{chance.choice(CITIES)},{day},{tag}\n"


def run(rows: int = ROWS) -> dict[str, Any]:
    """Import once into a new server, print what it took, and give the results."""
    return uvloop.run(measure(rows))


async def measure(rows: int) -> dict[str, Any]:
    """Take the file, run it, and look at the server's memory on the way."""
    body = "".join(people(rows)).encode()
    print(f"Importing {rows:,} members ({len(body) / 1e6:.0f} MB)\n{machine()}\n")
    with serving() as path:
        store = Store(unix(path), "bench", SystemClock())
        await store.open()
        found = await fill(store, body)
        await store.close()
    for name, value in found.items():
        print(f"{name:<40} {value:>12,.1f}")
    return {
        "title": f"Importing {rows:,} members",
        "machine": asdict(machine()),
        "results": found,
    }


async def fill(store: Store, body: bytes) -> dict[str, float]:
    """Import a file into an empty workspace; seconds, rows a second, MB, ms."""
    imports = Imports(store, lambda: ["wecom"])
    work = ImportWork(store, imports, lambda: "bench")
    began = time.perf_counter()
    made = await imports.take("bench", "people.csv", body)
    taken = time.perf_counter()
    waiting = await memory(store)
    await imports.run(made.id, "bench")
    others = asyncio.create_task(answers(store))
    await work.tick()
    ended = time.perf_counter()
    others.cancel()
    done = await imports.get(made.id)
    assert (done.state, done.new) == ("done", made.rows), done
    return {
        "seconds to read the file": taken - began,
        "seconds to do the rows": ended - taken,
        "rows a second": made.rows / (ended - taken),
        "MB in the store, rows waiting": waiting,
        "MB in the store, members and results": await memory(store),
    }


async def memory(store: Store) -> float:
    """Millions of bytes the server has in use."""
    said = (await store.text("INFO", "memory")) or ""
    return int(said.partition("used_memory:")[2].split()[0]) / 1e6


async def answers(store: Store) -> None:
    """Others ask the store meanwhile, as a running bot does."""
    while True:
        await store.call("PING")
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    run()
