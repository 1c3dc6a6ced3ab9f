import asyncio
from collections.abc import Callable

from common.testing.personal import unreached
from common.testing.schema import differences
from trainer.models import Base
from trainer.personal import PERSONAL


async def test_the_migrated_tables_are_those_of_the_models(schemas: Callable[[str], str]) -> None:
    url = await asyncio.to_thread(schemas, "trainer")
    assert await differences(url, Base) == []


def test_no_table_is_forgotten_when_an_account_goes() -> None:
    assert unreached(Base, PERSONAL) == set()
