"""The environment each process of the platform is started with."""

import json
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.engine import URL, make_url

from local.credentials import Credentials
from local.postgres import Postgres
from local.server import EmbeddedServer
from local.topology import PORT_OFFSETS, Service, Topology
from local.valkey import Valkey

Role = Literal["service", "worker"]
DEFAULT_ADMIN_EMAIL = "admin@running-trainer.local"


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
    def admin_url(self) -> URL:
        """Address of the database with an account that may create roles and schemas."""
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
        told = dict(topology.settings)
        told.pop("DATABASE_ADMIN_URL", None)
        told.setdefault("ENVIRONMENT", "production")
        told |= {f"{name.upper()}_URL": topology.url(name) for name in PORT_OFFSETS}
        told |= {
            "HOST": "127.0.0.1",
            "PORT": str(topology.port(service.name)),
            "METRICS_PORT": str(topology.metrics_port(service.name)),
            "REDIS_URL": self.redis_url,
            "OBJECT_STORE_URL": self._object_store(service.name),
            "SERVICE_CLIENT_SECRET": credentials.client(service.name),
        }
        if service.has_database:
            told["DATABASE_URL"] = self.database_url(service.name)
        if service.name == "auth":
            told |= self._auth_environment()
        return told | {"RT_PROCESS": process_name(service.name, role)}

    def _object_store(self, service: str) -> str:
        given = self.topology.settings.get("OBJECT_STORE_URL")
        return f"{given.rstrip('/')}/{service}" if given else f"file://{self.topology.home / 'objects' / service}"

    def _auth_environment(self) -> dict[str, str]:
        clients = {each.name: self.credentials.client(each.name) for each in self.topology.services}
        return {
            "SERVICE_CLIENT_SECRETS": json.dumps(clients, sort_keys=True),
            "ENCRYPTION_KEYS": self.credentials.encryption_keys,
            "ADMIN_EMAIL": self.admin_email,
        }


def process_name(service: str, role: Role) -> str:
    """Name of a process as `make status` shows it."""
    return service if role == "service" else f"{service}-worker"
