"""The description: OpenAPI 3.1, made from the table of operations and their models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.api.door import BASE
from bot.api.operation import Operation
from bot.api.problem import CONTENT_TYPE, Problem
from bot.model.base import Frozen

ALWAYS = (401, 403, 422, 429, 503)
"""The refusals every operation may answer with."""
WITH_BODY = (400, 413, 415)
REF = "#/components/schemas/{model}"
HEADERS = {
    401: {"WWW-Authenticate": "Says that a bearer token is needed."},
    403: {"WWW-Authenticate": "Says which scope is needed."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}
Models = dict[tuple[type[Frozen], JsonSchemaMode], dict[str, Any]]


def described(operations: Sequence[Operation], version: str) -> bytes:
    """The document, as JSON."""
    models, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, models)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Muster",
            "version": version,
            "description": "A community's members, links, check-ins, welcomes, routes and SOPs.",
        },
        "servers": [{"url": BASE}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _schemas(operations: Sequence[Operation]) -> tuple[Models, dict[str, Any]]:
    wanted: dict[tuple[type[Frozen], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for one in operations:
        wanted |= dict.fromkeys((answer, "serialization") for answer in one.answers.values())
        if one.body:
            wanted[one.body, "validation"] = None
    models, whole = models_json_schema([*wanted], by_alias=True, ref_template=REF)
    return models, whole["$defs"]  # type: ignore[return-value]


def _operation(one: Operation, models: Models) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs the scope `{one.scope}`.",
        "tags": [one.path.split("/")[1]],
        "security": [{"token": []}],
        "responses": _responses(one, models),
    }
    if parameters := _parameters(one):
        told["parameters"] = parameters
    if one.body:
        content = {"application/json": {"schema": models[one.body, "validation"]}}
        told["requestBody"] = {"required": True, "content": content}
    elif one.takes:
        told["requestBody"] = {"required": True, "content": _files(one.takes)}
    return told


def _parameters(one: Operation) -> list[dict[str, Any]]:
    schema = one.asked.model_json_schema(by_alias=True)
    found = []
    for name, about in schema.get("properties", {}).items():
        kept = {k: v for k, v in about.items() if k not in ("title", "description")}
        where = one.places[name]
        told = {"name": name, "in": where, "required": name in schema.get("required", ())}
        if "description" in about:
            told["description"] = about["description"]
        found.append({**told, "schema": kept})
    return found


def _responses(one: Operation, models: Models) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in one.answers.items():
        content = {"application/json": {"schema": models[answer, "serialization"]}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    if one.gives:
        responses["200"] = {"description": "The file", "content": _files(one.gives)}
    problem = {CONTENT_TYPE: {"schema": models[Problem, "serialization"]}}
    refusals = {*ALWAYS, *one.refusals, *(WITH_BODY if one.body or one.takes else ())}
    for status in sorted(refusals):
        told = {"description": HTTPStatus(status).phrase, "content": problem}
        if headers := HEADERS.get(status):
            told["headers"] = {
                name: {"description": what, "schema": {"type": "string"}}
                for name, what in headers.items()
            }
        responses[str(status)] = told
    return responses


def _files(media: Sequence[str]) -> dict[str, Any]:
    return {one: {"schema": {"type": "string", "contentMediaType": one}} for one in media}
