"""What can go wrong with the demo, apart from the rest so that other commands need not load it."""


class DemoError(RuntimeError):
    """The demo could not be made; the message says why."""


class ApiError(DemoError):
    """The platform refused or did not answer; ``status`` is 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ImportStalledError(DemoError):
    """Nothing was imported for minutes."""


class MatchingStalledError(DemoError):
    """Runs do not reach the training log."""
