"""What the worker does: render a document and keep the PDF."""

import hashlib
from functools import partial
from uuid import UUID

from common.db import after_commit
from common.jobrunner import JobContext
from common.sandbox import SandboxKilled
from pdf.documents import files, repository
from pdf.documents.errors import RenderingFailed
from pdf.documents.service import RENDER
from pdf.rendering.order import CannotDraw, Drawn, Order, Paper
from pdf.rendering.renderers import Renderers
from pdf.rendering.words import Units

__all__ = ["RENDER", "Rendering"]

_TOO_MUCH = {
    "time": "The plan takes too long to render as one document.",
    "memory": "The plan needs too much memory to render as one document.",
}


class Rendering:
    """The task of job kind ``render``; it owns the processes that render."""

    def __init__(self, renderers: Renderers) -> None:
        self._renderers = renderers

    async def __call__(self, context: JobContext) -> None:
        """Render the document of the payload. Running it again changes nothing once it has its outcome."""
        document_id = UUID(context.payload["document_id"])
        async with context.resources.database.reading() as session:
            found = await repository.order_of(session, document_id)
        if found is None:
            return
        document, plan = found
        order = Order(plan, Paper(document.paper), Units(document.units), document.printed_on)
        try:
            drawn = await self._renderers.render(order)
        except SandboxKilled as killed:
            if killed.cause not in _TOO_MUCH:
                raise RenderingFailed("The process that renders has died.") from killed
            reason = _TOO_MUCH[killed.cause]
            await repository.settle(context.session, document_id, outcome="failed", reason=reason)
            return
        if isinstance(drawn, CannotDraw):
            raise RenderingFailed(drawn.reason)
        await _keep(context, document_id, drawn)


async def _keep(context: JobContext, document_id: UUID, drawn: Drawn) -> None:
    """Store the PDF before the row that tells of it."""
    objects = context.resources.objects
    sha256 = hashlib.sha256(drawn.content).hexdigest()
    key = files.key_of(document_id, sha256)
    await objects.put(key, drawn.content)
    result = {"sha256": sha256, "pages": drawn.pages, "size": len(drawn.content)}
    if not await repository.settle(context.session, document_id, outcome="done", **result):
        after_commit(context.session, partial(files.remove, objects, key))  # deleted while it was rendered
