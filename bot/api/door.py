"""The door: who asks, whether they may, what they ask, and answers that are always JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

import structlog
from aiohttp import web
from pydantic import ValidationError

from bot.api.operation import Answer, Call, Operation, Stream
from bot.api.problem import CONTENT_TYPE, Fault, Refused, Where, invalid
from bot.model.base import Frozen
from bot.store.line import StoreError
from bot.tokens import Scope, Token, Tokens

log = structlog.get_logger(__name__)

BASE = "/api/v1"
PIECE = 64 * 1024
AGAIN = 5
"""Seconds to wait while the store is away."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="muster"'}
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
BODY: dict[str, Where] = {"": "body"}

Raw = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """Makes routes of operations; nothing is answered without a token but what is public."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def routes(self, operations: Sequence[Operation]) -> list[web.RouteDef]:
        """Every operation, and a refusal for all other methods and paths."""
        methods: defaultdict[str, list[str]] = defaultdict(list)
        routes = []
        for operation in operations:
            path = BASE + operation.path
            methods[path].append(operation.method)
            routes.append(web.route(operation.method, path, self._answering(operation)))
        others = [web.route("*", p, self._refusing(405, found)) for p, found in methods.items()]
        return [*routes, *others, web.route("*", f"{BASE}{{_:(/.*)?}}", self._refusing(404))]

    def public(self, path: str, body: bytes) -> web.RouteDef:
        """Something that holds no data, for everybody."""

        async def answer(_: web.Request) -> web.Response:
            return _json(200, body)

        return web.get(BASE + path, answer, allow_head=False)

    def _answering(self, operation: Operation) -> Raw:
        async def answer(request: web.Request) -> web.StreamResponse:
            found = await self._found(request, operation)
            if isinstance(found, Stream):
                return await _streamed(request, operation, found)
            return found

        return answer

    async def _found(self, request: web.Request, operation: Operation) -> web.Response | Stream:
        """The answer, or the refusal."""
        try:
            token = await self._enter(request, operation.scope)
            asked = _asked(request, operation)
            body = await _body(request, operation)
            found = await operation.handler(Call(token, asked, body))
            return found if isinstance(found, Stream) else _answer(operation, found)
        except Refused as refused:
            return _refusal(refused)
        except StoreError as error:
            log.warning("api.store_away", operation=operation.name, reason=str(error))
            headers = {"Retry-After": str(AGAIN)}
            return _refusal(Refused(503, "The store does not answer.", headers=headers))
        except Exception:  # supervision boundary: a client must be answered in its language
            log.exception("api.failed", operation=operation.name)
            return _refusal(Refused(500, "Something went wrong here. The log says more."))

    def _refusing(self, status: int, methods: Sequence[str] = ()) -> Raw:
        allow = {"Allow": ", ".join(methods)} if methods else {}
        detail = f"Only {allow['Allow']} here." if allow else "There is nothing here."

        async def refuse(_: web.Request) -> web.Response:
            return _refusal(Refused(status, detail, headers=allow))

        return refuse

    async def _enter(self, request: web.Request, scope: Scope) -> Token:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        token = await self._tokens.find(text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise Refused(401, "Send a token: `Authorization: Bearer muster_…`.", headers=CHALLENGE)
        if wait := await self._tokens.admit(token):
            seconds = str(-(-wait // 1000))
            raise Refused(429, "Too many requests.", headers={"Retry-After": seconds})
        if scope not in token.scopes:
            headers = {
                "WWW-Authenticate": f"{CHALLENGE['WWW-Authenticate']}, "
                f'error="insufficient_scope", scope="{scope}"'
            }
            raise Refused(403, f"The token does not have the scope {scope}.", headers=headers)
        return token


def _asked(request: web.Request, operation: Operation) -> Frozen:
    """The values in the URL and headers; raises Refused."""
    places = operation.places
    twice = sorted({name for name in request.query if len(request.query.getall(name)) > 1})
    if twice:
        faults = [Fault(where="query", at=f"/{name}", message="given twice") for name in twice]
        raise Refused(422, f"{twice[0]}: given twice", faults)
    for name in request.query:
        if places.get(name, "query") != "query":
            fault = Fault(where="query", at=f"/{name}", message="not a query parameter")
            raise Refused(422, f"{name}: not a query parameter", [fault])
    headers = {
        name: request.headers[name]
        for name, where in places.items()
        if where == "header" and name in request.headers
    }
    given = {**request.query, **request.match_info, **headers}
    try:
        return operation.asked.model_validate(given)
    except ValidationError as error:
        raise invalid(error, operation.asked, places) from None


async def _body(request: web.Request, operation: Operation) -> Frozen | bytes | None:
    """The body: what its JSON says, or the file it is; raises Refused."""
    model, largest = operation.body, operation.largest
    if model is None and not operation.takes:
        return None
    if request.content_type not in (operation.takes or ("application/json",)):
        takes = " or ".join(operation.takes)
        what = (
            f"Send a file as {takes}." if takes else "Send JSON: `Content-Type: application/json`."
        )
        raise Refused(415, what)
    if (request.content_length or 0) > largest:
        raise Refused(413, f"A body has at most {largest} bytes.")
    content = bytearray()
    async for part in request.content.iter_chunked(PIECE):
        content += part
        if len(content) > largest:
            raise Refused(413, f"A body has at most {largest} bytes.")
    if model is None:
        return bytes(content)
    try:
        return model.model_validate_json(bytes(content), strict=True)
    except ValidationError as error:
        raise invalid(error, model, BODY) from None


async def _streamed(
    request: web.Request, operation: Operation, found: Stream
) -> web.StreamResponse:
    """Send a file; where it breaks off, the connection does, so that nobody takes it for whole."""
    called = f'attachment; filename="{found.name}"'
    response = web.StreamResponse(headers={**HEADERS, "Content-Disposition": called})
    response.content_type = found.media
    await response.prepare(request)
    try:
        async for piece in found.pieces:
            await response.write(piece)
    except StoreError as error:
        log.warning("api.broken_off", operation=operation.name, reason=str(error))
        raise ConnectionResetError("broken off") from error
    await response.write_eof()
    return response


def _answer(operation: Operation, found: Frozen | Answer) -> web.Response:
    if isinstance(found, Answer):
        return _json(found.status, found.body.model_dump_json().encode(), found.headers)
    return _json(next(iter(operation.answers)), found.model_dump_json().encode())


def _refusal(refused: Refused) -> web.Response:
    body = refused.problem.model_dump_json().encode()
    return _json(refused.problem.status, body, refused.headers, CONTENT_TYPE)


def _json(
    status: int,
    body: bytes,
    headers: Mapping[str, str] = MappingProxyType({}),
    content_type: str = "application/json",
) -> web.Response:
    response = web.Response(status=status, body=body, content_type=content_type)
    response.headers.update(HEADERS)
    response.headers.update(headers)
    return response
