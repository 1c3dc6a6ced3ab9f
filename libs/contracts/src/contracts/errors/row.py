"""What is said of one error code."""

from dataclasses import dataclass

FOREIGN = "It never existed, was deleted, or belongs to somebody else; the answer is the same for all three."


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A row: ``title`` and ``status`` are those of the problem document, ``retryable`` its default there."""

    status: int
    title: str
    meaning: str
    next_steps: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """The codes with one first word, in the order in which they are shown."""

    title: str
    about: str
    codes: dict[str, ErrorCode]
