"""Keys, for the operator: ``python -m auth.keys rotate [--now]`` and ``python -m auth.keys reencrypt``.

Each prints what it did as JSON.
"""

import argparse
import asyncio
import json
from typing import Any

from auth.command import settings_or_exit
from auth.keys.reencryption import reencrypt
from auth.keys.rotation import rotate
from auth.settings import AuthSettings
from common.db import Database

OPERATOR = "operator"


async def run(settings: AuthSettings, command: str, *, at_once: bool = False) -> dict[str, Any]:
    """Do one of the two; return what there is to tell."""
    database = Database(settings.database_url.get_secret_value(), service="auth", pool_size=1)
    try:
        async with database.transaction() as session:
            if command == "reencrypt":
                return {"reencrypted": await reencrypt(session, settings.key_ring, actor=OPERATOR)}
            rotation = await rotate(session, settings, actor=OPERATOR, at_once=at_once)
    finally:
        await database.aclose()
    return {
        "kid": rotation.kid,
        "signs_from": rotation.signs_from.isoformat(),
        "others_retired_at": rotation.retired_at and rotation.retired_at.isoformat(),
        "began": rotation.began,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m auth.keys", description=__doc__)
    parser.add_argument("command", choices=["rotate", "reencrypt"])
    parser.add_argument("--now", action="store_true", help="rotate because a key leaked: its tokens end at once")
    given = parser.parse_args()
    settings = settings_or_exit("`make rotate-keys` or `make reencrypt`")
    told = asyncio.run(run(settings, given.command, at_once=given.now))
    print(json.dumps(told))  # noqa: T201 - read by the operator


if __name__ == "__main__":
    main()
