"""Answers with an entity tag of their content."""

from fastapi import Request, Response
from pydantic import BaseModel

from common.etag import etag_for, not_modified


def tagged(request: Request, content: BaseModel) -> Response:
    """Answer with ``content`` as JSON, or 304 when the client has it already."""
    body = content.model_dump_json().encode()
    headers = {"ETag": etag_for(body), "Cache-Control": "private, no-cache"}
    if not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
