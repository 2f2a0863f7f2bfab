"""The problem: why a request was refused, as RFC 9457 writes it, with the place of each fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from bot.located import Problems, nearest
from bot.model.base import Frozen

CONTENT_TYPE = "application/problem+json"
Where = Literal["body", "query", "path", "header"]
_KEY = re.compile(r'\[(\d+)\]|"((?:[^"\\]|\\.)*)"|([\w-]+)')
"""A part of a key as problems write it (bot/located/problem.py)."""


class Fault(Frozen):
    """One thing to correct: the part of the request, and the JSON pointer of the value in it."""

    where: Where
    at: str = Field(description='A JSON pointer (RFC 6901), such as "/parameters/url".')
    message: str
    hint: str = ""


class Problem(Frozen):
    """Why a request was refused (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()


class Refused(Exception):
    """A request that is not done; ``headers`` go with the answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.problem = Problem(
            title=HTTPStatus(status).phrase, status=status, detail=detail, errors=tuple(errors)
        )


def wrong(where: Where, at: str, message: str, hint: str = "") -> Refused:
    """A refusal because of one value; ``at`` is its name."""
    fault = Fault(where=where, at=pointer([at]), message=message, hint=hint)
    return Refused(422, message, [fault])


def invalid(error: ValidationError, model: type[Frozen], where: Mapping[str, Where]) -> Refused:
    """A refusal with every fault pydantic found; ``where`` says where a name stands."""
    faults = [_fault(one, model, where) for one in error.errors(include_url=False)]
    if any(one["type"] == "json_invalid" for one in error.errors(include_url=False)):
        return Refused(400, "The body is not JSON.", faults)
    return Refused(422, f"{faults[0].at}: {faults[0].message}", faults)


def unacceptable(problems: Problems, fields: Iterable[str], otherwise: str) -> Refused:
    """A refusal of what a room found wrong with a body of these fields."""
    known, faults = {*fields}, []
    for one in problems.problems:
        place = [one.place.file] if one.place.file in known else [otherwise]
        place += [one.key] if one.place.file == "parameters" and one.key else []
        message = str(one.message)
        if one.place.column:
            message = f"at character {one.place.column}: {message}"
        faults.append(Fault(where="body", at=pointer(place), message=message, hint=str(one.hint)))
    return Refused(422, f"{faults[0].at}: {faults[0].message}", faults)


def misread(problems: Problems, name: str) -> Refused:
    """A refusal of what a room found wrong with a text in the query."""
    faults = [
        Fault(
            where="query",
            at=pointer([name]),
            message=f"at character {one.place.column}: {one.message}"
            if one.place.column
            else str(one.message),
            hint=str(one.hint),
        )
        for one in problems.problems
    ]
    return Refused(422, faults[0].message, faults)


def unfit(problems: Problems, name: str) -> Refused:
    """A refusal of what a room found wrong in the table ``name`` of a body."""
    faults = [
        Fault(
            where="body",
            at=pointer([name, *("".join(part) for part in _KEY.findall(one.key))]),
            message=str(one.message),
            hint=str(one.hint),
        )
        for one in problems.problems
    ]
    return Refused(422, f"{faults[0].at}: {faults[0].message}", faults)


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _fault(error: ErrorDetails, model: type[Frozen], where: Mapping[str, Where]) -> Fault:
    path, names = error["loc"], [f.alias or n for n, f in model.model_fields.items()]
    hint = ""
    if error["type"] == "extra_forbidden" and len(path) == 1:
        hint = nearest(str(path[0]), names)
    name = str(path[0]) if path else ""
    return Fault(
        where=where.get(name, where[""]), at=pointer(path), message=error["msg"], hint=str(hint)
    )
