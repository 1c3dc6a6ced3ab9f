from datetime import UTC, datetime

import pytest

from strava.files.accounts.values import decimal, moment, plain

MOMENT = datetime(2020, 10, 7, 14, 43, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Oct 7, 2020, 2:43:11 PM",
        "Oct 7, 2020, 2:43:11\u202fPM",
        "7 Oct 2020, 14:43:11",
        "07.10.2020, 14:43:11",
        "7. Okt. 2020, 14:43:11",
        "7 oct. 2020 à 14:43:11",
        "7 octobre 2020, 14:43:11",
        "07/10/2020, 14:43:11",
        "7 oct 2020, 14:43:11",
        "7 de octubre de 2020, 14:43:11",
        "7 de out. de 2020, 14:43:11",
        "7 de outubro de 2020 14:43:11",
        "2020-10-07 14:43:11",
    ],
)
def test_a_date_is_read_in_every_language(text: str) -> None:
    assert moment(text) == MOMENT


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("Jan", 1), ("janv.", 1), ("ene", 1), ("févr.", 2), ("fev", 2), ("März", 3), ("mars", 3), ("marzo", 3),
        ("avr.", 4), ("abr", 4), ("mai", 5), ("mayo", 5), ("May", 5), ("juin", 6), ("junio", 6), ("juil.", 7),
        ("julio", 7), ("août", 8), ("agosto", 8), ("set.", 9), ("Sept", 9), ("Dez.", 12), ("déc.", 12), ("dic", 12),
    ],
)  # fmt: skip
def test_months_are_known_by_how_they_begin(text: str, month: int) -> None:
    assert moment(f"3 {text} 2021, 06:00:00") == datetime(2021, month, 3, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "Oct 7, 2020", "14:43:11", "Oct 32, 2020, 1:00:00 PM", "Oct 7, 1801, 1:00:00 PM",
        "07.13.2020, 14:43:11", "Oct 7, 9999, 1:00:00 PM", "7 Oct 2020, 25:00:00", "9" * 500,
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("text", "hour"), [("12:05:00 AM", 0), ("12:05:00 PM", 12), ("1:05:00 a.\u00a0m.", 1), ("1:05:00 p. m.", 13)]
)
def test_noon_and_midnight(text: str, hour: int) -> None:
    assert moment(f"Oct 7, 2020, {text}") == datetime(2020, 10, 7, hour, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("10.52", False, 10.52),
        ("10,52", True, 10.52),
        ("10520.400390625", True, 10520.400390625),
        ("1,234", False, 1234.0),
        ("1,234", True, 1.234),
        ("1.234", True, 1234.0),
        ("1.234", False, 1.234),
        ("1,234.5", True, 1234.5),
        ("1.234,5", False, 1234.5),
        ("1\u202f234,5", True, 1234.5),
        ("1'234.5", False, 1234.5),
        ("12.345.678", False, 12345678.0),
        ("1234", True, 1234.0),
        ("", True, None),
        ("-", False, None),
        ("nan", False, None),
        ("inf", False, None),
        ("1e999", False, None),
        ("1,2,3", False, None),
    ],
)
def test_a_number_is_read_as_its_language_writes_it(text: str, comma: bool, value: float | None) -> None:
    assert decimal(text, comma=comma) == value


def test_words_are_compared_without_accents_case_and_typography() -> None:
    assert plain(" Date  de l\u2019Activité ") == "date de l'activite"
