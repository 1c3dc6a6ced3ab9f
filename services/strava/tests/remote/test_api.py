"""Answers of another shape than Strava's are told as Strava's fault, not ours."""

from typing import Any

import pytest

from common.errors import UpstreamFailed
from strava.remote.api import StravaApi


class Answering:
    """Calls that are answered with this."""

    def __init__(self, content: Any) -> None:
        self._content = content

    async def read(self, *_: Any, **__: Any) -> Any:
        return self._content


@pytest.mark.parametrize("content", [None, [], {}, {"id": "x"}, {"id": 1 << 63}])
async def test_an_athlete_or_activity_of_another_shape_is_an_upstream_failure(content: Any) -> None:
    api = StravaApi(Answering(content))  # type: ignore[arg-type] # all that is used of Calls
    with pytest.raises(UpstreamFailed, match="unknown shape"):
        await api.athlete("token")
    with pytest.raises(UpstreamFailed, match="unknown shape"):
        await api.activity("token", 7, urgent=True)
