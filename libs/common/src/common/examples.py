"""Examples of answers for an API's description, made of the schemas: they cannot say what an answer has not.

A field gets what is usual for its name (``common.example_values``) where that is of its type, else something of its
type; choices are their first.
"""

from typing import Any

from common.example_values import BY_FORMAT, BY_NAME, KEYS

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/"
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_MISSING = object()


def example_of(schema: Schema, schemas: Schema) -> Any:
    """Return a value that fits a JSON Schema of an OpenAPI 3.1 description; ``schemas`` are its components."""
    return _Maker(schemas).make(schema, "", frozenset())


class _Maker:
    def __init__(self, schemas: Schema) -> None:
        self._schemas = schemas

    def make(self, schema: Schema, name: str, within: frozenset[str]) -> Any:
        """Make the value of a field; ``within`` are the titles of what it is a part of, of which no other is made."""
        schema = self._resolved(schema)
        if schema.get("examples"):
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        usual = BY_NAME.get(name, _MISSING)
        if usual is not _MISSING and self._fits(usual, schema):
            return usual
        if "enum" in schema:
            return schema["enum"][0]
        if options := _options(schema):
            chosen = next((each for each in options if not self._returns(each, within)), options[0])
            return self.make(chosen, name, within)
        return self._of_type(schema, name, within)

    def _resolved(self, schema: Schema) -> Schema:
        while reference := schema.get("$ref"):
            schema = self._schemas[reference.removeprefix(_REFERENCE)]
        return schema

    def _returns(self, schema: Schema, within: frozenset[str]) -> bool:
        """Whether a value of the schema would hold another of what it is a part of."""
        schema = self._resolved(schema)
        if schema.get("type") == "array":
            return self._returns(schema.get("items", {}), within)
        return schema.get("type") == "object" and schema.get("title") in within

    def _of_type(self, schema: Schema, name: str, within: frozenset[str]) -> Any:
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, name, within)
        if kind == "array":
            parts = schema.get("prefixItems") or [schema["items"]] * max(1, schema.get("minItems", 1))
            return [self.make(each, "", within) for each in parts]
        if kind == "string":
            return BY_FORMAT.get(schema.get("format", ""), "text")
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        return True if kind == "boolean" else None

    def _object(self, schema: Schema, called: str, within: frozenset[str]) -> dict[str, Any]:
        title = schema.get("title", "")
        made = {}
        for name, field in schema.get("properties", {}).items():
            own = f"{title}.{name}"
            made[name] = self.make(field, own if own in BY_NAME else name, within | {title})
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and not made:
            made[KEYS.get(called, KEYS[""])] = self.make(more, "", within)
        return made

    def _fits(self, value: Any, schema: Schema) -> bool:
        """Whether a usual value is one that the field can have, as far as types, choices and formats go."""
        schema = self._resolved(schema)
        if options := _options(schema):
            return any(self._fits(value, each) for each in options)
        if "enum" in schema:
            return value in schema["enum"]
        return self._is_of(value, schema)

    def _is_of(self, value: Any, schema: Schema) -> bool:
        kind = schema.get("type")
        if kind is None or not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
            return False
        if isinstance(value, list):
            parts = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
            return all(part == {} or self._fits(each, part) for each, part in zip(value, parts, strict=True))
        if isinstance(value, dict) and "additionalProperties" not in schema:
            return set(value) <= set(schema["properties"])
        return True


def _options(schema: Schema) -> list[Schema]:
    options: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or []
    return options
