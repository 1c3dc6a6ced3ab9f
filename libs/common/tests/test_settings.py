from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from common.settings import Settings

SECRET = "the-secret-that-must-not-be-seen"


@pytest.mark.parametrize("wrong", [{"log_level": 7}, {"drain_seconds": SECRET}, {"redis_url": "changeme"}])
def test_what_is_refused_is_named_and_not_printed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(service_client_secret=SecretStr(SECRET), **wrong)
    said = str(refused.value)
    assert next(iter(wrong)) in said.lower()
    assert SECRET not in said
