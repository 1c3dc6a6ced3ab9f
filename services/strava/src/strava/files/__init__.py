"""Files of activities: bytes in, recordings out."""

from strava.files.archive import unpack
from strava.files.parse import parse
from strava.files.recording import (
    DeviceTotals,
    Entry,
    FileRefused,
    ParseResult,
    QualityReport,
    RecordedLap,
    Recording,
)

__all__ = [
    "DeviceTotals",
    "Entry",
    "FileRefused",
    "ParseResult",
    "QualityReport",
    "RecordedLap",
    "Recording",
    "parse",
    "unpack",
]
