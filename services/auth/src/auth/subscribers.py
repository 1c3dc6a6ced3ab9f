"""auth keeps the one audit log: it reads the audit events of all services."""

from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import Audit
from auth.settings import AuthSettings
from common.audit import AuditRecorded
from common.inbox import Handler, Subscription
from common.outbox import PublishedEvent
from common.resources import Resources
from contracts.events import EventClient


def keeper_of(publisher: str) -> Handler:
    """Make the handler that writes a publisher's audit events into the log."""

    async def keep(session: AsyncSession, event: PublishedEvent) -> None:
        told = AuditRecorded.model_validate(event.payload)
        session.add(
            Audit(id=event.id, service=publisher, req_id=event.req_id, created_at=event.created_at, **told.model_dump())
        )

    return keep


def subscriptions(resources: Resources) -> list[Subscription]:
    settings = resources.settings
    assert isinstance(settings, AuthSettings)
    publishers = {
        "strava": settings.strava_url,
        "analytics": settings.analytics_url,
        "trainer": settings.trainer_url,
        "pdf": settings.pdf_url,
    }
    return [
        Subscription(
            name,
            EventClient(resources.client(name, url)),
            {AuditRecorded.event_type(): keeper_of(name)},
        )
        for name, url in publishers.items()
    ]
