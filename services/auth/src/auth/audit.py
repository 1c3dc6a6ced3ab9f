"""The audit log of what auth itself does."""

from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import Audit
from common.context import client_address, request_id

if TYPE_CHECKING:
    from auth.sessions.service import Device


def record(
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    outcome: str,
    target: str = "",
    device: "Device | None" = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write who did what, with which outcome, into the transaction. Ids only."""
    session.add(
        Audit(
            actor=actor,
            action=action,
            outcome=outcome,
            target=target,
            address=device.address if device else client_address.get(),
            details=details or {},
            service="auth",
            req_id=request_id.get(),
        )
    )
