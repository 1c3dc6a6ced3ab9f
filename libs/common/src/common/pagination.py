"""Keyset pages: a cursor names the last row seen, so that a page costs the same however deep it is."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import BigInteger, ColumnElement, and_, false, literal, or_, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from common.errors import InvalidInput

DEFAULT_LIMIT = 20
MAX_LIMIT = 200

KeyValue = datetime | date | UUID | str | int | float
Direction = Literal["asc", "desc"]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]

_MAX_CURSOR_LENGTH = 1024
_INT64 = 2**63

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")


class Page(BaseModel, Generic[ItemT]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[ItemT]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageParams:
    """What every list accepts."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


async def _page_params(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on a page")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
) -> PageParams:
    return PageParams(limit, cursor)


Paging = Annotated[PageParams, Depends(_page_params)]


class CursorInvalid(InvalidInput):
    """The cursor was not made by this list."""

    code = "request.cursor_invalid"
    title = "The cursor is not valid"
    next_steps = "Start again from the first page, without a cursor."


def encode_cursor(values: Sequence[KeyValue]) -> str:
    """Return the opaque form of a sort key; datetimes need a zone."""
    text = json.dumps([_to_json(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, types: Sequence[type]) -> tuple[KeyValue, ...]:
    """Return the sort key in a cursor, of exactly these types; raises ``CursorInvalid``."""
    if len(cursor) > _MAX_CURSOR_LENGTH:
        raise CursorInvalid
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(types):
            raise CursorInvalid
        return tuple(_READERS[kind](value) for kind, value in zip(types, values, strict=True))
    except (ValueError, OverflowError, RecursionError, binascii.Error):
        raise CursorInvalid from None


class Keyset:
    """The order of a list by columns that are never null and together unique.

    ``Keyset((Activity.start_time, "desc"), (Activity.id, "desc"))``
    """

    def __init__(self, *order: tuple[Column, Direction]) -> None:
        self._order = order
        self._types = [column.type.python_type for column, _ in order]
        unknown = [kind.__name__ for kind in self._types if kind not in _READERS]
        if unknown:
            raise TypeError(f"a cursor cannot hold {', '.join(unknown)}")

    def order_by(self) -> list[ColumnElement[Any]]:
        """Return what ``select().order_by(*...)`` takes."""
        return [column.desc() if direction == "desc" else column.asc() for column, direction in self._order]

    def where(self, cursor: str | None) -> ColumnElement[bool]:
        """Return the condition for the rows after ``cursor``; all of them without one."""
        return keyset_where(*self._order, cursor=decode_cursor(cursor, self._types) if cursor else None)

    def page(
        self,
        rows: Sequence[RowT],
        limit: int,
        key: Callable[[RowT], Sequence[KeyValue]],
        render: Callable[[RowT], ItemT],
    ) -> Page[ItemT]:
        """Make a page of ``limit + 1`` rows read: the one too many only tells that there is more.

        ``key`` gives the sort key of a row in the order of the columns.
        """
        more = len(rows) > limit
        shown = rows[:limit]
        return Page(
            items=[render(row) for row in shown],
            next_cursor=encode_cursor(key(shown[-1])) if more else None,
        )


def keyset_where(*order: tuple[Column, Direction], cursor: Sequence[KeyValue] | None) -> ColumnElement[bool]:
    """Return the condition for the rows that come after ``cursor`` in this order.

    With one direction it is a row comparison, which Postgres answers from an index on the columns;
    with mixed directions it is spelled out column by column.
    """
    if cursor is None:
        return true()
    columns = [column for column, _ in order]
    values = [_bind(column, value) for column, value in zip(columns, cursor, strict=True)]
    directions = {direction for _, direction in order}
    if len(directions) == 1:
        row, last = tuple_(*columns), tuple_(*values)
        return row < last if directions == {"desc"} else row > last
    return _spelled_out(order, values)


def _spelled_out(
    order: Sequence[tuple[Column, Direction]], values: Sequence[ColumnElement[Any]]
) -> ColumnElement[bool]:
    after: ColumnElement[bool] = false()
    for (column, direction), value in reversed(list(zip(order, values, strict=True))):
        beyond = column < value if direction == "desc" else column > value
        after = or_(beyond, and_(column == value, after))
    return after


def _bind(column: Column, value: KeyValue) -> ColumnElement[Any]:
    # A number from a cursor may not fit the column: compared as 64 bits it is merely far away, not an error.
    return literal(value, BigInteger() if isinstance(value, int) else column.type)


def _to_json(value: KeyValue) -> str | int | float:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a cursor needs datetimes with a zone")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read_datetime(value: Any) -> datetime:
    moment = datetime.fromisoformat(_read_str(value))
    if moment.tzinfo is None:
        raise CursorInvalid
    return moment.astimezone(UTC)


def _read_str(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise CursorInvalid
    value.encode()  # a lone surrogate is no text for Postgres
    return value


def _read_int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise CursorInvalid
    return value


def _read_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CursorInvalid
    return float(value)


_READERS: Mapping[type, Callable[[Any], KeyValue]] = {
    datetime: _read_datetime,
    date: lambda value: date.fromisoformat(_read_str(value)),
    UUID: lambda value: UUID(_read_str(value)),
    str: _read_str,
    int: _read_int,
    float: _read_float,
}
