import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from printed import season, text
from sqlalchemy import select

from common.db.tables import OutboxEvent
from common.resources import Resources
from common.signing import UrlSigner
from common.testing.atwork import ServiceAtWork
from common.testing.plugin import Environment
from contracts.testing.training import MONDAY, Training, plan, workout
from pdf.documents.sweeping import sweep_orphans
from pdf.settings import PdfSettings

PLANS, DOCUMENTS = "/api/v1/pdf/plans", "/api/v1/pdf/documents"


def stored(files: Path) -> list[Path]:
    return sorted(files.rglob("*.pdf"))


async def printed(pdf: ServiceAtWork, person: UUID, plan_id: UUID, **parameters: str) -> dict[str, Any]:
    """Ask for a plan and wait for its document."""
    asked = await pdf.request(person, "POST", f"{PLANS}/{plan_id}", params=parameters)
    assert asked.status_code == 202, asked.text
    await pdf.settle()
    document: dict[str, Any] = (await pdf.get(person, asked.headers["location"])).json()
    return document


async def test_a_plan_is_printed_in_the_background_and_downloaded(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, season(weeks=2, version=7))
    asked = await pdf.request(ana, "POST", f"{PLANS}/{document.id}")
    assert asked.status_code == 202
    assert asked.json() == asked.json() | {
        "plan_id": str(document.id),
        "plan_version": 7,
        "title": "Spring marathon",
        "state": "queued",
        "paper": "a4",
        "units": "metric",
        "download_url": None,
        "pages": None,
    }
    await pdf.settle()
    done = (await pdf.get(ana, asked.headers["location"])).json()
    assert (done["id"], done["state"], done["reason"], done["pages"]) == (asked.json()["id"], "done", None, 2)
    assert done["version"] == asked.json()["version"] + 1
    answer = await pdf.get(ana, f"{DOCUMENTS}/{done['id']}/download")
    assert (answer.status_code, answer.headers["content-type"], len(answer.content)) == (
        200,
        "application/pdf",
        done["size"],
    )
    assert "Long run" in text(answer.content)


async def test_the_same_plan_is_rendered_once_and_another_version_anew(
    pdf: ServiceAtWork, trainer: Training, ana: UUID, files: Path
) -> None:
    document = trainer.keep(ana, plan([workout(MONDAY)]))
    first = await printed(pdf, ana, document.id)
    assert await printed(pdf, ana, document.id) == first
    assert await pdf.scalar("SELECT count(*) FROM jobs") == 1
    trainer.keep(ana, document.model_copy(update={"version": 2}))
    second = await printed(pdf, ana, document.id)
    third = await printed(pdf, ana, document.id, units="imperial")
    assert len({first["id"], second["id"], third["id"]}) == len(stored(files)) == 3
    assert (second["plan_version"], third["units"]) == (2, "imperial")


