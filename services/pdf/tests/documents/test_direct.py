import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from printed import season, text

from common.db import Database
from common.queue import QueueWaker
from common.testing.atwork import ServiceAtWork
from common.testing.plugin import Environment, serving
from common.testing.tokens import TokenMint
from contracts.testing.training import MONDAY, Training, plan, workout
from pdf import main
from pdf.documents.direct import wants_pdf
from pdf.documents.files import disposition

PLANS = "/api/v1/pdf/plans"
DIRECT = {"Accept": "application/pdf"}


async def test_a_plan_is_printed_at_once_and_the_repeat_comes_from_storage(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, season(weeks=2))
    first = await pdf.request(ana, "POST", f"{PLANS}/{document.id}", headers=DIRECT)
    assert (first.status_code, first.headers["content-type"]) == (200, "application/pdf")
    assert "Spring marathon" in text(first.content)
    assert first.headers["content-disposition"].startswith('attachment; filename="Spring marathon.pdf"')
    again = await pdf.request(ana, "POST", f"{PLANS}/{document.id}", headers=DIRECT)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert await pdf.scalar("SELECT count(*) FROM jobs") == 1
    download = await pdf.get(ana, first.headers["content-location"])
    assert (download.content, download.headers["etag"]) == (first.content, first.headers["etag"])


async def test_many_who_wait_hold_no_connections(pdf: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    document = trainer.keep(ana, season(weeks=2))
    headers = [{**DIRECT, "Idempotency-Key": f"key-{number}"} for number in range(12)]
    answers = await asyncio.gather(
        *(pdf.request(ana, "POST", f"{PLANS}/{document.id}", headers=each) for each in headers)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_a_repeated_key_means_the_same_document_even_when_the_plan_has_changed(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, plan([workout(MONDAY)]))
    headers = {**DIRECT, "Idempotency-Key": "once"}
    first = await pdf.request(ana, "POST", f"{PLANS}/{document.id}", headers=headers)
    trainer.keep(ana, document.model_copy(update={"version": 2}))
    again = await pdf.request(ana, "POST", f"{PLANS}/{document.id}", headers=headers)
    assert again.content == first.content
    other = await pdf.request(ana, "POST", f"{PLANS}/{document.id}", params={"units": "imperial"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")


async def test_a_plan_too_large_for_one_document_is_refused(
    pdf_environment: Environment, trainer: Training, mint: TokenMint, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDF_MAX_PLAN_SIZE", "2000")
    document = trainer.keep(ana, season())
    async with serving(main.create(), mint) as client:
        answer = await client.post(f"{PLANS}/{document.id}", headers=mint.headers(str(ana)))
    assert (answer.status_code, answer.json()["code"]) == (422, "pdf.too_large")


@pytest.fixture
async def alone(
    pdf_environment: Environment, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServiceAtWork]:
    """The web process without its worker, and without patience."""
    monkeypatch.setenv("PDF_DIRECT_SECONDS", "0.2")
    database = Database(pdf_environment["DATABASE_URL"], service="pdf", pool_size=2)
    waker = QueueWaker(pdf_environment["REDIS_URL"])
    async with serving(main.create(), mint) as client:
        yield ServiceAtWork("pdf", client, database, mint, waker, dict)
    await waker.aclose()
    await database.aclose()


async def test_what_takes_longer_than_a_request_may_goes_on_in_the_background(
    alone: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, plan())
    answer = await alone.request(ana, "POST", f"{PLANS}/{document.id}", headers=DIRECT)
    assert (answer.status_code, answer.json()["code"]) == (503, "pdf.takes_longer")
    assert int(answer.headers["retry-after"]) > 0
    assert await alone.scalar("SELECT count(*) FROM jobs WHERE state = 'queued'") == 1


@pytest.mark.parametrize(
    ("state", "outcome", "expected"),
    [("done", "failed", (422, "pdf.too_large")), ("dead", None, (500, "pdf.failed"))],
)
async def test_who_waits_is_told_why_there_is_no_pdf(
    alone: ServiceAtWork, trainer: Training, ana: UUID, state: str, outcome: str | None, expected: tuple[int, str]
) -> None:
    document = trainer.keep(ana, plan())
    key = {**DIRECT, "Idempotency-Key": "k"}
    await alone.request(ana, "POST", f"{PLANS}/{document.id}", headers=key)
    settled = f"'{outcome}'" if outcome else "NULL"
    await alone.execute(f"UPDATE documents SET outcome = {settled}, reason = 'Too long.'")
    await alone.execute(f"UPDATE jobs SET state = '{state}'")
    answer = await alone.request(ana, "POST", f"{PLANS}/{document.id}", headers=key)
    assert (answer.status_code, answer.json()["code"]) == expected


async def test_nobody_elses_plan_is_printed_at_once_either(alone: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    document = trainer.keep(ana, plan())
    answer = await alone.request(uuid4(), "POST", f"{PLANS}/{document.id}", headers=DIRECT)
    assert (answer.status_code, answer.json()["code"]) == (404, "pdf.plan_not_found")


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/pdf", True),
        ("application/json, Application/PDF;q=0.5", True),
        ("*/*", False),
        ("", False),
        ("application/pdf;q=0", False),
        ("application/pdf; q=0.000", False),
    ],
)
def test_only_who_names_pdf_gets_it_at_once(accept: str, wanted: bool) -> None:
    assert wants_pdf(accept) is wanted


@pytest.mark.parametrize(
    ("title", "plain", "encoded"),
    [
        ("Spring 10k", "Spring 10k", "Spring%2010k"),
        ("Lø\u0301p", "Lp", "L%C3%B8%CC%81p"),
        ('a"\r\nSet-Cookie: x', "a Set-Cookie x", "a%20Set-Cookie%20x"),
        ("../../etc/passwd", "etc passwd", "etc%20passwd"),
        ("\u05de\u05e8", "plan", "%D7%9E%D7%A8"),
        ("...", "plan", "plan"),
    ],
)
def test_a_file_is_called_as_the_plan_and_nothing_worse(title: str, plain: str, encoded: str) -> None:
    assert disposition(title) == f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{encoded}.pdf"
