"""Four worker processes want the same athlete's token at the same moment."""

import asyncio
import sys
from pathlib import Path

from emulated import Emulated, Runner
from sqlalchemy import text

from common.resources import Resources
from common.testing.plugin import Environment

WORKERS, ASKING = 4, 5
WANTS = """
import asyncio, sys
from uuid import UUID
from common.resources import Resources
from strava.connections.tokens import TokenKeeper
from strava.settings import StravaSettings

async def main() -> None:
    async with Resources.open("strava", StravaSettings.from_environment()) as resources:
        keeper = TokenKeeper.of(resources)
        async with resources.database.reading() as session:
            await session.connection()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        found = await asyncio.gather(*(keeper.access(UUID(sys.argv[1])) for _ in range(int(sys.argv[2]))))
        print(*{f"{each.generation}:{each.token}" for each in found}, flush=True)

asyncio.run(main())
"""


async def test_four_processes_make_one_refresh(
    runner: Runner, resources: Resources, emulated: Emulated, strava_environment: Environment, tmp_path: Path
) -> None:
    before = (await emulated.control("GET", "/state"))["refreshes"]
    await emulated.control("PUT", f"/athletes/{runner.strava_id}/tokens", json={"expires_in": 100})
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE strava_tokens SET expires_at = now() + interval '100 s'"))
    script = tmp_path / "wants.py"
    script.write_text(WANTS)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(script),
            str(runner.here.id),
            str(ASKING),
            env={**strava_environment, "PATH": ""},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(WORKERS)
    ]
    async with asyncio.timeout(60):
        for process in processes:
            assert process.stdout
            assert await process.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    tokens = {token for out, _ in told for token in out.decode().split()}
    assert len(tokens) == 1, told
    assert tokens.pop().startswith("2:")
    assert (await emulated.control("GET", "/state"))["refreshes"] == before + 1
