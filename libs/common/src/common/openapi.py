"""What every operation has and FastAPI cannot know: conditional requests, idempotency keys, examples of answers.

Reads of JSON have an entity tag and answer 304; what carries a version can be changed on condition of it; POST can be
repeated with a key. The description of a service says so for each operation by these rules.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from common.examples import example_of
from common.route import TransactionalRoute

Document = dict[str, Any]

JSON = "application/json"
_CHANGING = ("put", "patch", "delete")
_OK = "200"
_REFERENCE = "#/components/schemas/"


def _header(name: str, description: str, example: str) -> Document:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


IF_NONE_MATCH = _header("If-None-Match", "ETag of the answer you have; 304 when it still holds", '"7"')
IF_MATCH = _header("If-Match", "ETag of the version you saw; 412 when there is a newer one", '"7"')
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key", "any text of yours; a repetition within 24 h has one effect and the first answer", "6f1c2a"
)


def complete(app: FastAPI, routers: Sequence[APIRouter], *, prefix: str) -> None:
    """Have the description say what is common to the operations of ``routers``, which are included at ``prefix``."""
    described = app.openapi

    def openapi() -> Document:
        if app.openapi_schema is None:
            document = described()
            _extend(document, _paths(routers, prefix, "GET"), _paths(routers, prefix, "POST"))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the documented way to change a description


def _paths(routers: Sequence[APIRouter], prefix: str, method: str) -> set[str]:
    """Paths whose requests of a method go through ``TransactionalRoute``, which does what is described here."""
    return {
        prefix + route.path_format
        for router in routers
        for route in router.routes
        if isinstance(route, TransactionalRoute) and method in (route.methods or ())
    }


def _extend(document: Document, tagged: set[str], repeatable: set[str]) -> None:
    schemas: Document = document.get("components", {}).get("schemas", {})
    for path, item in document["paths"].items():
        versioned = any(_carries_version(operation, schemas) for operation in item.values())
        for method, operation in item.items():
            if method == "get" and path in tagged and _json_of(operation) is not None:
                _add(operation, IF_NONE_MATCH)
                operation["responses"].setdefault("304", {"description": "What you have still holds"})
            if method == "post" and path in repeatable:
                _add(operation, IDEMPOTENCY_KEY)
            if method in _CHANGING and versioned:
                _add(operation, IF_MATCH)
            if method == "patch":
                _forget_defaults(operation, schemas)
            _give_examples(operation, schemas)


def _give_examples(operation: Document, schemas: Document) -> None:
    """Have each answer of JSON that is no error show an example."""
    for status, answer in operation.get("responses", {}).items():
        content = answer.get("content", {}).get(JSON)
        if status.startswith("2") and content is not None and "examples" not in content:
            content.setdefault("example", example_of(content.get("schema", {}), schemas))


def _forget_defaults(operation: Document, schemas: Document) -> None:
    """What a PATCH leaves out stays as it is: the defaults of its model are never used."""
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    for field in schemas.get(_name(body), {}).get("properties", {}).values():
        field.pop("default", None)


def _name(schema: Document) -> str:
    return str(schema.get("$ref", "")).removeprefix(_REFERENCE)


def _add(operation: Document, header: Document) -> None:
    present = operation.setdefault("parameters", [])
    if all(each.get("name", "").lower() != header["name"].lower() for each in present):
        present.append(header)


def _json_of(operation: Document) -> Document | None:
    content: Document = operation.get("responses", {}).get(_OK, {}).get("content", {})
    return content.get(JSON)


def _carries_version(operation: Document, schemas: Document) -> bool:
    """Whether the operation answers with a resource that has a version."""
    answer = (_json_of(operation) or {}).get("schema") or {}
    return "version" in schemas.get(_name(answer), {}).get("properties", {})
