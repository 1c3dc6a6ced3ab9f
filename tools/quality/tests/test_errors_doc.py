import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tools.quality.errors_doc import Raised, complaints, differences, of_classes, of_literals, raised

from common.errors import Conflict, NotFound
from contracts.errors import ErrorCode

SOURCE = """
from common import errors
from common.errors import Conflict, NotFound


class ShoeMissing(NotFound):
    code = "shoe.not_found"
    title = "No such shoe"


class LaceMissing(ShoeMissing):
    def __init__(self):
        super().__init__(code="shoe.no_lace")


def wear(log, kind):
    log("worn", code=kind)
    raise Conflict("It is on the other foot.", code="shoe.worn")


def lose():
    return errors.NotFound(code="shoe.lost")
"""


@pytest.fixture
def shoes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, ModuleType]]:
    path = tmp_path / "shoes.py"
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield path, importlib.import_module("shoes")
    sys.modules.pop("shoes", None)


def test_sources_table_and_document_agree() -> None:
    assert list(complaints()) == []


def test_errors_of_every_layer_are_found() -> None:
    owners = {each.where.split("/src/")[0] for each in raised()}
    assert owners >= {"libs/common", "services/auth", "services/strava", "services/analytics", "services/gateway"}


def test_classes_give_their_own_code_or_the_one_they_inherit(shoes: tuple[Path, ModuleType]) -> None:
    path, module = shoes
    found = {each.error.__name__: each.code for each in of_classes(module, str(path)) if each.error}
    assert found == {"ShoeMissing": "shoe.not_found", "LaceMissing": "shoe.not_found"}


def test_codes_in_calls_come_with_the_error_that_carries_them(shoes: tuple[Path, ModuleType]) -> None:
    path, module = shoes
    found = {each.code: each.error for each in of_literals(path, module, "shoes.py")}
    assert found == {"shoe.no_lace": None, "shoe.worn": Conflict, "shoe.lost": NotFound}


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (ErrorCode(404, NotFound.title, "", ""), "x.py:1: status of shoe.worn is 409, contracts.errors says 404"),
        (
            ErrorCode(409, "Worn", "", ""),
            f"x.py:1: title of shoe.worn is {Conflict.title!r}, contracts.errors says 'Worn'",
        ),
        (
            ErrorCode(409, Conflict.title, "", "", retryable=True),
            "x.py:1: retryable of shoe.worn is False, contracts.errors says True",
        ),
    ],
)
def test_each_difference_of_a_row_is_named(row: ErrorCode, line: str) -> None:
    assert line in list(differences([Raised("shoe.worn", "x.py:1", Conflict)], {"shoe.worn": row}))


def test_missing_and_stale_rows_are_named() -> None:
    found = differences([Raised("shoe.worn", "x.py:1", None)], {"shoe.old": ErrorCode(404, "Gone", "", "")})
    assert list(found) == [
        "x.py:1: the code shoe.worn is missing in contracts.errors",
        "contracts.errors: nothing raises shoe.old",
    ]
