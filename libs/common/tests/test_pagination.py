import base64
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, DateTime, column, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.http import ServiceClient, UpstreamRejected
from common.pagination import (
    CursorInvalid,
    Keyset,
    KeyValue,
    Page,
    Paging,
    decode_cursor,
    encode_cursor,
    keyset_where,
)
from common.testing.upstream import serve

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "pagination_things"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    moment: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    day: Mapped[date]
    name: Mapped[str]
    number: Mapped[int]
    weight: Mapped[float]


THINGS = [
    Thing(
        id=uuid.UUID(int=number),
        moment=START + timedelta(hours=number // 3),
        day=START.date() + timedelta(days=number // 4),
        name=f"name {number // 5}",
        number=number // 2,
        weight=(number // 3) / 7,
    )
    for number in range(23)
]


@pytest.fixture
async def session(admin_database_url: str) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(admin_database_url)
    async with engine.connect() as connection:
        await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(connection) as session:
            session.add_all([Thing(**{c.key: getattr(t, c.key) for c in Thing.__table__.columns}) for t in THINGS])
            await session.flush()
            session.expunge_all()
            yield session
        await connection.rollback()
    await engine.dispose()


Order = list[tuple[str, Literal["asc", "desc"]]]


async def all_pages(session: AsyncSession, order: Order, limit: int) -> tuple[list[int], int]:
    keyset = Keyset(*((getattr(Thing, name), direction) for name, direction in order))
    seen: list[int] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        query = select(Thing).where(keyset.where(cursor)).order_by(*keyset.order_by()).limit(limit + 1)
        rows = (await session.scalars(query)).all()
        page = keyset.page(
            rows, limit, key=lambda row: [getattr(row, name) for name, _ in order], render=lambda row: row.id.int
        )
        assert len(page.items) <= limit
        seen += page.items
        cursor, pages = page.next_cursor, pages + 1
    return seen, pages


@pytest.mark.parametrize("limit", [1, 4, 22, 23, 24])
@pytest.mark.parametrize(
    "order",
    [
        [("moment", "desc"), ("id", "desc")],
        [("moment", "asc"), ("id", "asc")],
        [("name", "desc"), ("id", "asc")],
        [("day", "asc"), ("weight", "desc"), ("id", "desc")],
        [("number", "desc"), ("id", "desc")],
        [("id", "asc")],
    ],
)
async def test_pages_give_every_row_once_in_order(session: AsyncSession, order: Order, limit: int) -> None:
    expected = list(THINGS)
    for name, direction in reversed(order):
        expected.sort(key=lambda thing: getattr(thing, name), reverse=direction == "desc")
    seen, pages = await all_pages(session, order, limit)
    assert seen == [thing.id.int for thing in expected]
    assert pages == -(-len(THINGS) // limit)


async def test_a_row_inserted_before_the_cursor_does_not_shift_the_next_page(session: AsyncSession) -> None:
    keyset = Keyset((Thing.id, "desc"))
    query = select(Thing).order_by(*keyset.order_by())
    first = (await session.scalars(query.limit(5))).all()
    cursor = encode_cursor([first[-1].id])
    session.add(Thing(id=uuid.UUID(int=999), moment=START, day=START.date(), name="n", number=1, weight=1.0))
    await session.flush()
    second = (await session.scalars(query.where(keyset.where(cursor)).limit(5))).all()
    assert [thing.id.int for thing in second] == [17, 16, 15, 14, 13]


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, -(2**63)])
async def test_a_number_too_large_for_the_column_is_beyond_every_row(session: AsyncSession, number: int) -> None:
    keyset = Keyset((Thing.number, "asc"), (Thing.id, "asc"))
    cursor = encode_cursor([number, uuid.UUID(int=1)])
    rows = (await session.scalars(select(Thing).where(keyset.where(cursor)))).all()
    assert len(rows) == (0 if number > 0 else len(THINGS))


async def test_one_direction_is_a_row_comparison_that_an_index_can_answer() -> None:
    condition = keyset_where((Thing.moment, "desc"), (Thing.id, "desc"), cursor=(START, uuid.UUID(int=1)))
    assert str(condition).startswith("(pagination_things.moment, pagination_things.id) < (")


@given(
    st.tuples(
        st.datetimes(
            min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
            max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
            timezones=st.sampled_from([UTC, timezone(timedelta(hours=10, minutes=30))]),
        ),
        st.uuids(),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.dates(),
    )
)
def test_a_cursor_gives_back_exactly_what_was_put_in(values: tuple[KeyValue, ...]) -> None:
    types: list[type] = [datetime, uuid.UUID, str, int, float, date]
    cursor = encode_cursor(values)
    assert decode_cursor(cursor, types) == values
    assert cursor.replace("-", "").replace("_", "").isalnum()


def opaque(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("cursor", "kind"),
    [
        ("", str),
        ("%%%", str),
        ("é", str),
        ("a" * 2000, str),
        ("A", str),
        (base64.urlsafe_b64encode(b"\xff\xfe").decode(), str),
        (base64.urlsafe_b64encode(b"[" * 700).decode(), str),
        (opaque({"a": 1}), str),
        (opaque([]), str),
        (opaque(["a", "b"]), str),
        (opaque([7]), str),
        (opaque(["a\0b"]), str),
        (opaque(["\ud800"]), str),
        (opaque(["x"]), uuid.UUID),
        (opaque([7]), uuid.UUID),
        (opaque(["2026-07-01T12:00:00"]), datetime),
        (opaque(["0001-01-01T00:00:00+10:00"]), datetime),
        (opaque(["yesterday"]), datetime),
        (opaque(["2026-13-01"]), date),
        (opaque([2**63]), int),
        (opaque([1.5]), int),
        (opaque([True]), int),
        (opaque(["7"]), int),
        (base64.urlsafe_b64encode(b"[NaN]").decode(), float),
        (base64.urlsafe_b64encode(b"[1e999]").decode(), float),
        (opaque([10**400]), float),
        (opaque([False]), float),
    ],
)
def test_a_cursor_of_another_list_or_garbage_is_invalid_input(cursor: str, kind: type) -> None:
    with pytest.raises(CursorInvalid) as caught:
        decode_cursor(cursor, [kind])
    assert (caught.value.status_code, caught.value.code) == (422, "request.cursor_invalid")


def test_a_datetime_without_zone_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="zone"):
        encode_cursor([datetime(2026, 7, 1)])  # noqa: DTZ001 - the point


def test_columns_that_a_cursor_cannot_hold_are_refused_at_once() -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        Keyset((column("x", JSON()), "asc"))


async def test_a_list_endpoint_has_the_agreed_parameters_and_shape() -> None:
    app = FastAPI()

    @app.get("/things")
    async def things(paging: Paging) -> Page[int]:
        return Page(items=[paging.limit], next_cursor=paging.cursor)

    async with serve(app) as url:
        client = ServiceClient(url, name="pagination-test")
        assert (await client.get("/things")).json() == {"items": [20], "next_cursor": None}
        answer = await client.get("/things", params={"limit": 200, "cursor": "abc"})
        assert answer.json() == {"items": [200], "next_cursor": "abc"}
        for limit in ("0", "201", "x"):
            with pytest.raises(UpstreamRejected) as caught:
                await client.get("/things", params={"limit": limit})
            assert caught.value.status_code == 422
        await client.aclose()
    parameters = {entry["name"]: entry["schema"] for entry in app.openapi()["paths"]["/things"]["get"]["parameters"]}
    assert parameters["limit"] | {"title": ""} == {
        "type": "integer", "minimum": 1, "maximum": 200, "default": 20, "title": "", "description": "Rows on a page"
    }  # fmt: skip
    assert "cursor" in parameters
