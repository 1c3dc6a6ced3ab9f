"""Keys, for the operator: ``python -m strava.connections reencrypt``. Prints what it did as JSON."""

import argparse
import asyncio
import json
import os
from contextlib import suppress

from common.db import Database
from common.storage import ObjectMissing
from strava.connections.reencryption import reencrypt
from strava.settings import StravaSettings

OPERATOR = "operator"


async def run(settings: StravaSettings) -> dict[str, int]:
    """Seal tokens anew, store originals as new ones are; return how many of each were not so yet.

    Without an application there are no tokens.
    """
    tokens = await _tokens(settings) if settings.strava_client_id else {}
    return tokens | await _originals(settings)


async def _originals(settings: StravaSettings) -> dict[str, int]:
    store, count = settings.object_store(), 0
    async for each in store.list("originals"):
        with suppress(ObjectMissing):  # deleted meanwhile
            count += await store.renew(each.key)
    return {"originals": count}


async def _tokens(settings: StravaSettings) -> dict[str, int]:
    database = Database(settings.database_url.get_secret_value(), service="strava", pool_size=1)
    try:
        async with database.transaction() as session:
            return await reencrypt(session, settings.application.keys, actor=OPERATOR)
    finally:
        await database.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m strava.connections", description=__doc__)
    parser.add_argument("command", choices=["reencrypt"])
    parser.parse_args()
    told = {"reencrypted": asyncio.run(run(StravaSettings.from_environment()))}
    print(json.dumps(told), flush=True)  # noqa: T201 - read by the operator
    # Threads of the object store that have not let go of what they read abort an interpreter that is ending.
    os._exit(0)


if __name__ == "__main__":
    main()
