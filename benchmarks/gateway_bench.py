"""The gateway beside nginx: one worker each, before the same service that answers 1 KiB, token and limits on.

``.venv/bin/python benchmarks/gateway_bench.py``
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import gateway_mix, load, memory  # noqa: E402 - found on the path set above
from common.testing.ports import free_port  # noqa: E402 - as above
from common.testing.tokens import TokenMint  # noqa: E402 - as above
from local.embedded import Valkey  # noqa: E402 - as above

CONNECTIONS = 32
SECONDS = 5
ROUNDS = 3
PAGE = b"x" * 1024
DOWNLOAD = b"x" * (256 << 10)
PATH = "/api/v1/activities/0198c0de-0000-7000-8000-000000000000"
NO_HELP = {"hung": "/api/v1/analytics/stats", "dead": "/api/v1/plans"}
"""Paths of services that do not answer, and of those that are not there."""
NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log combined buffer=64k flush=1s;
  keepalive_requests 100000000;
  upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


def answering(keys: bytes) -> Any:
    """Make a service that answers 1 KiB at once, and what auth has to say where that is looked for."""
    mint = TokenMint()
    told = {
        "/.well-known/jwks.json": keys,
        "/internal/token": json.dumps({"access_token": mint.service_token("gateway"), "expires_in": 300}).encode(),
        "/internal/revocations": b'{"items":[]}',
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        body = told.get(scope["path"], DOWNLOAD if scope["path"].endswith("/download") else PAGE)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def serve_upstream(port: int, keys: Path) -> None:
    """Be the service: the last act of its process."""
    config = uvicorn.Config(
        answering(keys.read_bytes()),
        port=port,
        lifespan="off",
        access_log=False,
        log_level="error",
        proxy_headers=False,
    )
    uvicorn.Server(config).run()


@contextlib.contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_until_answered(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx2.get(url, trust_env=False)
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def everything(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, int], dict[str, str]]]:
    """Start service, Valkey, nginx and gateway; give their addresses, process ids and the headers to send."""
    upstream, nginx, gateway = free_port(), free_port(), free_port()
    mint = TokenMint()
    keys = folder / "keys.json"
    keys.write_text(json.dumps(mint.jwks()))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, upstream=upstream, port=nginx))
    service = f"http://127.0.0.1:{upstream}"
    # Takes connections and never answers.
    hung = socket.create_server(("127.0.0.1", 0), backlog=1024)
    valkey = Valkey(folder, free_port(), "bench", durable=False)
    settings = {
        "PORT": str(gateway),
        "AUTH_URL": service,
        "STRAVA_URL": service,
        "ANALYTICS_URL": f"http://127.0.0.1:{hung.getsockname()[1]}",
        "TRAINER_URL": f"http://127.0.0.1:{free_port()}",  # nothing listens there
        "REDIS_URL": valkey.url,
        "SERVICE_CLIENT_SECRET": "of the benchmark",
        "RATE_USER": "60000000",
        "RATE_USER_BURST": "1000000",
    }
    me = [sys.executable, __file__, "upstream", str(upstream), str(keys)]
    valkey.start()
    with contextlib.ExitStack() as stack:
        stack.callback(hung.close)
        stack.callback(valkey.remove)
        stack.callback(valkey.stop)
        stack.enter_context(running(me, folder / "upstream.log"))
        front = stack.enter_context(running(["nginx", "-c", str(folder / "nginx.conf")], folder / "nginx.log"))
        command = [sys.executable, "-m", "common.run", "gateway"]
        door = stack.enter_context(running(command, folder / "gateway.log", **settings))
        urls = {name: f"http://127.0.0.1:{port}" for name, port in (("nginx", nginx), ("gateway", gateway))}
        for url in (service, *urls.values()):
            wait_until_answered(f"{url}/health/live")
        yield {"service": service, **urls}, {"nginx": front.pid, "gateway": door.pid}, mint.headers(exp=2**31)


def measure(folder: Path) -> None:
    with everything(folder) as (urls, pids, headers):
        check = httpx2.get(f"{urls['gateway']}{PATH}", headers=headers, trust_env=False)
        print(f"gateway answers {check.status_code}, {check.headers['ratelimit-policy']} {check.headers['ratelimit']}")
        seen: dict[str, list[load.Load]] = {name: [] for name in urls}
        for _ in range(ROUNDS):
            for name, url in urls.items():
                seen[name].append(load.wrk(f"{url}{PATH}", connections=CONNECTIONS, seconds=SECONDS, headers=headers))
        grown = memory.pss_mib(memory.family(pids["gateway"]))
        alone = {
            name: load.wrk(f"{url}{PATH}", connections=1, seconds=3, headers=headers) for name, url in urls.items()
        }
        mixed = {
            name: gateway_mix.mixed(url, PATH, headers, connections=CONNECTIONS, seconds=SECONDS)
            for name, url in urls.items()
        }
        isolated = {
            state: gateway_mix.beside(other, urls["gateway"], PATH, headers, seconds=SECONDS)
            for state, other in NO_HELP.items()
        }
    print("| | req/s | p50 ms | p95 ms | p99 ms | errors |\n| --- | --- | --- | --- | --- | --- |")
    for name, rounds in seen.items():
        middle = sorted(rounds, key=lambda each: each.per_second)[len(rounds) // 2]
        errors = sum(each.errors for each in rounds)
        shown = f"{middle.p50:.2f} | {middle.p95:.2f} | {middle.p99:.2f} | {errors}"
        print(f"| {name} | {middle.per_second:,.0f} | {shown} |")
    rates = {name: statistics.median(each.per_second for each in rounds) for name, rounds in seen.items()}
    gateway_mix.show(alone, mixed, isolated)
    print(f"gateway / nginx: {100 * rates['gateway'] / rates['nginx']:.0f} %; gateway {grown:.0f} MiB PSS")


def main() -> None:
    missing = [program for program in ("nginx", "wrk") if not load.available(program)]
    if missing:
        print(f"{' and '.join(missing)} missing: the gateway was not measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


if __name__ == "__main__":
    if sys.argv[1:2] == ["upstream"]:
        serve_upstream(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
