"""Text as people write it into forms, for the bodies of requests."""

from typing import Annotated, Any

from pydantic import AfterValidator


def _one_line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("must be one line of printable characters")
    return text.strip()


def _no_nul(text: str) -> str:
    if "\x00" in text:  # Postgres cannot hold it
        raise ValueError("must not hold a NUL character")
    return text


OneLine = Annotated[str, AfterValidator(_one_line)]
"""Printable, not blank, without space at its ends. A length limit is the field's own."""

Prose = Annotated[str, AfterValidator(_no_nul)]
"""Any text of any number of lines. A length limit is the field's own."""


def example(values: dict[str, Any]) -> dict[str, Any]:
    """Make the ``json_schema_extra`` of a body: an example that the API's description shows, and a test sends."""
    return {"examples": [values]}
