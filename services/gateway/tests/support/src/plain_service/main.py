"""Its web process."""

import asyncio
import os
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

PIECE = bytes(range(256)) * 256


async def swallow(request: Request) -> JSONResponse:
    """Take a body of any size, and say how large it was and who took it."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
    await asyncio.sleep(0.01)
    return JSONResponse({"size": size, "pid": os.getpid()})


async def give(request: Request) -> StreamingResponse:
    """Answer with so many pieces of 64 KiB."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(int(request.query_params["pieces"])):
            yield PIECE

    return StreamingResponse(pieces(), media_type="application/octet-stream")


def create() -> Starlette:
    """Make the application."""
    return Starlette(
        routes=[
            Route("/api/v1/activities.csv", give),
            Route("/{path:path}", swallow, methods=["GET", "POST"]),
        ]
    )
