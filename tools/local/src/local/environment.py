"""The environment each process of the platform is started with."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from local.credentials import Credentials
from local.postgres import Postgres
from local.server import EmbeddedServer
from local.topology import EMULATOR, PORT_OFFSETS, STRAVA_APP, Service, Topology
from local.valkey import Valkey

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

Role = Literal["service", "worker"]
SIGNERS = ("auth", "strava", "thumbnails", "pdf")
DEFAULT_ADMIN_EMAIL = "admin@running-trainer.local"
EMULATOR_CLIENT_ID = "1"
# Of all processes only those that need them are told these.
_FOR_AUTH = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "SMTP_USERNAME", "SMTP_PASSWORD")
_NOT_FOR_ALL = ("DATABASE_ADMIN_URL", *STRAVA_APP, *_FOR_AUTH)


@dataclass(frozen=True)
class Platform:
    """A topology with its secrets: all that is needed to start things."""

    topology: Topology
    credentials: Credentials

    @property
    def postgres(self) -> Postgres | None:
        """The embedded PostgreSQL; None when DATABASE_ADMIN_URL names another server."""
        if "DATABASE_ADMIN_URL" in self.topology.settings:
            return None
        return Postgres(self.topology.home, self.topology.postgres_port, self.credentials.postgres)

    @property
    def valkey(self) -> Valkey | None:
        """The embedded Valkey; None when REDIS_URL names another server."""
        if "REDIS_URL" in self.topology.settings:
            return None
        return Valkey(self.topology.home, self.topology.valkey_port, self.credentials.valkey)

    @property
    def servers(self) -> list[EmbeddedServer]:
        """The embedded servers in the order in which they are started."""
        return [server for server in (self.postgres, self.valkey) if server is not None]

    @property
    def admin_url(self) -> "URL":
        """Address of the database with an account that may create roles and schemas."""
        from sqlalchemy.engine import make_url  # noqa: PLC0415 - most commands need no database, and begin sooner

        postgres = self.postgres
        text = postgres.url if postgres else self.topology.settings["DATABASE_ADMIN_URL"]
        return make_url(text).set(drivername="postgresql+asyncpg")

    @property
    def redis_url(self) -> str:
        """Address of Valkey or Redis."""
        valkey = self.valkey
        return valkey.url if valkey else self.topology.settings["REDIS_URL"]

    @property
    def admin_email(self) -> str:
        """Address of the first administrator."""
        return self.topology.settings.get("ADMIN_EMAIL", DEFAULT_ADMIN_EMAIL)

    def database_url(self, service: str) -> str:
        """Address of the database with a service's own role."""
        url = self.admin_url.set(username=service, password=self.credentials.database(service))
        return url.render_as_string(hide_password=False)

    def database_urls(self) -> dict[str, str]:
        """Addresses for all services that keep data."""
        return {each.name: self.database_url(each.name) for each in self.topology.services if each.has_database}

    def environment(self, service: Service, role: Role) -> dict[str, str]:
        """Everything one process is told: the operator's settings, and over them what follows from here."""
        topology, credentials = self.topology, self.credentials
        told = self._told_to_all()
        told |= {f"{name.upper()}_URL": topology.url(name) for name in PORT_OFFSETS}
        told |= {
            "HOST": "127.0.0.1",
            "PORT": str(topology.port(service.name)),
            "REUSE_PORT": "true",  # with the process that takes over at a restart
            "METRICS_PORT": str(topology.metrics_port(service.name)),
            "REDIS_URL": self.redis_url,
            "OBJECT_STORE_URL": self._object_store(service.name),
            "SERVICE_CLIENT_SECRET": credentials.client(service.name),
        }
        if service.has_database:
            told["DATABASE_URL"] = self.database_url(service.name)
        if service.name in SIGNERS:
            told["SIGNING_SECRETS"] = credentials.signing_secrets
        if service.name == "auth":
            told |= self._auth_environment()
        if service.name == "strava":
            told |= self._strava_environment()
        return told | {"RT_PROCESS": process_name(service.name, role)}

    def parent_environment(self) -> dict[str, str]:
        """What a parent of processes is told, which forks them with an environment of their own."""
        return {
            **self.topology.settings,
            "RT_HOME": str(self.topology.home),
            "RT_PORT_BASE": str(self.topology.port_base),
            # Read once, at the start: less memory per process, also after large work, and no threads when it forks.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": "131072",
            "MALLOC_TRIM_THRESHOLD_": "131072",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def emulator_environment(self) -> dict[str, str]:
        """What the Strava emulator is told."""
        return self._told_to_all() | {
            "HOST": "127.0.0.1",
            "PORT": str(self.topology.emulator_port),
            "EMULATOR_CLIENT_ID": EMULATOR_CLIENT_ID,
            "EMULATOR_CLIENT_SECRET": self.credentials.emulator,
            "EMULATOR_HOME": str(self.topology.emulator_home),
            "RT_PROCESS": EMULATOR,
        }

    def _told_to_all(self) -> dict[str, str]:
        told = {name: value for name, value in self.topology.settings.items() if name not in _NOT_FOR_ALL}
        return {"ENVIRONMENT": "production", "PUBLIC_URL": self.topology.url("gateway")} | told

    def _object_store(self, service: str) -> str:
        given = self.topology.settings.get("OBJECT_STORE_URL")
        return f"{given.rstrip('/')}/{service}" if given else f"file://{self.topology.home / 'objects' / service}"

    def _auth_environment(self) -> dict[str, str]:
        clients = {each.name: self.credentials.client(each.name) for each in self.topology.services}
        given = {name: self.topology.settings[name] for name in _FOR_AUTH if name in self.topology.settings}
        # People sign in with Strava through the same app that fetches their activities.
        return (
            given
            | self._strava_credentials()
            | {
                "SERVICE_CLIENT_SECRETS": json.dumps(clients, sort_keys=True),
                "ENCRYPTION_KEYS": self.credentials.encryption_keys,
                "ADMIN_EMAIL": self.admin_email,
            }
        )

    def _strava_environment(self) -> dict[str, str]:
        """The app's credentials at Strava or at the emulator, and what protects the tokens and the webhook."""
        return self._strava_credentials() | {
            "STRAVA_WEBHOOK_SECRET": self.credentials.webhook_path,
            "STRAVA_VERIFY_TOKEN": self.credentials.webhook_verify_token,
            "ENCRYPTION_KEYS": self.credentials.strava_encryption_keys,
        }

    def _strava_credentials(self) -> dict[str, str]:
        if self.topology.has_emulator:
            return {
                "STRAVA_CLIENT_ID": EMULATOR_CLIENT_ID,
                "STRAVA_CLIENT_SECRET": self.credentials.emulator,
                "STRAVA_API_BASE": f"{self.topology.emulator_url}/api/v3",
                "STRAVA_OAUTH_BASE": self.topology.emulator_url,
            }
        return {name: self.topology.settings[name] for name in STRAVA_APP if name in self.topology.settings}


def process_name(service: str, role: Role) -> str:
    """Name of a process as `make status` shows it."""
    return service if role == "service" else f"{service}-worker"
