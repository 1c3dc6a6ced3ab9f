"""``Accept: application/pdf``: the PDF itself as the answer to asking for it."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response

from common.resources import Resources
from common.route import TransactionalRoute
from pdf.documents import files, service
from pdf.documents.schemas import path_of
from pdf.models import Document

PDF = "application/pdf"
_ACCEPTED = 202


class DirectRoute(TransactionalRoute):
    """Answers with the document as usual, or waits for it when the client asks for a PDF.

    Both ways are one up to the answer: it is committed first, so the worker sees it, a repeated Idempotency-Key
    means the same document, and no connection is held while waiting.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        ask = super().get_route_handler()

        async def run(request: Request) -> Response:
            accepted = await ask(request)
            if accepted.status_code != _ACCEPTED or not wants_pdf(request.headers.get("accept", "")):
                return accepted
            document_id = UUID(orjson.loads(accepted.body)["id"])
            return await _finished(request, document_id)

        return run


async def _finished(request: Request, document_id: UUID) -> Response:
    resources: Resources = request.app.state.resources
    document = await service.wait(resources, document_id)
    headers = {**headers_of(document), "Content-Location": f"{path_of(document_id)}/download"}
    return Response(await service.content(resources, document), media_type=PDF, headers=headers)


def headers_of(document: Document) -> dict[str, str]:
    """Headers that go with the PDF of a document."""
    return {
        "ETag": f'"{(document.sha256 or "")[:32]}"',
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": files.disposition(document.title),
    }


def wants_pdf(accept: str) -> bool:
    """Whether a PDF is among what the client names (RFC 9110 12.5.1); ``*/*`` names nothing."""
    for part in accept.lower().split(","):
        kind, *parameters = (each.strip() for each in part.split(";"))
        if kind == PDF:
            return not any(each.replace(" ", "").rstrip("0") in {"q=", "q=0."} for each in parameters)
    return False
