"""Asking for a mail. Mails are jobs of the worker: a job says whom and what for, and holds no token."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from auth import throttle
from auth.mail.onetime import Purpose
from auth.models import User
from common import jobs

Errand = Purpose | Literal["taken"]
"""What a mail is for: what its token is good for, or to tell that somebody tried to register the address."""

MAIL: Final = "mail"
_TURN: Mapping[Errand, Purpose] = {"verify": "verify", "reset": "reset", "taken": "verify"}
"""Whose turn a mail takes: which one registering leads to must not show."""
PAUSE = timedelta(minutes=1)
_ATTEMPTS = 20  # about two hours of a mail server that is away


async def request_mail(session: AsyncSession, email: str, user: User | None, purpose: Errand) -> None:
    """Queue a mail, at most one a minute for an address.

    Without ``user`` the same is done and no mail follows: whoever asks learns nothing of the account.
    """
    if await throttle.take_turn(session, throttle.mail_to(_TURN[purpose], email), PAUSE):
        whom = user.id if user else None
        jobs.enqueue(session, MAIL, {"purpose": purpose}, queue="auth", subject_id=whom, max_attempts=_ATTEMPTS)
