"""Pages of the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import Audit
from common.fields import Prose
from common.pagination import Keyset, Page, PageParams

ORDER = Keyset((Audit.created_at, "desc"), (Audit.id, "desc"))

Word = Annotated[Prose, Field(max_length=200)]


class AuditOut(BaseModel):
    """``actor`` is a user's id, a service or ``operator``; ``address`` is empty for what a service did by itself."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    service: str
    actor: str
    action: str
    target: str
    outcome: str
    address: str
    details: dict[str, Any]
    req_id: str


class AuditFilter(BaseModel):
    """What the log can be narrowed to; ``from`` inclusive, ``to`` exclusive."""

    actor: Word | None = None
    action: Word | None = Field(default=None, description="how the action begins, such as strava. or login")
    target: Word | None = None
    outcome: Word | None = None
    service: Word | None = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as conditions of a query."""
        exact = {Audit.actor: self.actor, Audit.target: self.target}
        exact |= {Audit.outcome: self.outcome, Audit.service: self.service}
        found: list[ColumnElement[bool]] = [column == value for column, value in exact.items() if value is not None]
        if self.action is not None:
            found.append(Audit.action.startswith(self.action, autoescape=True))
        if self.since is not None:
            found.append(Audit.created_at >= self.since)
        if self.until is not None:
            found.append(Audit.created_at < self.until)
        return found


async def page_of(session: AsyncSession, chosen: AuditFilter, paging: PageParams) -> Page[AuditOut]:
    """Return a page of the log, the newest first."""
    query = (
        select(Audit)
        .where(ORDER.where(paging.cursor), *chosen.conditions())
        .order_by(*ORDER.order_by())
        .limit(paging.limit + 1)
    )
    rows = (await session.scalars(query)).all()
    return ORDER.page(rows, paging.limit, lambda row: (row.created_at, row.id), AuditOut.model_validate)