async def test_two_who_ask_at_the_same_time_get_one_document(pdf: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    document = trainer.keep(ana, plan())
    asked = await asyncio.gather(*(pdf.request(ana, "POST", f"{PLANS}/{document.id}") for _ in range(4)))
    assert {answer.status_code for answer in asked} == {202}
    assert len({answer.json()["id"] for answer in asked}) == 1


async def test_a_plan_that_is_not_there_or_not_ones_own_is_not_found(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, plan())
    for person, plan_id in ((ana, uuid4()), (uuid4(), document.id)):
        answer = await pdf.request(person, "POST", f"{PLANS}/{plan_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "pdf.plan_not_found")
    assert await pdf.scalar("SELECT count(*) FROM documents") == 0


async def test_while_trainer_is_down_nothing_is_left_half(pdf: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    document = trainer.keep(ana, plan())
    trainer.down = True
    for headers in ({}, {"Accept": "application/pdf"}):
        answer = await pdf.request(ana, "POST", f"{PLANS}/{document.id}", headers=headers)
        assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert await pdf.scalar("SELECT count(*) FROM documents") == await pdf.scalar("SELECT count(*) FROM jobs") == 0


async def test_what_is_printed_is_the_plan_as_it_was_asked_for(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = trainer.keep(ana, plan(name="As asked"))
    asked = await pdf.request(ana, "POST", f"{PLANS}/{document.id}")
    trainer.keep(ana, document.model_copy(update={"name": "Changed since", "version": 2}))
    await pdf.settle()
    answer = await pdf.get(ana, f"{asked.headers['location']}/download")
    assert "As asked" in text(answer.content)
    assert len(trainer.reads) == 1


async def test_documents_are_listed_the_latest_first_in_pages(pdf: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    ids = []
    for _ in range(3):
        asked = await pdf.request(ana, "POST", f"{PLANS}/{trainer.keep(ana, plan()).id}")
        ids.append(asked.json()["id"])
    await pdf.settle()
    first = await pdf.get(ana, DOCUMENTS, limit="2")
    second = await pdf.get(ana, DOCUMENTS, limit="2", cursor=first.json()["next_cursor"])
    listed = [item["id"] for page in (first, second) for item in page.json()["items"]]
    assert listed == ids[::-1]
    assert second.json()["next_cursor"] is None
    assert (await pdf.get(uuid4(), DOCUMENTS)).json()["items"] == []
    again = await pdf.request(ana, "GET", f"{DOCUMENTS}?limit=2", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


async def test_a_document_has_a_tag_that_changes_with_it(pdf: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    asked = await pdf.request(ana, "POST", f"{PLANS}/{trainer.keep(ana, plan()).id}")
    place = asked.headers["location"]
    before = (await pdf.get(ana, place)).headers["etag"]
    await pdf.settle()
    done = await pdf.request(ana, "GET", place, headers={"If-None-Match": before})
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert (await pdf.request(ana, "GET", place, headers={"If-None-Match": done.headers["etag"]})).status_code == 304
    stale = await pdf.request(ana, "DELETE", place, headers={"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "request.stale")
    gone = await pdf.request(ana, "DELETE", place, headers={"If-Match": done.headers["etag"]})
    assert gone.status_code == 204


async def test_a_deleted_document_leaves_nothing(pdf: ServiceAtWork, trainer: Training, ana: UUID, files: Path) -> None:
    document = await printed(pdf, ana, trainer.keep(ana, plan()).id)
    place = f"{DOCUMENTS}/{document['id']}"
    assert (await pdf.request(uuid4(), "DELETE", place)).status_code == 404
    assert len(stored(files)) == 1
    assert (await pdf.request(ana, "DELETE", place)).status_code == 204
    assert stored(files) == []
    for method, path in (("GET", place), ("GET", f"{place}/download"), ("DELETE", place)):
        answer = await pdf.request(ana, method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "pdf.document_not_found")


async def test_the_audit_log_is_told_who_printed_and_deleted(pdf: ServiceAtWork, trainer: Training, ana: UUID) -> None:
    document = await printed(pdf, ana, trainer.keep(ana, plan()).id)
    assert (await pdf.request(ana, "DELETE", f"{DOCUMENTS}/{document['id']}")).status_code == 204
    async with (
        Resources.open("pdf", PdfSettings.from_environment()) as resources,
        resources.database.reading() as session,
    ):
        events = await session.scalars(
            select(OutboxEvent).where(OutboxEvent.type == "audit.recorded.v1").order_by(OutboxEvent.id)
        )
        told = [(event.payload["action"], event.payload["actor"], event.payload["target"]) for event in events]
    assert told == [(f"document.{act}", str(ana), document["id"]) for act in ("requested", "deleted")]


async def test_a_signed_address_gives_the_pdf_to_whoever_holds_it(
    pdf: ServiceAtWork, trainer: Training, ana: UUID, signer: UrlSigner
) -> None:
    document = await printed(pdf, ana, trainer.keep(ana, plan()).id)
    address, path = document["download_url"], f"{DOCUMENTS}/{document['id']}/download"
    answer = await pdf.client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    again = await pdf.client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    refused = {
        "forged": address[:-3] + "abc",
        "expired": signer.sign(path, datetime.now(UTC) - timedelta(seconds=5)),
        "of another": address.replace(document["id"], str(uuid4())),
    }
    for what, link in refused.items():
        answer = await pdf.client.get(link)
        assert (answer.status_code, answer.json()["code"].partition(".")[0]) == (403, "address"), what
    assert (await pdf.client.get(path)).status_code == 401
    assert (await pdf.request(uuid4(), "GET", address)).status_code == 404


async def test_a_document_that_is_not_done_cannot_be_downloaded_yet(
    pdf: ServiceAtWork, trainer: Training, ana: UUID
) -> None:
    document = await printed(pdf, ana, trainer.keep(ana, plan()).id)
    await pdf.execute("UPDATE documents SET outcome = 'failed', sha256 = NULL, reason = 'Too long.'")
    answer = await pdf.get(ana, f"{DOCUMENTS}/{document['id']}/download")
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (409, "pdf.not_ready", True)
    assert "Too long." in answer.json()["detail"]


async def test_what_failed_or_was_lost_is_rendered_again_when_asked_for(
    pdf: ServiceAtWork, trainer: Training, ana: UUID, files: Path
) -> None:
    document = await printed(pdf, ana, trainer.keep(ana, plan()).id)
    stored(files)[0].unlink()
    answer = await pdf.get(ana, f"{DOCUMENTS}/{document['id']}/download")
    assert (answer.status_code, answer.json()["code"]) == (404, "pdf.document_not_found")
    again = await printed(pdf, ana, UUID(document["plan_id"]))
    assert (again["id"], again["state"], len(stored(files))) == (document["id"], "done", 1)
    await pdf.execute("UPDATE documents SET outcome = 'failed', reason = 'x'")
    assert (await printed(pdf, ana, UUID(document["plan_id"])))["state"] == "done"


async def test_pdfs_of_no_document_are_swept_and_others_stay(
    pdf: ServiceAtWork, pdf_environment: Environment, trainer: Training, ana: UUID, files: Path
) -> None:
    await printed(pdf, ana, trainer.keep(ana, plan()).id)
    [kept] = stored(files)
    orphans = [kept.with_name(f"{'0' * 64}.pdf"), files / str(uuid4()) / kept.name]
    for orphan in orphans:
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"left")
    async with Resources.open("pdf", PdfSettings.from_environment()) as resources:
        await sweep_orphans(resources)
        assert len(stored(files)) == 3
        await sweep_orphans(resources, grace=timedelta(seconds=-5))
    assert stored(files) == [kept]


@pytest.mark.parametrize("query", [{"paper": "letter"}, {"paper": "a4\0"}, {"units": "furlongs"}, {"units": ""}])
async def test_papers_and_units_that_do_not_exist_are_refused(
    pdf: ServiceAtWork, ana: UUID, query: dict[str, str]
) -> None:
    answer = await pdf.request(ana, "POST", f"{PLANS}/{uuid4()}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


async def test_broken_ids_and_cursors_are_the_callers_mistake(pdf: ServiceAtWork, ana: UUID) -> None:
    asked = [
        ("POST", f"{PLANS}/x"),
        ("GET", f"{DOCUMENTS}/x"),
        ("GET", f"{DOCUMENTS}?cursor=x"),
        ("GET", f"{DOCUMENTS}?limit=0"),
    ]
    for method, path in asked:
        assert (await pdf.request(ana, method, path)).status_code == 422, path
    for method, path in (("POST", f"{PLANS}/{uuid4()}"), ("GET", DOCUMENTS)):
        assert (await pdf.client.request(method, path)).status_code == 401
