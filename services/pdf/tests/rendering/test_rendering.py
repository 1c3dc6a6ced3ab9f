import asyncio
import datetime as dt
import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from printed import pages, season, text
from pypdf import PdfReader

from common.sandbox import SandboxKilled
from common.testing.upstream import serve
from common.testing.wait import eventually
from contracts.testing.training import MONDAY, plan, workout
from contracts.trainer.api import Goal, Phase, PlanDocument
from pdf.rendering.order import Drawn, Order, Paper
from pdf.rendering.renderers import Renderers
from pdf.rendering.words import Units

MIB = 1 << 20


def order(document: PlanDocument, units: Units = Units.METRIC) -> Order:
    return Order(document.model_dump_json().encode(), Paper.A4, units, dt.date(2026, 3, 1))


def alive(pid: int | None) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
async def renderers() -> AsyncIterator[Renderers]:
    made = Renderers(1, time_limit=60, memory_limit=1536 * MIB)
    yield made
    await made.aclose()


async def render(renderers: Renderers, document: PlanDocument, units: Units = Units.METRIC) -> Drawn:
    drawn = await renderers.render(order(document, units))
    assert isinstance(drawn, Drawn)
    return drawn


async def test_a_season_is_an_overview_and_its_weeks(renderers: Renderers) -> None:
    drawn = await render(renderers, season(weeks=4))
    read = PdfReader(io.BytesIO(drawn.content))
    overview, *weeks = pages(drawn.content)
    assert (drawn.pages, len(read.pages)) == (3, 3)
    for expected in (
        "Spring marathon",
        "Oslo Marathon",
        "3:30:00",
        "Base",
        "Build",
        "222 km",
        "55.6 km",
        "20 workouts",
    ):
        assert expected in " ".join(overview.split()), expected
    said = " ".join(" ".join(weeks).split())
    for expected in (
        "Week 1 9 \u2013 15 March 2026",
        "3 \u00d7 (1 km at 4:00\u20134:10 /km, 90 s rest)",
        "A gel every 40 minutes.",
        "Spring marathon \u00b7 version 1 \u00b7 printed 1 March 2026",
        "Page 3 of 3",
    ):
        assert expected in said, expected
    width, height = read.pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)


async def test_the_file_says_what_it_is(renderers: Renderers) -> None:
    read = PdfReader(io.BytesIO((await render(renderers, season(weeks=2))).content))
    assert read.metadata is not None
    assert read.metadata.title == "Spring marathon"
    catalogue: Any = read.trailer["/Root"]
    assert catalogue["/Lang"] == "en"
    assert "/StructTreeRoot" in catalogue  # tagged, for those who listen to it
    plan_title, weeks = read.outline
    assert not isinstance(plan_title, list)
    assert plan_title.title == "Spring marathon"
    assert isinstance(weeks, list)
    assert len(weeks) == 2


async def test_the_same_order_gives_the_same_bytes(renderers: Renderers) -> None:
    document = season(weeks=2)
    assert (await render(renderers, document)).content == (await render(renderers, document)).content


async def test_imperial_units(renderers: Renderers) -> None:
    said = text((await render(renderers, season(weeks=2), Units.IMPERIAL)).content)
    assert "at 6:26\u20136:42 /mi" in said
    assert " km" not in said


HOSTILE = '<script>alert(1)</script> {{7*7}} <img src="file:///etc/passwd">'


