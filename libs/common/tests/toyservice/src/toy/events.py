from common.outbox import Event


class ThingDone(Event):
    name: str

    @classmethod
    def event_type(cls) -> str:
        return "thing.done.v1"
