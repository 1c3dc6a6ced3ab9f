import importlib
import inspect
import json
from pathlib import Path

import pytest

from common.outbox import Event

EXAMPLES = Path(__file__).parents[1] / "examples"
PUBLISHERS = sorted(folder.name for folder in EXAMPLES.iterdir())


def events_of(publisher: str) -> dict[str, type[Event]]:
    module = importlib.import_module(f"contracts.{publisher}.events")
    found = inspect.getmembers(module, lambda item: inspect.isclass(item) and issubclass(item, Event))
    public = [kind for name, kind in found if not name.startswith("_") and kind is not Event]
    return {kind.event_type(): kind for kind in public}


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_every_event_has_an_example_and_reads_it_without_loss(publisher: str) -> None:
    events = events_of(publisher)
    examples = {path.stem: json.loads(path.read_text()) for path in (EXAMPLES / publisher).glob("*.json")}
    assert events.keys() == examples.keys()
    for name, kind in events.items():
        assert kind.model_validate(examples[name]).model_dump(mode="json") == examples[name]
        assert name.rsplit(".", 1)[1].startswith("v")
