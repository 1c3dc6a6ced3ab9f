"""What the activity store does when somebody signs in with Strava."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse


@dataclass
class StoreStandIn:
    """``connected`` is athlete at Strava to account here; ``answers`` stands in for all statuses when it is set."""

    connected: dict[str, str] = field(default_factory=dict)
    grants: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answers: int | None = None

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.get("/internal/connections/{athlete}")
        async def connected(athlete: str) -> Response:
            if self.answers:
                return Response(status_code=self.answers)
            if athlete not in self.connected:
                return Response(status_code=404)
            return JSONResponse({"athlete_id": self.connected[athlete]})

        @router.post("/internal/connections")
        async def connect(request: Request) -> Response:
            if self.answers:
                return Response(status_code=self.answers)
            self.tokens.append(request.headers["authorization"])
            self.grants.append(await request.json())
            return Response(status_code=204)

        return router
