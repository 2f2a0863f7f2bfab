"""The line: one adapter at work on one platform, and everything that it hands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextvars import ContextVar, copy_context
from itertools import count
from typing import Any, Self, TypeVar

from aiohttp import web

from bot.gateways.adapter import Inlet
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, DeliveryClass, Receipt
from bot.model.event import BaseEvent
from bot.model.message import Message, Segment
from bot.testing.conformance.platform import Place, Platform

T = TypeVar("T")

GATEWAY = "chat"
PATIENCE = 10.0
"""Real seconds anything may take."""
GRACE = 0.2
"""Real seconds an answer has before time begins to fly."""

_of_the_adapter: ContextVar[bool] = ContextVar("of_the_adapter", default=False)


class Line:
    """Does for one adapter what supervision does, and no more.

    ``events`` has all events in the order in which they came, of which ``yielded`` were yielded
    and the others accepted; ``asked`` counts calls of ``accept``, which fail while ``away``.
    ``alive`` counts signs of life, ``lost`` has the reasons told. What the adapter learns from a
    list is past, and not looked at. Use as ``async with``; unless
    ``receiving``, the adapter is made but not connected, and the platform not started.
    """

    def __init__(self, platform: Platform, *, receiving: bool = True, wait: bool = True) -> None:
        self.platform = platform
        self.events: list[BaseEvent] = []
        self.yielded = self.asked = self.alive = 0
        self.lost: list[str] = []
        self.away = False
        self.url = ""
        self.receiving: asyncio.Task[None] | None = None
        self._begins, self._waits = receiving, wait and platform.traits.ending != "never"
        self._seen: set[str] = set()
        self._newcomers: set[Conversation] = set()
        self._read = 0
        self._numbers = count(1)
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopped = False
        # What the adapter does runs in this context, so that the tasks it makes can be told.
        self._context = copy_context()
        self._context.run(_of_the_adapter.set, True)
        inlet = Inlet(GATEWAY, self._accept, platform.clock, self._hear, self._lose)
        self.adapter = self._context.run(platform.make, inlet)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._factory = loop.get_task_factory()
        loop.set_task_factory(self._make_task)
        try:
            await self.do(self._serve())
            if self._begins:
                self.receive()
                await self.platform.start(self.url)
            if self._begins and self._waits:
                await self.until(lambda: self.alive > 0, "alive() is called once connected")
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.stop()
        finally:
            asyncio.get_running_loop().set_task_factory(self._factory)

    async def stop(self) -> None:
        """Stop reading, then close the adapter, as supervision does. May be called again."""
        if self._stopped:
            return
        self._stopped = True
        if self.receiving:
            self.receiving.cancel()
            await asyncio.wait((self.receiving,), timeout=PATIENCE)
            assert self.receiving.done(), "receive does not end when it is cancelled"
        await self.do(self.adapter.close())
        await self._runner.cleanup()

    async def left_running(self) -> list[str]:
        """The tasks the adapter began that have not ended."""
        for _ in range(20):
            await asyncio.sleep(0)
        return [repr(task) for task in self._tasks if not task.done()]

    # receiving

    def receive(self) -> None:
        """Call ``receive``; once more when it has ended."""
        self.receiving = self.begin(self._receive())
        self.receiving.add_done_callback(lambda _: self._changed.set())

    async def next(self) -> BaseEvent:
        """The next event."""
        await self.until(lambda: len(self.events) > self._read, "an event comes")
        self._read += 1
        return self.events[self._read - 1]

    async def hears(self, text: str, group: str | None = None) -> BaseEvent:
        """The event of something that account 0 says to the bot."""
        await self.platform.say(self.platform.account(0), group, text, to_bot=True)
        return await self.next()

    async def chat(self, place: Place | None = None) -> Conversation:
        """A conversation in which somebody has just spoken to the bot; in a group if possible.

        Where nobody can speak, a group.
        """
        traits = self.platform.traits
        there = place or ("group" if "group" in traits.places or traits.mute else "direct")
        group = self.platform.group(0) if there == "group" else None
        if traits.mute:
            return Conversation(gateway=GATEWAY, group=group)
        return (await self.hears("hello", group)).conversation

    async def reader(self) -> Conversation:
        """Somebody whom one message reaches as the capabilities say."""
        if not self.platform.traits.welcomes:
            return await self.chat()
        to = Conversation(gateway=GATEWAY, account=await self.platform.come())
        self._newcomers.add(to)
        await self.next()
        return to

    async def ended(self) -> BaseException | None:
        """What ``receive`` ended with; None when it returned."""
        assert self.receiving is not None
        await asyncio.wait((self.receiving,), timeout=PATIENCE)
        assert self.receiving.done(), "receive goes on, but its connection has ended"
        return self.receiving.exception()

    async def until(self, ready: Callable[[], bool], what: str) -> None:
        """Wait for something the adapter does."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not ready():
                    if self.receiving and self.receiving.done():
                        raise AssertionError(f"receive ended before {what}: {self._why()}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"expected within {PATIENCE:g} s that {what}") from None

    # sending

    def delivery(self, to: Conversation, *parts: str | Segment) -> Delivery:
        """A delivery with an id of its own; to a new contact a welcome."""
        ident, message = f"d{next(self._numbers)}", Message.of(*parts)
        priority: DeliveryClass = "welcome" if to in self._newcomers else "reply"
        return Delivery(id=ident, to=to, message=message, priority=priority)

    async def send(self, to: Conversation, *parts: str | Segment) -> Receipt:
        """Send a message."""
        return await self.do(self.adapter.send(self.delivery(to, *parts)))

    async def fails(self, delivery: Delivery) -> Exception:
        """The error that sending ends in, while time flies."""
        return await self.failing(self.adapter.send(delivery))

    async def failing(self, work: Coroutine[Any, Any, object]) -> Exception:
        """The error that something ends in, while time flies."""
        try:
            receipt = await self._flying(self.begin(work))
        except AssertionError:
            raise
        except Exception as error:
            return error
        raise AssertionError(f"expected an error, but {receipt!r} was returned")

    async def arrives(self, times: int) -> None:
        """Wait until so many messages have got to the platform."""
        async with asyncio.timeout(PATIENCE):
            while len(await self.platform.sent()) < times:  # noqa: ASYNC110, a double may be a server
                await asyncio.sleep(0.002)

    # working

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Let the adapter do something."""
        return asyncio.get_running_loop().create_task(work, context=self._context)

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the adapter do something, and wait for it."""
        task = self.begin(work)
        await asyncio.wait((task,), timeout=PATIENCE)
        return await self._done(task)

    async def _flying(self, task: asyncio.Task[T]) -> T:
        await asyncio.wait((task,), timeout=GRACE)
        ends = asyncio.get_running_loop().time() + PATIENCE
        while not task.done() and asyncio.get_running_loop().time() < ends:
            self.platform.clock.advance(0.5)
            await asyncio.sleep(0.005)
        return await self._done(task)

    async def _done(self, task: asyncio.Task[T]) -> T:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=PATIENCE)
            raise AssertionError(f"{task.get_coro()!r} did not end within {PATIENCE:g} s")
        return task.result()

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **how: Any,
    ) -> asyncio.Task[Any]:
        made: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **how)
        if _of_the_adapter.get():
            self._tasks.add(made)
            made.add_done_callback(self._tasks.discard)
        return made

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", f"/gateways/{GATEWAY}", self.adapter.webhook)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/gateways/{GATEWAY}"

    async def _receive(self) -> None:
        events = self.adapter.receive()
        try:
            async for event in events:
                self.yielded += 1
                self._take(event)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def _take(self, event: BaseEvent) -> None:
        self._seen.add(event.id)
        self.events.append(event)
        self._changed.set()

    async def _accept(self, event: BaseEvent) -> bool:
        if event.past:
            return True
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError("the inbox is away")
        new = event.id not in self._seen
        self._take(event)
        return new

    def _hear(self) -> None:
        self.alive += 1
        self._changed.set()

    def _lose(self, reason: str) -> None:
        self.lost.append(reason)
        self._changed.set()

    def _why(self) -> str:
        if self.receiving is None or self.receiving.cancelled():
            return "it was cancelled"
        error = self.receiving.exception()
        return f"{type(error).__name__}: {error}" if error else "it returned"
