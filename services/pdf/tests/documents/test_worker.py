import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from printed import season, text

from common.testing.atwork import ServiceAtWork, at_work
from common.testing.plugin import Environment
from common.testing.processes import WorkerProcess
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from contracts.testing.training import Training, plan
from pdf import main, worker

PLANS, DOCUMENTS = "/api/v1/pdf/plans", "/api/v1/pdf/documents"


class Waiting:
    """A worker's place that stays empty."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        await self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()


@pytest.fixture
async def pdf_alone(pdf_environment: Environment, mint: TokenMint) -> AsyncIterator[ServiceAtWork]:
    """The web process; the test starts workers itself."""
    async with at_work("pdf", pdf_environment, mint, web=main.create, worker=Waiting) as service:  # type: ignore[arg-type]  # only run and stop are used
        yield service


def rendering_children(pid: int) -> list[int]:
    """The processes that render for this one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in children if b"pdf.rendering.child" in Path(f"/proc/{each}/cmdline").read_bytes()]


def stored(files: Path) -> list[Path]:
    return list(files.rglob("*.pdf"))


async def test_a_document_outlives_a_worker_killed_in_the_middle_of_it(
    pdf_alone: ServiceAtWork, pdf_environment: Environment, trainer: Training, ana: UUID, tmp_path: Path
) -> None:
    document = trainer.keep(ana, season(weeks=24))
    asked = await pdf_alone.request(ana, "POST", f"{PLANS}/{document.id}")
    first = WorkerProcess("pdf", pdf_environment, tmp_path / "first.log")
    pid = first._process.pid

    async def rendering() -> list[int]:
        return await asyncio.to_thread(rendering_children, pid)

    [child] = await eventually(rendering, within=30, what="a child that renders")
    await asyncio.to_thread(first.end, signal.SIGKILL)
    assert (await pdf_alone.get(ana, asked.headers["location"])).json()["state"] == "running"
    await pdf_alone.execute("UPDATE jobs SET lease_until = now()")
    second = WorkerProcess("pdf", pdf_environment, tmp_path / "second.log")

    async def done() -> bool:
        return bool((await pdf_alone.get(ana, asked.headers["location"])).json()["state"] == "done")

    await eventually(done, within=60, what="the document by the retry")
    assert await pdf_alone.scalar("SELECT attempts FROM jobs") == 2
    answer = await pdf_alone.get(ana, f"{asked.headers['location']}/download")
    assert "Week 24" in text(answer.content)
    assert await asyncio.to_thread(second.end) == 0

    async def orphan_gone() -> bool:
        return not await asyncio.to_thread(Path(f"/proc/{child}").exists)

    await eventually(orphan_gone, within=60, what="the end of the first worker's child")


async def test_a_child_that_dies_is_replaced_and_the_document_finishes(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, season(weeks=24))
    asked = await pdf.request(ana, "POST", f"{PLANS}/{document.id}")

    async def child() -> list[int]:
        return await asyncio.to_thread(rendering_children, os.getpid())

    [pid] = await eventually(child, within=10, what="a child that renders")
    os.kill(pid, signal.SIGKILL)
    await pdf.settle()
    assert (await pdf.get(ana, asked.headers["location"])).json()["state"] == "done"
    assert await pdf.scalar("SELECT attempts FROM jobs") == 2


@pytest.fixture
async def hasty(
    pdf_environment: Environment, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServiceAtWork]:
    """Both processes, with little time for a document."""
    monkeypatch.setenv("PDF_RENDER_SECONDS", "10")
    async with at_work("pdf", pdf_environment, mint, web=main.create, worker=worker.create) as service:
        yield service


async def test_a_plan_that_takes_too_long_fails_with_a_reason_and_the_service_lives(
    hasty: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    huge, small = trainer.keep(ana, season(weeks=400)), trainer.keep(ana, plan())
    answer = await hasty.request(ana, "POST", f"{PLANS}/{huge.id}", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (422, "pdf.too_large")
    [document] = (await hasty.get(ana, DOCUMENTS)).json()["items"]
    assert (document["state"], document["download_url"]) == ("failed", None)
    assert document["reason"] == "The plan takes too long to render as one document."
    answer = await hasty.request(ana, "POST", f"{PLANS}/{small.id}", headers={"Accept": "application/pdf"})
    assert answer.status_code == 200


async def test_deleting_while_it_is_rendered_leaves_nothing(
    pdf: ServiceAtWork, trainer: Training, ana: UUID, files: Path
) -> None:
    asked = await pdf.request(ana, "POST", f"{PLANS}/{trainer.keep(ana, season(weeks=8)).id}")

    async def running() -> bool:
        return bool((await pdf.get(ana, asked.headers["location"])).json()["state"] == "running")

    await eventually(running, within=10)
    assert (await pdf.request(ana, "DELETE", asked.headers["location"])).status_code == 204
    await pdf.settle()

    async def gone() -> bool:
        return stored(files) == []  # its file goes after the commit

    await eventually(gone, within=10)
    assert await pdf.scalar("SELECT count(*) FROM documents") == 0
