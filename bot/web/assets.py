"""Assets: a folder's few static files, served from memory and cached by content."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from bot.web.headers import protect

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    kind: str
    tag: str


class Assets:
    """Reads every file of ``folder`` once and serves it under ``prefix``."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._prefix = prefix
        self._files = {p.name: _read(p) for p in folder.iterdir() if p.suffix in TYPES}

    def url(self, name: str) -> str:
        """The address of a file, another one for another content. Raises KeyError."""
        return f"{self._prefix}/{name}?v={self._files[name].tag}"

    def routes(self) -> list[web.RouteDef]:
        """The route of all files."""
        return [web.get(f"{self._prefix}/{{name}}", self._serve)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        found = self._files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        same = request.query.get("v") == found.tag
        headers = {"Cache-Control": FOR_EVER if same else "no-cache", "ETag": f'"{found.tag}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return protect(web.Response(status=304, headers=headers))
        response = web.Response(body=found.body, content_type=found.kind, headers=headers)
        if not found.kind.startswith("image/png"):
            response.charset = "utf-8"
        return protect(response)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, TYPES[path.suffix], sha256(body).hexdigest()[:16])
