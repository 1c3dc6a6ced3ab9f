"""What the composed pages share: who calls, and the services they ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from common import errorhandlers
from common.errors import ServiceError
from common.http import ServiceClient, UpstreamRejected
from common.tokens import Identity


@dataclass(frozen=True, slots=True)
class Services:
    """``peers`` are asked with the gateway's own token, ``for_caller`` with that of the person who calls."""

    peers: Mapping[str, ServiceClient]
    for_caller: Mapping[str, ServiceClient]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the gateway has verified it; ``authorization`` is good at every service."""

    identity: Identity
    authorization: str


async def _caller(request: Request) -> Caller:
    return Caller(request.state.identity, request.state.authorization)


async def _services(request: Request) -> Services:
    return cast("Services", request.state.services)


CurrentCaller = Annotated[Caller, Depends(_caller)]
AllServices = Annotated[Services, Depends(_services)]


async def get_for(caller: Caller, client: ServiceClient, path: str, params: Mapping[str, Any]) -> Any:
    """Return the JSON that a service answers to this caller; raises ``ServiceError``, also for what it refuses."""
    try:
        answer = await client.get(path, params=params, headers={"Authorization": caller.authorization})
    except UpstreamRejected as refused:
        raise as_refused(refused) from None
    return answer.json()


def as_refused(refused: UpstreamRejected) -> ServiceError:
    """Return what the service said as an error of ours."""
    problem = refused.problem
    return errorhandlers.by_status(refused.status_code)(
        str(problem.get("detail", "")),
        code=refused.code if problem.get("code") else None,
        next_steps=str(problem["next_steps"]) if "next_steps" in problem else None,
        retry_after_s=refused.retry_after_s,
    )
