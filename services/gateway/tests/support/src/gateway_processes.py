"""The gateway, and a service behind it, as processes of their own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from common.testing.ports import free_port
from common.testing.wait import eventually

HERE = Path(__file__).parent


@dataclass
class Running:
    """A process and its address."""

    running: "subprocess.Popen[bytes]"
    url: str

    async def stop(self) -> int:
        """Ask it to stop, as a restart does, and wait for its end."""
        self.running.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.running.wait, 25)

    def peak_mib(self) -> float:
        """Most memory it ever had, in MiB."""
        status = Path(f"/proc/{self.running.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def start(log: Path, service: str = "gateway", **environment: str) -> Running:
    """Start a process; ``PORT`` may be among what it is told."""
    port = environment.pop("PORT", "") or str(free_port())
    told = os.environ | {
        "ENVIRONMENT": "production",
        "PORT": port,
        "SERVICE_CLIENT_SECRET": "a-secret-of-the-test",
        "PYTHONPATH": str(HERE),
        **environment,
    }
    with log.open("ab") as output:
        command = [sys.executable, "-m", "common.run", service]
        return Running(subprocess.Popen(command, env=told, stdout=output), f"http://127.0.0.1:{port}")


async def answering(started: Running) -> None:
    """Wait until this very process answers, also where others share its port."""

    async def answers() -> bool:
        assert started.running.poll() is None
        try:
            async with httpx2.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"{started.url}/health/live")
        except httpx2.TransportError:
            return False
        return answer.status_code == 200 and answer.json().get("pid", started.running.pid) == started.running.pid

    await eventually(answers, within=20)


@asynccontextmanager
async def process(
    log: Path, service: str = "gateway", **environment: str
) -> AsyncIterator[tuple["subprocess.Popen[bytes]", str]]:
    """Run a process for as long as the block lasts."""
    started = start(log, service, **environment)
    try:
        await answering(started)
        yield started.running, started.url
    finally:
        started.running.kill()
        started.running.wait()
