"""Memory as it should be counted when processes share pages."""

from pathlib import Path


def proportional_memory(pid: int) -> int:
    """Return the proportional set size in bytes: shared pages count in equal parts; 0 when it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
