"""What the operator's commands of auth share."""

import sys

from pydantic import ValidationError

from auth.settings import AuthSettings
from common.settings import missing, refusal


def settings_or_exit(elsewhere: str) -> AuthSettings:
    """Read the settings; without them end the process with a sentence that says which, and what to use ``elsewhere``.

    ``elsewhere`` is told only where settings are missing: one that is refused is refused there too.
    """
    try:
        return AuthSettings.from_environment()
    except ValidationError as error:
        hint = f" On a machine where `make up` runs the platform, use {elsewhere}." if missing(error) else ""
        sys.exit(f"{refusal(error)}.{hint}")
