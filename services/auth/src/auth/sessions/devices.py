"""Names that a person knows their devices by, made from what these say of themselves."""

from collections.abc import Sequence

_Marks = Sequence[tuple[str, str]]

# The first that is found counts: Edge also claims to be Chrome, which also claims to be Safari.
_PROGRAMS: _Marks = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: _Marks = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST = 60


def device_name(user_agent: str) -> str:
    """Return ``Firefox on Linux``, or the first product of another client (``curl 8.5.0``)."""
    program = _first(_PROGRAMS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if program and system:
        return f"{program} on {system}"
    product = "".join(char for char in user_agent.split(" ", maxsplit=1)[0] if char.isprintable()).replace("/", " ", 1)
    return program or product[:_LONGEST] or "Unknown device"


def _first(marks: _Marks, user_agent: str) -> str | None:
    return next((name for mark, name in marks if mark in user_agent), None)
