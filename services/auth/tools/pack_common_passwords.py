# ruff: noqa: INP001 - a script beside the package
"""Pack lists of common passwords into what auth ships.

``python services/auth/tools/pack_common_passwords.py WHEEL...`` reads the lists inside wheels of Django
(``common-passwords.txt.gz``) and zxcvbn (``frequency_lists.py``), which are not needed otherwise, and writes the
sorted fingerprints of all entries.
"""

import ast
import gzip
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from auth.credentials import common_passwords

OUTPUT = Path(common_passwords.__file__).with_suffix(".bin")
SHORTEST = 4


def entries(wheel: Path) -> Iterator[str]:
    """Give the passwords in the lists of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("/common-passwords.txt.gz"):
                yield from gzip.decompress(archive.read(name)).decode().split()
            elif name.endswith("/frequency_lists.py"):
                yield from _passwords(archive.read(name).decode())


def _passwords(source: str) -> Iterator[str]:
    """Find the list of passwords among the frequency lists, without running the file."""
    if found := re.search(r'"passwords": ("[^\n]*")\.split\(","\)', source):
        yield from ast.literal_eval(found[1]).split(",")


def main() -> None:
    found = {entry for wheel in sys.argv[1:] for entry in entries(Path(wheel)) if len(entry) >= SHORTEST}
    packed = sorted({common_passwords.fingerprint(entry) for entry in found})
    OUTPUT.write_bytes(b"".join(packed))
    sys.stdout.write(f"{OUTPUT}: {len(packed):,} entries, {OUTPUT.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
