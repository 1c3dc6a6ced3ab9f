"""What the supervisor last wrote down about itself and its units, for `make status` and for its successor."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.processes import Process


@dataclass
class UnitState:
    """One unit: how often it was restarted, its present pid and since when (seconds of the epoch)."""

    restarts: int = 0
    pid: int | None = None
    since: float = 0.0
    last_exit: str = ""


@dataclass
class State:
    """The supervisor's process, the fingerprint of the code it runs, and its units by name."""

    supervisor: Process | None = None
    fingerprint: str = ""
    units: dict[str, UnitState] = field(default_factory=dict)

    @property
    def supervisor_alive(self) -> bool:
        """Whether that supervisor still runs."""
        return self.supervisor is not None and self.supervisor.alive


def load(path: Path) -> State:
    """Read the state; an empty one when there is none or it cannot be read."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        supervisor = Process(**raw["supervisor"]) if raw["supervisor"] else None
        units = {name: UnitState(**unit) for name, unit in raw["units"].items()}
        return State(supervisor, raw["fingerprint"], units)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return State()


def save(path: Path, state: State) -> None:
    """Write the state, whole or not at all."""
    staging = path.with_suffix(".new")
    staging.write_text(json.dumps(asdict(state)), encoding="utf-8")
    staging.replace(path)