async def test_what_people_write_is_text_and_fetches_nothing(renderers: Renderers) -> None:
    called: list[str] = []

    async def listener(scope: dict[str, object], _receive: object, _send: object) -> None:
        called.append(str(scope["path"]))

    async with serve(listener) as url:
        links = f'<img src="{url}/i"><link rel=stylesheet href={url}/s> url({url}/u) </style><style>@import "{url}/c"'
        document = plan(
            [workout(MONDAY, HOSTILE, description=links, steps=[{"kind": "work", "name": HOSTILE}])],
            name=HOSTILE,
            description=f"{links} {HOSTILE}",
            goal=Goal(distance=5000, date=MONDAY, name=links),
            phases=[Phase(name=HOSTILE, start_date=MONDAY, end_date=MONDAY)],
        )
        drawn = await render(renderers, document)
    assert called == []
    assert text(drawn.content).count("{{7*7}}") >= 4
    assert "<script>" in text(drawn.content)
    assert "root:" not in text(drawn.content)


HEBREW = "\u05de\u05e8\u05ea\u05d5\u05df"
MANY_STEPS = [{"kind": "work", "end": {"distance": 100.0 + number}} for number in range(200)]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([plan(), plan(goal=Goal(distance=5000, date=dt.date.max))], "There are no workouts"),
        ([plan([workout(dt.date.min), workout(dt.date.max)], start=dt.date.min, end=dt.date.max)], "nothing is"),
        ([plan([workout(MONDAY, "")], name="x" * 200)], "Easy run"),
        ([plan([workout(MONDAY, f"Run \U0001f3c3 \u2066{HEBREW}\u2069 \u95f4")], name=HEBREW)], "Run"),
        ([plan([workout(MONDAY, description="Long. " * 1600, distance=None, duration=None)])], "Long. Long."),
        ([plan([workout(MONDAY, steps=MANY_STEPS)])], "299 m"),
        ([plan([workout(MONDAY, f"Run {number}") for number in range(60)])], "Run 59"),
    ],
    ids=["no workouts", "edges of time", "long name", "scripts", "long text", "many steps", "a full day"],
)
async def test_odd_plans_give_good_documents(
    renderers: Renderers, documents: Sequence[PlanDocument], expected: str
) -> None:
    for document in documents:
        drawn = await render(renderers, document)
        assert expected in text(drawn.content)
        assert drawn.pages < 12


async def test_a_document_that_takes_too_long_is_killed_and_the_next_is_rendered(renderers: Renderers) -> None:
    [sandbox] = renderers.sandboxes
    await render(renderers, plan())
    pid = sandbox.pid
    sandbox._time_limit = 0.2
    with pytest.raises(SandboxKilled) as killed:
        await renderers.render(order(season(weeks=50)))
    assert killed.value.cause == "time"
    assert not alive(pid)
    sandbox._time_limit = 60
    assert (await render(renderers, plan())).pages == 1


async def test_a_document_that_needs_too_much_memory_is_refused() -> None:
    small = Renderers(1, time_limit=60, memory_limit=240 * MIB)
    with pytest.raises(SandboxKilled) as killed:
        await small.render(order(season(weeks=150)))
    assert killed.value.cause in {"memory", "crash"}
    await small.aclose()


async def test_as_many_are_rendered_at_once_as_there_are_processes() -> None:
    two = Renderers(2, time_limit=60, memory_limit=1536 * MIB)
    jobs = [asyncio.create_task(two.render(order(season(weeks=2)))) for _ in range(5)]

    async def both() -> bool:
        return all(sandbox.pid for sandbox in two.sandboxes)

    await eventually(both, within=10)
    pids = [sandbox.pid for sandbox in two.sandboxes]
    await asyncio.gather(*jobs)
    assert [sandbox.pid for sandbox in two.sandboxes] == pids
    await two.aclose()


async def test_a_machine_without_fonts_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "fonts.conf"
    config.write_text(f'<?xml version="1.0"?><fontconfig><dir>{tmp_path}</dir></fontconfig>')
    made = Renderers(1, time_limit=60, memory_limit=1536 * MIB)
    made.sandboxes[0]._environment["FONTCONFIG_FILE"] = str(config)
    drawn = await made.render(order(plan()))
    assert not isinstance(drawn, Drawn)
    assert "fonts-dejavu-core" in drawn.reason
    await made.aclose()
