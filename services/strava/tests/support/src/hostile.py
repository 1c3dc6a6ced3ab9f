"""Files that are broken, absurd or meant to do harm, each with the outcome that is right for it."""

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import fit_files
import made_up
from made_up import START

GPX: Final = '<gpx version="1.1" creator="t" xmlns:g="g"><trk><type>running</type>{}</trk></gpx>'
TCX: Final = (
    '<TrainingCenterDatabase><Activities><Activity Sport="Biking">{}</Activity></Activities></TrainingCenterDatabase>'
)
LAUGHS: Final = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
ONE_FIELD: Final = struct.pack("<BBBHB3B", 0x40, 0, 0, 20, 1, 253, 4, 0x86)  # records of a time only
FIT_TIME: Final = int(fit_files.START - fit_files.EPOCH)


@dataclass(frozen=True)
class Bad:
    """One file; ``outcome`` is the code of its refusal, or ``activities`` or ``route``."""

    name: str
    content: str | Callable[[], bytes]
    outcome: str

    def make(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content()


def point(second: float, lat: object = 45.0, lon: object = 9.0, more: str = "") -> str:
    moment = (START + timedelta(seconds=second)).isoformat()
    return f'<trkpt lat="{lat}" lon="{lon}">{more}<time>{moment}</time></trkpt>'


def gpx(points: Iterable[str]) -> bytes:
    return GPX.format(f"<trkseg>{''.join(points)}</trkseg>").encode()


def tcx_point(second: float, more: str) -> str:
    return f"<Trackpoint><Time>{(START + timedelta(seconds=second)).isoformat()}</Time>{more}</Trackpoint>"


def tcx_lap(points: str, summary: str = "", second: float = 0) -> str:
    return f'<Lap StartTime="{(START + timedelta(seconds=second)).isoformat()}">{summary}<Track>{points}</Track></Lap>'


def fit(body: bytes, size: int | None = None) -> bytes:
    """A FIT file of these messages, whose header may lie about their size."""
    head = struct.pack("<BBHI4s", 14, 0x10, 2132, len(body) if size is None else size, b".FIT")
    content = head + bytes(2) + body
    return content + struct.pack("<H", fit_files.crc(content) if len(content) < 1 << 16 else 0)


def steady() -> list[str]:
    return [point(second, 45 + second / 40_000) for second in range(300)]


def teleporting(step: float) -> bytes:
    return gpx(point(step * number, 89.0 if number % 2 else -89.0) for number in range(20_000))


def time_jumps() -> bytes:
    """Every second sample half a year later."""
    return gpx(point((number % 2) * 15e6 + number, 45 + (number % 7) / 10) for number in range(20_000))


def one_point_segments() -> bytes:
    """Between two of them the receiver paused."""
    segments = (f"<trkseg>{point(number, 45 + number / 40_000)}</trkseg>" for number in range(8_000))
    return GPX.format("".join(segments)).encode()


def overlapping_laps() -> bytes:
    file = fit_files.FitFile()
    for second in range(1_500):
        file.record(fit_files.START + second, position=(45 + second / 40_000, 9), distance=3 * second, altitude=second)
    for _ in range(2_000):
        file.lap(fit_files.START, 1_500, 4_500)
    return fit(bytes(bytes(file)[14:-2]))


def many_sessions(count: int) -> bytes:
    file = fit_files.FitFile()
    for second in range(count):
        file.record(fit_files.START + second, distance=second, heartrate=120)
        file.session(fit_files.START + second, 1, 1)
    return bytes(file)


def great_summary() -> bytes:
    summary = (
        "<TotalTimeSeconds>1e300</TotalTimeSeconds><DistanceMeters>1e9</DistanceMeters><Calories>1e300</Calories>"
        "<MaximumSpeed>1e300</MaximumSpeed><AverageHeartRateBpm><Value>9999</Value></AverageHeartRateBpm>"
    )
    points = "".join(tcx_point(second, f"<DistanceMeters>{second * 5}</DistanceMeters>") for second in range(300))
    return TCX.format(tcx_lap(points, summary)).encode()


def far(metres: str, count: int = 300) -> bytes:
    """The odometer goes up to ``metres``."""
    points = [tcx_point(second, f"<DistanceMeters>{second * 5}</DistanceMeters>") for second in range(count)]
    points.append(tcx_point(count, f"<DistanceMeters>{metres}</DistanceMeters>"))
    return TCX.format(tcx_lap("".join(points))).encode()


def extreme_values() -> bytes:
    strange = ("nan", "inf", "-inf", "1e999", "-1e308", "1e9", "", "twelve", "\u0661\u0662", "0x10", "1_0", "9" * 4_000)
    points = [
        point(number, 45 + number / 40_000, more=f"<ele>{value}</ele><g:hr>{value}</g:hr><g:cad>{value}</g:cad>")
        for number, value in enumerate(strange * 20)
    ]
    return gpx(points)


def many_activities(count: int) -> bytes:
    points = (point(number * 1_000) + point(number * 1_000 + 9, 45.0002) for number in range(count))
    tracks = "".join(f"<trk><trkseg>{each}</trkseg></trk>" for each in points)
    return f"<gpx>{tracks}</gpx>".encode()


def long_words() -> bytes:
    track = f"<name>{'n' * 1_000_000}</name><desc>{'d' * 1_000_000}</desc><trkseg>{''.join(steady())}</trkseg>"
    return GPX.format(track).encode().replace(b'creator="t"', b'creator="' + b"c" * 1_000_000 + b'"')


def deep() -> bytes:
    return gpx([*steady(), "<a>" * 200_000, point(400)])


XML: Final = (
    Bad("laughs.gpx", f"<!DOCTYPE gpx [<!ENTITY a0 'ha'>{LAUGHS}]><gpx>&a11;</gpx>", "unsafe_xml"),
    Bad(
        "quadratic.tcx",
        f'<!DOCTYPE a [<!ENTITY a "{"a" * 90_000}">]><TrainingCenterDatabase>{"&a;" * 90_000}',
        "unsafe_xml",
    ),
    Bad(
        "late-doctype.gpx",
        f"<!--{'x' * 900_000}--><!DOCTYPE gpx SYSTEM 'file:///etc/passwd'><gpx/>",
        "unsafe_xml",
    ),
    Bad(
        "doctype-in-the-middle.gpx",
        lambda: gpx([*steady(), "<!DOCTYPE a [<!ENTITY b 'c'>]>", point(400, 45.01, more="<ele>&b;</ele>")]),
        "activities",
    ),
    Bad(
        "utf-16.gpx", lambda: made_up.run().decode().replace('<?xml version="1.0"?>', "").encode("utf-16"), "activities"
    ),
    Bad("deep.gpx", deep, "activities"),
    Bad("long-words.gpx", long_words, "activities"),
    Bad("many-attributes.gpx", lambda: b"<gpx %s/>" % b" ".join(b'a%d=""' % n for n in range(50_000)), "no_data"),
    Bad("long-attribute.gpx", lambda: b'<gpx creator="%s"/>' % (b"a" * 5_000_000), "invalid_xml"),
    Bad("many-tracks.gpx", lambda: GPX.format("").encode().replace(b"</gpx>", b"<trk/>" * 250_000), "too_many_entries"),
    Bad("many-laps.tcx", lambda: TCX.format("<Lap/>" * 250_000).encode(), "too_many_entries"),
    Bad("many-activities.gpx", lambda: many_activities(600), "too_many_entries"),
    Bad(
        "forged-mark.gpx",
        lambda: gpx([*steady(), '<g:trkpt run="99"/>', '<g:trkpt run="x"/>', point(400)]),
        "activities",
    ),
    Bad("no-end.gpx", lambda: gpx(steady())[:-900], "activities"),
    Bad("no-angle-brackets.tcx", '<TrainingCenterDatabase n=""><Activity<Notes<Trackpoint', "no_data"),
    Bad("late.gpx", lambda: b"<!--" + bytes(20_000_000).replace(b"\0", b"x") + b"--><gpx/>", "invalid_xml"),
    Bad("points-of-nothing.gpx", lambda: gpx(["<trkpt/>" * 1_100_000]), "too_many_entries"),
    Bad("tags-of-nothing.gpx", lambda: gpx(["<" * 8_100_000]), "too_many_entries"),
    Bad("html.gpx", lambda: b"<html><body>Sign in</body></html>", "unknown_format"),
)
NUMBERS: Final = (
    Bad("nan.gpx", lambda: gpx(point(second, "NaN", "inf") for second in range(60)), "no_data"),
    Bad("out-of-range.gpx", lambda: gpx(point(second, 91.0, 181.0) for second in range(60)), "no_data"),
    Bad("extreme-values.gpx", extreme_values, "activities"),
    Bad("teleporting.gpx", lambda: teleporting(1), "activities"),
    Bad("teleporting-slowly.gpx", lambda: teleporting(40_000), "no_data"),
    Bad("before-christ.gpx", lambda: gpx(steady()).replace(b"2026-", b"-044-"), "route"),
    Bad("year-one.gpx", lambda: gpx(steady()).replace(b"2026-", b"0001-"), "route"),
    Bad("year-9999.gpx", lambda: gpx(steady()).replace(b"2026-", b"9999-"), "route"),
    Bad("backwards.gpx", lambda: gpx(reversed(steady())), "no_data"),
    Bad(
        "ten-years.gpx", lambda: gpx([*steady(), point(315_360_000.0, 46.0), point(315_360_001.0, 46.0)]), "activities"
    ),
    Bad("time-jumps.gpx", time_jumps, "no_data"),
    Bad("one-point-segments.gpx", one_point_segments, "activities"),
    Bad("one-point.gpx", lambda: gpx(steady()[:1]), "no_data"),
    Bad("great-summary.tcx", great_summary, "activities"),
    Bad("1e9-metres.tcx", lambda: far("1e9"), "activities"),
    Bad("1e308-metres.tcx", lambda: far("1e308"), "activities"),
    Bad("a-jump-of-1e6-metres.tcx", lambda: far("1e6", 20_500), "activities"),
)
FIT: Final = (
    Bad("zeros.fit", lambda: fit(bytes(5_000)), "damaged"),
    Bad("noise.fit", lambda: fit(bytes((n * 7919 >> 3) & 0xFF for n in range(50_000))), "damaged"),
    Bad("header-lies.fit", lambda: fit(fit_files.run(300)[14:-2], 0xFFFFFFFF), "activities"),
    Bad("header-says-nothing.fit", lambda: fit(fit_files.run(300)[14:-2], 0), "activities"),
    Bad("wide-fields.fit", lambda: fit(struct.pack("<BBBHB", 0x40, 0, 0, 20, 255) + b"\xfd\xff\x07" * 255), "damaged"),
    Bad(
        "many-times.fit",
        lambda: fit(ONE_FIELD + b"".join(struct.pack("<BI", 0, FIT_TIME + second) for second in range(60_000))),
        "no_data",
    ),
    Bad("overlapping-laps.fit", overlapping_laps, "activities"),
    Bad("many-sessions.fit", lambda: many_sessions(300), "too_many_entries"),
    Bad("two-in-one.fit", lambda: fit_files.run(60) + fit_files.run(60), "activities"),
    Bad("settings.fit", lambda: fit_files.run(10, kind=2), "no_data"),
)
ALL: Final = (*XML, *NUMBERS, *FIT)


def quoted_bomb(entries: int = 200) -> bytes:
    """Every entry's data begins with the headers of those after it, stored, and ends in one kernel that all share.

    David Fifield, "A better zip bomb" (2019): the files overlap, though no two of them begin at the same place.
    """
    content = b"<gpx>" + bytes(range(256)) * 400
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = deflater.compress(content) + deflater.flush()
    body, inflated, central = kernel, content, []
    for number in range(entries):
        name = b"%06d.gpx" % number
        local = struct.pack(
            "<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0x21, zlib.crc32(inflated), len(body), len(inflated), len(name), 0
        )
        central.append((name, zlib.crc32(inflated), len(body), len(inflated), len(local) + len(name) + len(body)))
        quote = local + name
        body = struct.pack("<BHH", 0, len(quote), len(quote) ^ 0xFFFF) + quote + body
        inflated = quote + inflated
    data = body[5:]  # the first file is not quoted
    directory = b"".join(
        struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0x21, check, packed, size, len(name), 0, 0, 0, 0, 0,
            len(data) - back,
        )
        + name
        for name, check, packed, size, back in central
    )  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, len(directory), len(data), 0)
    return data + directory + end
