import asyncio
from collections.abc import Callable

from analytics.models import Base
from analytics.personal import PERSONAL
from common.testing.personal import unreached
from common.testing.schema import differences


async def test_the_migrated_tables_are_those_of_the_models(schemas: Callable[[str], str]) -> None:
    url = await asyncio.to_thread(schemas, "analytics")
    assert await differences(url, Base) == []


def test_no_table_is_forgotten_when_an_account_goes() -> None:
    assert unreached(Base, PERSONAL) == set()
