from datetime import UTC, datetime

import numpy as np

from strava.files.recording import Recording
from strava.files.words import LONGEST_NAME, LONGEST_NOTES, presentable


def words(text: str | None) -> tuple[str | None, ...]:
    columns = {"time": np.zeros(1)}
    found = presentable(
        Recording("Run", datetime(2026, 3, 1, tzinfo=UTC), columns, "fit", name=text, device=text, notes=text)
    )
    return found.name, found.device, found.notes


def test_what_somebody_wrote_stays() -> None:
    text = "Rund um den See 🏃\n\tmit Zoë"
    assert set(words(text)) == {text}
    assert set(words(None)) == {None}


def test_what_is_no_text_goes() -> None:
    assert set(words("a\0b\x1b[31m\u202ec")) == {"ab[31mc"}
    assert set(words("\0 \n")) == {None}
    assert set(words("half \ud83d a character")) == {"half ? a character"}


def test_words_have_an_end() -> None:
    name, device, notes = words("x" * 1_000_000)
    assert [len(each or "") for each in (name, device, notes)] == [LONGEST_NAME, LONGEST_NAME, LONGEST_NOTES]
