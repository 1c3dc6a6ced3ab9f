"""Files that cannot be kept are not taken in: no 202, and no trace of an import."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import made_up
import pytest
from made_up import START
from sqlalchemy import func, select

from common.db.tables import Job
from common.resources import Resources
from common.testing.plugin import serving
from common.testing.tokens import TokenMint
from strava.main import create
from strava.models import Import, ImportItem

FIRST, SECOND = made_up.run(seconds=60), made_up.run(START + timedelta(days=1), seconds=60)


@pytest.fixture
async def importing(
    strava: httpx2.AsyncClient, mint: TokenMint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """Import files where the folder of the originals is; gives the answer."""
    monkeypatch.setenv("OBJECT_STORE_URL", f"file://{tmp_path}/objects")
    headers = mint.headers(str(uuid4()))
    async with serving(create(), mint) as client:

        async def give(*files: bytes, query: str = "") -> httpx2.Response:
            form = [("files", (f"{number}.gpx", data)) for number, data in enumerate(files)]
            return await client.post(f"/api/v1/imports{query}", files=form, headers=headers)

        yield give


async def rows(resources: Resources) -> list[int]:
    async with resources.database.reading() as session:
        tables = (Import, ImportItem, Job)
        return [await session.scalar(select(func.count()).select_from(each)) or 0 for each in tables]


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
async def test_a_storage_that_fails_is_a_503_and_leaves_nothing(
    importing: Any, resources: Resources, tmp_path: Path, query: str
) -> None:
    (tmp_path / "objects/originals").write_text("no folder any more")
    answer = await importing(FIRST, query=query)
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert await rows(resources) == [0, 0, 0]
    (tmp_path / "objects/originals").unlink()
    assert (await importing(FIRST, query=query)).status_code == 202  # the same again, once it is well


async def test_one_file_that_cannot_be_kept_fails_all(importing: Any, resources: Resources, tmp_path: Path) -> None:
    assert (await importing(FIRST)).status_code == 202
    before = await rows(resources)
    [own] = (tmp_path / "objects/originals").iterdir()
    (own / hashlib.sha256(SECOND).hexdigest()[:2]).write_text("no folder")
    assert (await importing(FIRST, SECOND)).status_code == 503
    assert await rows(resources) == before
