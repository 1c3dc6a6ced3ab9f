"""Keys, for the operator: ``python -m strava.connections reencrypt``. Prints what it did as JSON."""

import argparse
import asyncio
import json

from common.db import Database
from strava.connections.reencryption import reencrypt
from strava.settings import StravaSettings

OPERATOR = "operator"


async def run(settings: StravaSettings) -> dict[str, int]:
    """Seal the tokens anew; return what there is to tell. Without an application there are none."""
    if not settings.strava_client_id:
        return {}
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
    print(json.dumps(told))  # noqa: T201 - read by the operator


if __name__ == "__main__":
    main()
