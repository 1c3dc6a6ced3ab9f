"""Sending the mails that were asked for; the token of each is made here."""

from uuid import UUID

from auth.audit import record
from auth.mail import onetime
from auth.mail.letters import RESET, TAKEN, VERIFY, compose
from auth.mail.mailer import Mailer, RecipientRefused
from auth.mail.service import Errand
from auth.models import User
from auth.settings import AuthSettings
from auth.users import repository as users
from common.jobrunner import JobContext
from common.jobs import JobFailed

_LETTERS = {"verify": VERIFY, "reset": RESET, "taken": TAKEN}


class Mailing:
    """The task that sends a mail."""

    def __init__(self, settings: AuthSettings) -> None:
        self._settings = settings
        self._mailer = Mailer(settings.mail_server) if settings.mail_server else None

    async def __call__(self, context: JobContext) -> None:
        if self._mailer is None:
            raise JobFailed("There is no mail server any more.")
        purpose: Errand = context.payload["purpose"]
        made = await self._token_for(context, context.job.subject_id, purpose)
        if made is None:
            return
        user, address, token = made
        name = user.display_name if user.email_proven_at else ""
        letter = compose(_LETTERS[purpose], to=address, name=name, public_url=self._settings.public_url, token=token)
        try:
            await self._mailer.send(letter)
        except RecipientRefused as error:
            raise JobFailed(str(error)) from None
        record(context.session, actor=str(user.id), action=f"mail.{purpose}", outcome="sent")

    async def _token_for(
        self, context: JobContext, user_id: UUID | None, purpose: Errand
    ) -> tuple[User, str, str] | None:
        """Make the token in a transaction of its own: it must be good by the time the mail is read.

        ``taken`` has none: it asks for nothing, so it can be good for nothing.
        """
        async with context.resources.database.transaction() as session:
            user = await users.by_id(session, user_id) if user_id else None
            if user is None or user.email is None or user.disabled_at:
                return None
            if purpose == "verify" and user.email_verified_at:
                return None
            token = "" if purpose == "taken" else onetime.issue(session, user.id, purpose)
            return user, user.email, token
