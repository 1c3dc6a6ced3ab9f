import json
from pathlib import Path
from uuid import UUID, uuid4

from printed import season, text

from common.testing.atwork import ServiceAtWork
from contracts.testing.held import Held
from contracts.testing.training import Training


async def printed(pdf: ServiceAtWork, trainer: Training) -> Held:
    """Somebody with a printed plan."""
    person: UUID = uuid4()
    plan = trainer.keep(person, season(weeks=2, version=1))
    asked = await pdf.request(person, "POST", f"/api/v1/pdf/plans/{plan.id}", headers={"Idempotency-Key": "print"})
    assert asked.status_code == 202, asked.text
    await pdf.settle()
    return Held(pdf, person)


def stored(files: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files.rglob("*.pdf")}


def folders(files: Path) -> set[Path]:
    return {path for path in files.rglob("*") if path.is_dir()}


async def test_a_deletion_leaves_nothing_of_the_person_and_all_of_others(
    pdf: ServiceAtWork, trainer: Training, files: Path
) -> None:
    staying = await printed(pdf, trainer)
    others = await staying.mentioned(), await staying.given(), stored(files), folders(files)
    leaving = await printed(pdf, trainer)
    before = await leaving.mentioned()
    assert before.keys() >= {"documents", "jobs"}
    assert len(stored(files)) == 2
    deleted = await leaving.erase()
    assert {name: count for name, count in deleted.tables.items() if count} == before
    assert deleted.files == 1
    assert await leaving.mentioned() == {}
    assert (await leaving.tally()).total == 0
    assert (await staying.mentioned(), await staying.given(), stored(files), folders(files)) == others


async def test_an_export_holds_what_was_printed_for_the_person_alone(pdf: ServiceAtWork, trainer: Training) -> None:
    mine, _ = await printed(pdf, trainer), await printed(pdf, trainer)
    given = await mine.given()
    [document] = json.loads(given["documents.json"])
    assert document["athlete_id"] == str(mine.person)
    assert set(given) == {"documents.json", "documents.csv", f"documents/{document['id']}.pdf"}
    assert document["title"] in text(given[f"documents/{document['id']}.pdf"])
