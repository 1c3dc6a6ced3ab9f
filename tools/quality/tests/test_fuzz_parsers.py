from pathlib import Path

import fit_files
import pytest
from tools.quality import fuzz_parsers

from strava.files import parse


@pytest.mark.parametrize("form", fuzz_parsers.FORMATS)
def test_what_fuzzing_begins_with_is_sound(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_parsers, "RECORDINGS", tmp_path / "none")
    for data in fuzz_parsers.seeds(form).values():
        fuzz_parsers.read_as_an_import_does(data)


def test_a_changed_fit_file_is_sealed_so_that_the_strict_decoder_takes_it() -> None:
    data = fit_files.run(20)
    assert fuzz_parsers.sealed(data) == data
    changed = data.replace(bytes((140, 85)), bytes((141, 85)), 1)  # heart rate and cadence of the first sample
    assert parse(changed).recordings[0].quality.damaged
    assert not parse(fuzz_parsers.sealed(changed)).recordings[0].quality.damaged


def test_a_finding_is_read_again_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "finding").write_bytes(b"<gpx>")
    assert fuzz_parsers.main(["--replay", str(tmp_path / "finding")]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
