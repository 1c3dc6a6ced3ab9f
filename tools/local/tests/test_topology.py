import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.topology import SettingError, Topology, discover


def add_service(root: Path, name: str, *, worker: bool) -> None:
    package = root / "services" / name / "src" / name
    package.mkdir(parents=True)
    (package / "main.py").touch()
    if worker:
        (package / "worker.py").touch()


def test_ports_follow_from_the_base(tmp_path: Path) -> None:
    topology = Topology.from_environment({"RT_PORT_BASE": "18000"}, tmp_path)
    assert topology.port("gateway") == 18000
    assert topology.port("thumbnails") == 18006
    assert topology.metrics_port("strava") == 19103
    assert (topology.postgres_port, topology.valkey_port) == (15432, 16379)


def test_default_ports_are_the_usual_ones(tmp_path: Path) -> None:
    topology = Topology.from_environment({}, tmp_path)
    assert (topology.port("gateway"), topology.metrics_port("strava")) == (8000, 9103)
    assert (topology.postgres_port, topology.valkey_port) == (5432, 6379)


@pytest.mark.parametrize("base", ["0", "80", "65000", "eight", "-1"])
def test_a_base_without_room_is_refused_by_name(tmp_path: Path, base: str) -> None:
    with pytest.raises(SettingError, match="RT_PORT_BASE"):
        Topology.from_environment({"RT_PORT_BASE": base}, tmp_path)


def test_services_are_found_with_their_workers(tmp_path: Path) -> None:
    add_service(tmp_path, "strava", worker=True)
    add_service(tmp_path, "gateway", worker=False)
    services = discover(tmp_path / "services")
    assert [(service.name, service.has_worker) for service in services] == [
        ("gateway", False),
        ("strava", True),
    ]


def test_a_service_without_a_port_is_refused(tmp_path: Path) -> None:
    add_service(tmp_path, "surprise", worker=False)
    with pytest.raises(SettingError, match="surprise"):
        discover(tmp_path / "services")


def test_environment_wins_over_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ports\nRT_PORT_BASE=19000\nexport ADMIN_EMAIL='a@b.example'\nLOG_LEVEL=\n")
    topology = Topology.from_environment({"RT_PORT_BASE": "20000"}, tmp_path)
    assert topology.port_base == 20000
    assert topology.settings["ADMIN_EMAIL"] == "a@b.example"
    assert "LOG_LEVEL" not in topology.settings


def test_home_is_var_in_the_project_unless_named(tmp_path: Path) -> None:
    assert Topology.from_environment({}, tmp_path).home == tmp_path / "var"
    assert Topology.from_environment({"RT_HOME": "/data"}, tmp_path).home == Path("/data")
    assert Topology.from_environment({"RT_HOME": "data"}, tmp_path).home == tmp_path / "data"


def test_a_home_made_by_two_at_once_is_there_for_both(tmp_path: Path) -> None:
    at_once = 8
    for attempt in range(50):
        topology = Topology.from_environment({"RT_HOME": str(tmp_path / str(attempt))}, tmp_path)
        barrier = threading.Barrier(at_once)

        def make(topology: Topology = topology, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            topology.make_home()

        with ThreadPoolExecutor(at_once) as pool:
            for made in [pool.submit(make) for _ in range(at_once)]:
                made.result()
        assert topology.home.is_dir()


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(FileExistsError):
        Topology.from_environment({"RT_HOME": str(tmp_path / "home")}, tmp_path).make_home()
