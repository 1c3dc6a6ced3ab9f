"""Load by wrk, which is light enough to share two cores with what it measures."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOKEN = re.compile(r"(?<=[?&]token=)[^&]+")

SCRIPT = """
done = function(summary, latency, requests)
    io.write(string.format("figures %d %d %d %d %d %f\\n", latency:percentile(50), latency:percentile(95),
        latency:percentile(99), summary.requests,
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
        summary.duration / 1e6))
end
"""


@dataclass(frozen=True)
class Load:
    """What a load saw: latencies in ms."""

    p50: float
    p95: float
    p99: float
    per_second: float
    errors: int


def available(program: str) -> bool:
    """Say whether the program is there; as root it is installed when it is not."""
    if shutil.which(program) is None and os.geteuid() == 0:
        subprocess.run(["apt-get", "install", "-y", "-q", program], check=False, capture_output=True)
    return shutil.which(program) is not None


def wrk(url: str, *, connections: int, seconds: int, headers: dict[str, str] | None = None, requests: str = "") -> Load:
    """Ask for one address over and over on so many connections, or for what ``requests`` (Lua) makes."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "figures.lua"
        script.write_text(requests + SCRIPT)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
        for name, value in (headers or {}).items():
            command += ["-H", f"{name}: {value}"]
        printed = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"figures (\d+) (\d+) (\d+) (\d+) (\d+) ([\d.]+)", printed)
    assert found, printed
    p50, p95, p99, done, errors = (int(each) for each in found.groups()[:5])
    return Load(p50 / 1e3, p95 / 1e3, p99 / 1e3, done / float(found[6]), errors)


def table(address: str, headers: Mapping[str, str], paths: Sequence[str], seconds: int) -> None:
    """Print what reading each path is like on one connection and on sixteen; of ``headers`` two are sent."""
    token = {name: headers[name] for name in ("Authorization", "Accept") if name in headers}
    print("| GET | p50 / p95 ms at 1 | req/s at 1 | p50 / p95 ms at 16 | req/s at 16 | errors |")
    print("| --- | --- | --- | --- | --- | --- |")
    for path in paths:
        one, many = (
            wrk(f"{address}/api/v1{path}", connections=each, seconds=seconds, headers=token) for each in (1, 16)
        )
        print(
            f"| {TOKEN.sub('{token}', ID.sub('{id}', path))} | {one.p50:.1f} / {one.p95:.1f} | {one.per_second:.0f} |"
            f" {many.p50:.1f} / {many.p95:.1f} | {many.per_second:.0f} | {one.errors + many.errors} |",
            flush=True,
        )
