"""Media: uploads to WeCom, each made once in three days for all nodes.

Facts from developer.work.weixin.qq.com/document/path/90253: a media_id holds for three days and
for every app of the company.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from types import MappingProxyType

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import repeatable
from bot.gateways.wecom.files import FileKind, Files, Source, filename
from bot.model.delivery import SendError
from bot.store.line import StoreError
from bot.store.store import Store

MEGABYTE = 1 << 20
MOST: Mapping[FileKind, int] = MappingProxyType(
    {"image": 10 * MEGABYTE, "video": 10 * MEGABYTE, "file": 20 * MEGABYTE}
)
"""Bytes WeCom takes of each kind."""
KEPT = 68 * 3600
"""Seconds an upload is used again."""
AHEAD = 6 * 3600
"""Seconds before an upload's end from which on ``renew`` makes another."""
FRESH = 600_000
"""Milliseconds what was at an address is taken to be there still."""


class Media:
    """Media ids by content, remembered in the store.

    What was fetched from an address a moment ago is not fetched again; what cannot be fetched now
    is what it was before, as long as that upload holds: a welcome has no time to wait.
    """

    def __init__(self, api: WeComApi, corp_id: str, store: Store, files: Files) -> None:
        self._api = api
        self._corp = corp_id
        self._store = store
        self._files = files
        self._under_way: dict[Source, asyncio.Task[str]] = {}

    async def id_of(self, source: Source) -> str:
        """The media id of what is at a source; raises Retry, Refused and Misconfigured.

        An upload goes on when the wait for it is cancelled, and is shared by all who wait.
        """
        before, at = await self._known(source)
        if before and (source.url.startswith("data:") or self._store.clock.now() - at < FRESH):
            return before
        try:
            return await asyncio.shield(self._begin(source))
        except SendError:
            if before:
                return before
            raise

    async def renew(self, source: Source) -> str:
        """As ``id_of``, but looks again before that would, and uploads anew what ends soon.

        Done every few minutes it leaves nothing to do to whoever has no time.
        """
        before, at = await self._known(source)
        young = source.url.startswith("data:") or self._store.clock.now() - at < FRESH // 2
        ends = before == "" or await self._ends(source)
        if young and not ends:
            return before
        return await asyncio.shield(self._begin(source, anew=ends))

    async def forget(self, source: Source) -> None:
        """WeCom does not know its media id any more."""
        with suppress(StoreError):
            if found := await self._store.text("GET", self._address(source)):
                await self._store.call("DEL", self._content(source, found.partition(" ")[2]))

    async def close(self) -> None:
        """End what is under way."""
        tasks = [*self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, source: Source, *, anew: bool = False) -> asyncio.Task[str]:
        """Fetching and uploading it, which may be under way."""
        task = self._under_way.get(source)
        if task is None:
            task = self._under_way[source] = asyncio.create_task(self._bring(source, anew=anew))
            task.add_done_callback(lambda done: self._ended(source, done))
        return task

    def _ended(self, source: Source, done: asyncio.Task[str]) -> None:
        self._under_way.pop(source, None)
        if not done.cancelled():
            done.exception()  # nobody may be waiting any more

    async def _known(self, source: Source) -> tuple[str, int]:
        """The media id of what was at a source, and when (UTC ms); '' for none."""
        with suppress(StoreError):
            if found := await self._store.text("GET", self._address(source)):
                at, _, digest = found.partition(" ")
                media_id = await self._store.text("GET", self._content(source, digest))
                return media_id or "", int(at)
        return "", 0

    async def _ends(self, source: Source) -> bool:
        """Whether its upload will soon be used no more."""
        with suppress(StoreError):
            found = await self._store.text("GET", self._address(source)) or ""
            content = self._content(source, found.partition(" ")[2])
            return int(await self._store.call("TTL", content)) < AHEAD
        return False

    async def _bring(self, source: Source, *, anew: bool) -> str:
        """Fetch and, unless the same was uploaded before or ``anew``, upload."""
        data = await self._files.fetch(source, MOST[source.kind])
        name = filename(source, data)
        digest = _digest(name.encode(), data)
        content, media_id = self._content(source, digest), None
        with suppress(StoreError):
            media_id = None if anew else await self._store.text("GET", content)
        if media_id is None:
            media_id = await self._upload(source, name, data)
            with suppress(StoreError):
                await self._store.call("SET", content, media_id, "EX", KEPT)
        with suppress(StoreError):
            written = f"{self._store.clock.now()} {digest}"
            await self._store.call("SET", self._address(source), written, "EX", KEPT)
        return media_id

    async def _upload(self, source: Source, name: str, data: bytes) -> str:
        with repeatable():  # nobody has seen anything yet
            answer = await self._api.upload("media/upload", name, data, type=source.kind)
        return str(answer.get("media_id", ""))

    def _address(self, source: Source) -> str:
        digest = _digest(source.url.encode(), source.name.encode())
        return self._store.keys.wecom_source(self._corp, source.kind, digest)

    def _content(self, source: Source, digest: str) -> str:
        return self._store.keys.wecom_upload(self._corp, source.kind, digest)


def _digest(*parts: bytes) -> str:
    whole = sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()[:32]
