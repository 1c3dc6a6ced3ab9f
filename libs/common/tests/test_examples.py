"""Examples of answers are made of the schemas, so they fit them."""

from typing import Any

import jsonschema
import pytest

from common.examples import example_of

STEP = {
    "type": "object",
    "title": "Step",
    "required": ["repeat", "steps"],
    "properties": {
        "repeat": {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}]},
        "steps": {
            "anyOf": [
                {"type": "array", "items": {"$ref": "#/components/schemas/Step"}, "minItems": 1},
                {"type": "null"},
            ]
        },
    },
}
SCHEMAS = {"Step": STEP, "Sport": {"type": "string", "enum": ["swim", "run"]}}


def made(schema: dict[str, Any]) -> Any:
    example = example_of(schema, SCHEMAS)
    whole = {**schema, "components": {"schemas": SCHEMAS}}
    jsonschema.validate(example, whole, cls=jsonschema.Draft202012Validator)
    return example


def field(name: str, schema: dict[str, Any], title: str = "Thing") -> Any:
    return made({"type": "object", "title": title, "required": [name], "properties": {name: schema}})[name]


def test_a_field_holds_what_is_usual_for_its_name() -> None:
    assert field("distance", {"type": "number"}) == 10012.4
    assert field("sport", {"$ref": "#/components/schemas/Sport"}) == "run"
    assert field("average_heartrate", {"anyOf": [{"type": "number"}, {"type": "null"}]}) == 162.4
    assert field("roles", {"type": "array", "items": {"type": "string"}}) == ["athlete"]


def test_a_name_within_a_schema_goes_before_the_name() -> None:
    assert field("name", {"type": "string"}, "GearOut") == "Pegasus"
    assert field("name", {"type": "string"}) == "City Race 10 km"


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("distance", {"type": "string", "enum": ["400m"]}, "400m"),
        ("distance", {"type": "integer", "minimum": 5}, 5),
        ("roles", {"type": "array", "items": {"type": "integer"}}, [1]),
        ("calories_estimated", {"type": "number"}, 1),
        (
            "details",
            {"type": "object", "title": "Details", "properties": {"time": {"type": "number"}}},
            {"time": 2694.8},
        ),
    ],
)
def test_what_is_usual_is_left_where_it_does_not_fit(name: str, schema: dict[str, Any], expected: object) -> None:
    assert field(name, schema) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "date"}, "2026-10-04"),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"const": 7}, 7),
        ({"type": "string", "examples": ["seven"]}, "seven"),
        ({"type": "array", "prefixItems": [{"type": "number", "minimum": 3}, {"type": "boolean"}]}, [3, True]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"time": 1}),
    ],
)
def test_everything_else_is_something_of_its_type(schema: dict[str, Any], expected: object) -> None:
    assert field("unheard_of", schema) == expected


def test_what_holds_its_like_does_so_once() -> None:
    assert made({"$ref": "#/components/schemas/Step"}) == {"repeat": 5, "steps": None}
