from pathlib import Path

from tools.quality.lock import HEADER, complaints, locks


def write_all(root: Path, pins: str = "ruff==1 \\\n    --hash=sha256:00\n") -> None:
    for lock in locks(root):
        lock.path.write_text(HEADER.format(digest=lock.digest) + pins)


def test_each_service_has_a_lock_of_what_it_needs_through_the_libraries(workspace: Path) -> None:
    inputs = {lock.name: lock.inputs for lock in locks(workspace)}
    assert inputs == {
        "dev": ("only-analytics", "only-strava", "ruff", "sqlalchemy>=2"),
        "local": ("editables", "hatchling", "only-analytics", "only-strava", "sqlalchemy>=2"),
        "analytics": ("only-analytics", "sqlalchemy>=2"),
        "strava": ("only-strava", "sqlalchemy>=2"),
    }


def test_locks_made_from_the_present_requirements_are_fresh(workspace: Path) -> None:
    write_all(workspace)
    assert list(complaints(workspace)) == []


def test_a_changed_requirement_makes_the_locks_that_need_it_stale(workspace: Path) -> None:
    write_all(workspace)
    pyproject = workspace / "services/strava/pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("only-strava", "only-strava>2"))
    stale = {line.split(".txt")[0].removeprefix("requirements/") for line in complaints(workspace)}
    assert stale == {"dev", "local", "strava"}


def test_a_missing_and_an_orphaned_lock_are_named(workspace: Path) -> None:
    write_all(workspace)
    (workspace / "requirements/strava.txt").rename(workspace / "requirements/gone.txt")
    assert list(complaints(workspace)) == [
        "requirements/strava.txt is missing",
        "requirements/gone.txt belongs to no member",
    ]


def test_a_deployable_may_not_pin_what_the_development_lock_does_not(workspace: Path) -> None:
    write_all(workspace)
    strava = workspace / "requirements/strava.txt"
    strava.write_text(strava.read_text().replace("ruff==1", "ruff==2"))
    assert "strava.txt pins what dev.txt does not" in "".join(complaints(workspace))
