"""Coverage-guided fuzzing of the readers of activity files (make fuzz): changed files until the time is over.

Each format has its turn in a process of its own: a file is read, cleaned and derived as an import does it. A refusal
is fine; anything else - another exception, an impossible number, more than 10 s or 2 GiB - is a finding, which is
written to ``var/fuzz/<format>/`` together with its traceback. ``--replay FILE`` reads one of them again.
"""

import argparse
import hashlib
import importlib
import importlib.util
import os
import random
import struct
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.quality.workspace import ROOT

FORMATS = ("fit", "gpx", "tcx")
NEEDS = "atheris==3.0.0"  # only for x86-64 Linux, so no requirement of everybody's
HOME = ROOT / "var" / "fuzz"
SECONDS_EACH = 10
MEMORY_MIB = 2048
LARGEST = {"fit": 3 * 1024, "gpx": 16 * 1024, "tcx": 16 * 1024}  # bytes; small files are changed more often
NOT_THERE = 2
RECORDINGS = Path(os.environ.get("RT_RECORDINGS", ROOT.parent / "shared" / "data" / "activities"))
SUPPORT = ROOT / "services" / "strava" / "tests" / "support" / "src"
HEADER = 14
NUMBERS = (b"nan", b"inf", b"-inf", b"1e999", b"-1", b"0", b"1e9", b"180", b"90.0000001", b"99999999999999999999")
TIMES = (b"2026-03-01T07:00:00Z", b"2036-03-01T07:00:00Z", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-12:00")
TAGS = {
    "gpx": ("trk", "trkseg", "trkpt", "ele", "time", "extensions", "g:hr", "g:cad", "rte", "rtept", "name", "type"),
    "tcx": (
        *("Activity", "Lap", "Track", "Trackpoint", "Time", "DistanceMeters", "Position", "LatitudeDegrees", "Course"),
        *("HeartRateBpm", "Value", "Cadence", "TotalTimeSeconds", "Calories", "MaximumSpeed", "Notes", "Creator"),
    ),
}


def installed() -> bool:
    """Whether the fuzzer is there, installed now where it was not."""
    if importlib.util.find_spec("atheris"):
        return True
    print(f"installing {NEEDS}, which only this needs", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", NEEDS]
    if subprocess.run(command, check=False).returncode:
        print(f"{NEEDS} cannot be installed here: fuzzing by coverage is not possible on this machine")
        return False
    return True


def seeds(form: str) -> dict[str, bytes]:
    """Files to begin with, by name: made up, and recordings where there are any."""
    sys.path.insert(0, str(SUPPORT))
    import fit_files  # noqa: PLC0415 - found on the path set above
    import made_up  # noqa: PLC0415 - as above

    found = {
        "fit": {
            "run": fit_files.run(30),
            "legs": bytes(_legs(fit_files)),
            "workout": fit_files.run(5, kind=5),
        },
        "gpx": {"run": made_up.run(seconds=30, heartrate=120), "full": made_up.full_run(seconds=20)},
        "tcx": {"indoor": made_up.indoor(seconds=30), "outdoor": made_up.outdoor()},
    }[form]
    if RECORDINGS.is_dir():
        found |= {path.name: path.read_bytes()[: LARGEST[form]] for path in sorted(RECORDINGS.glob(f"*.{form}"))}
    return found


def _legs(fit_files: Any) -> Any:
    """Two sports in one file, the second without positions."""
    file, start = fit_files.FitFile(), fit_files.START
    for second in range(20):
        file.record(start + second, position=(45, 9 + second / 1e5), distance=second, heartrate=120)
    for second in range(30, 50):
        file.record(start + second, distance=20.0 + second)
    for begin, sport in ((0, fit_files.RUNNING), (25, fit_files.TRANSITION), (30, fit_files.CYCLING)):
        file.lap(start + begin, 19, 19, sport)
        file.session(start + begin, 19, 19, sport)
    return file


def words(form: str) -> list[bytes]:
    """What is put into text files besides bytes."""
    tags = [part for tag in TAGS.get(form, ()) for part in (f"<{tag}>".encode(), f"</{tag}>".encode())]
    return [
        *tags,
        *NUMBERS,
        *TIMES,
        b"<!--",
        b"<![CDATA[",
        b"]]>",
        b"&#0;",
        b"&amp;",
        b'<?xml version="1.1"?>',
        b"xmlns=",
    ]


def sealed(data: bytes) -> bytes:
    """A FIT file whose header and checksum agree with its content, so that the strict decoder takes it."""
    head = struct.pack("<BBHI4s", HEADER, 0x10, 2132, max(len(data) - HEADER - 2, 0), b".FIT")
    content = head + struct.pack("<H", crc(head)) + data[HEADER:-2]
    return content + struct.pack("<H", crc(content))


def crc(data: bytes) -> int:
    """Checksum of the FIT protocol (CRC-16/ARC), a byte at a time."""
    value = 0
    for byte in data:
        value = (value >> 8) ^ CRC[(value ^ byte) & 0xFF]
    return value


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


CRC = tuple(_crc_of(byte) for byte in range(256))


def read_as_an_import_does(data: bytes) -> None:
    """Read a file. Raises whatever is wrong with how it was read."""
    import sane  # noqa: PLC0415 - found on the path that the seeds set

    from strava.files import FileRefused, parse  # noqa: PLC0415 - instrumented before
    from strava.sandbox.child import read_file  # noqa: PLC0415 - as above

    with suppress(FileRefused):
        sane.assert_sane(read_file(data, ""))
        if data[8:12] != b".FIT":
            # a comment makes points be read one by one instead of in bulk, and both must give the same
            sane.assert_same(parse(data), parse(data.rstrip() + b"<!-- -->"))


def fuzz(form: str, seconds: int) -> None:
    """Read changed files of one format until the time is over; ends the process."""
    atheris: Any = importlib.import_module("atheris")  # there only where somebody fuzzes
    home = HOME / form
    corpus = home / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds(form).items():
        (corpus / f"seed-{name}").write_bytes(data)
    with atheris.instrument_imports(include=["strava.files", "strava.kernels", "strava.streams", "fitdecode"]):
        import strava.sandbox.child  # noqa: F401, PLC0415 - instrumented by being imported here

    def once(data: bytes) -> None:
        try:
            read_as_an_import_does(data)
        except BaseException:
            name = f"finding-{hashlib.sha256(data).hexdigest()[:12]}"
            (home / name).write_bytes(data)
            (home / f"{name}.txt").write_text(traceback.format_exc(), encoding="utf-8")
            raise

    def changed(data: bytes, most: int, seed: int) -> bytes:
        data = bytes(atheris.Mutate(data, most))
        return sealed(data)[:most] if seed % 3 else data

    options: dict[str, Any] = {"custom_mutator": changed} if form == "fit" else {}
    dictionary = home / "words"
    dictionary.write_text(
        "".join('"{}"\n'.format("".join(f"\\x{byte:02x}" for byte in word)) for word in words(form)), encoding="ascii"
    )
    limits = [
        f"-max_total_time={seconds}", f"-timeout={SECONDS_EACH}", f"-rss_limit_mb={MEMORY_MIB}",
        f"-max_len={LARGEST[form]}", f"-dict={dictionary}", f"-artifact_prefix={home}/", "-print_final_stats=1",
        f"-seed={random.SystemRandom().randrange(1, 2**31)}", "-verbosity=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *limits, str(corpus)], once, **options)
    atheris.Fuzz()


def replay(path: Path) -> int:
    """Read one file as the fuzzer does."""
    seeds("fit")
    read_as_an_import_does(path.read_bytes())
    print("read or refused: nothing is wrong with it")
    return 0


def turn(form: str, seconds: int) -> int:
    """Fuzz one format in a process of its own; return its exit code."""
    print(f"== {form}: {seconds} s", flush=True)
    command = [sys.executable, "-m", "tools.quality.fuzz_parsers", "--only", form, str(seconds)]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        print(f"== {form}: a finding, see {HOME / form}", flush=True)
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 when something was found, 2 when fuzzing is not possible here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=int, nargs="?", default=600, help="for all formats together")
    parser.add_argument("--only", choices=FORMATS, help="one format, in this process")
    parser.add_argument("--replay", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    if given.replay:
        return replay(given.replay)
    if given.only:
        fuzz(given.only, given.seconds)
        return 0
    if not installed():
        return NOT_THERE
    codes = [turn(form, max(given.seconds // len(FORMATS), 1)) for form in FORMATS]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
