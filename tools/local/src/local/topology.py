"""What runs on this box: services, ports and folders."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
DEFAULT_PORT_BASE = 8000
PORT_OFFSETS = {
    "gateway": 0,
    "trainer": 1,
    "pdf": 2,
    "strava": 3,
    "auth": 4,
    "analytics": 5,
    "thumbnails": 6,
}
WORKER_METRICS_OFFSET = 1100
EMULATOR = "strava-emulator"
STRAVA_APP = ("STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET")
EMULATOR_OFFSET = 1200
POSTGRES_OFFSET = -2568
VALKEY_OFFSET = -1621
_LOWEST_BASE = 1024 - POSTGRES_OFFSET
_HIGHEST_BASE = 65535 - EMULATOR_OFFSET


class SettingError(ValueError):
    """A setting of the operator makes no sense; the message names it and says what would."""


@dataclass(frozen=True)
class Service:
    """A service that stands in `services/`: its web process, and a worker where it has one."""

    name: str
    has_worker: bool
    has_database: bool = True

    @property
    def offset(self) -> int:
        """Distance of its port from the gateway's."""
        return PORT_OFFSETS[self.name]


@dataclass(frozen=True)
class Topology:
    """Everything that follows from the operator's settings and from what stands in `services/`."""

    home: Path
    port_base: int
    services: tuple[Service, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    root: Path = ROOT

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, root: Path = ROOT) -> "Topology":
        """Read RT_HOME, RT_PORT_BASE and the rest from the environment, else from `.env` in the project root.

        Raises `SettingError` when RT_PORT_BASE is not a number or leaves no room for the other ports, and when
        only half of the app's credentials at Strava is given.
        """
        given = os.environ if environment is None else environment
        settings = {**read_env_file(root / ".env"), **{key: value for key, value in given.items() if value}}
        if len([name for name in STRAVA_APP if name in settings]) == 1:
            raise SettingError(f"{' and '.join(STRAVA_APP)} belong together: Strava gives both, set both or neither")
        home = Path(settings.get("RT_HOME", "var")).expanduser()
        return cls(
            home=home if home.is_absolute() else root / home,
            port_base=_port_base(settings.get("RT_PORT_BASE", str(DEFAULT_PORT_BASE))),
            services=discover(root / "services"),
            settings=settings,
            root=root,
        )

    def port(self, service: str) -> int:
        """Port of a service's web process."""
        return self.port_base + PORT_OFFSETS[service]

    def metrics_port(self, service: str) -> int:
        """Port on which a service's worker answers /metrics and /health."""
        return self.port(service) + WORKER_METRICS_OFFSET

    @property
    def has_emulator(self) -> bool:
        """Whether the Strava emulator runs: there is a strava service, and nobody gave it credentials of Strava's."""
        return "STRAVA_CLIENT_ID" not in self.settings and any(each.name == "strava" for each in self.services)

    @property
    def emulator_port(self) -> int:
        """Port of the Strava emulator."""
        return self.port_base + EMULATOR_OFFSET

    @property
    def emulator_url(self) -> str:
        """Address of the Strava emulator."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def emulator_home(self) -> Path:
        """Folder in which the Strava emulator keeps what it was told."""
        return self.home / "emulator"

    @property
    def postgres_port(self) -> int:
        """Port of the embedded PostgreSQL."""
        return self.port_base + POSTGRES_OFFSET

    @property
    def valkey_port(self) -> int:
        """Port of the embedded Valkey."""
        return self.port_base + VALKEY_OFFSET

    @property
    def logs(self) -> Path:
        """Folder of the log files."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Folder of what is true only while something runs."""
        return self.home / "run"

    @property
    def standins(self) -> Path:
        """Folder of the pid files of second processes, which answer while the first are restarted."""
        return self.run / "standins"

    def make_home(self) -> None:
        """Make RT_HOME where it is missing, passable for the servers' user whatever our umask is."""
        try:
            self.home.mkdir(parents=True)
        except FileExistsError:
            if not self.home.is_dir():
                raise
        else:
            self.home.chmod(0o755)

    def url(self, service: str) -> str:
        """Address of a service's web process."""
        return f"http://127.0.0.1:{self.port(service)}"


def discover(folder: Path) -> tuple[Service, ...]:
    """Return the services that have a web process in `folder`, in the order of their ports."""
    found = []
    for main in folder.glob("*/src/*/main.py"):
        name = main.parent.name
        if name not in PORT_OFFSETS:
            raise SettingError(f"the service {name} has no port: give it one in {__name__}.PORT_OFFSETS")
        migrations = main.parents[2] / "migrations"
        has_worker = (main.parent / "worker.py").exists()
        found.append(Service(name, has_worker=has_worker, has_database=migrations.exists()))
    return tuple(sorted(found, key=lambda service: service.offset))


def read_env_file(path: Path) -> dict[str, str]:
    """Return the settings in a file of `NAME=value` lines; nothing when there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    stripped = ((name.strip().removeprefix("export "), value.strip()) for name, _, value in pairs)
    return {name: _unquoted(value) for name, value in stripped if value}


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _port_base(text: str) -> int:
    if not text.isdecimal() or not _LOWEST_BASE <= int(text) <= _HIGHEST_BASE:
        raise SettingError(f"RT_PORT_BASE must be {_LOWEST_BASE} to {_HIGHEST_BASE}, not {text!r}")
    return int(text)
