"""Generated secrets of this box: made once, kept in one file that only its owner can read."""

import base64
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.example_secrets import EXAMPLE_SECRETS
from local.topology import SettingError, read_env_file

_SHORTEST = 16  # characters; ours have 43
_HEADER = "# Secrets of this installation, made by `make up`. Keep a copy with your backups; change nothing here.\n"


@dataclass(frozen=True)
class Credentials:
    """Passwords and keys by name; see the properties for who uses which."""

    values: Mapping[str, str]

    @property
    def postgres(self) -> str:
        """Password of the embedded PostgreSQL's administrator."""
        return self.values["POSTGRES_PASSWORD"]

    @property
    def valkey(self) -> str:
        """Password of the embedded Valkey."""
        return self.values["REDIS_PASSWORD"]

    @property
    def encryption_keys(self) -> str:
        """Keys for sensitive columns: `id:base64 of 32 bytes`, the active one first, comma-separated."""
        return self.values["ENCRYPTION_KEYS"]

    @property
    def signing_secrets(self) -> str:
        """What signed addresses are signed with: base64 of 32 bytes, the active one first, comma-separated."""
        return self.values["SIGNING_SECRETS"]

    @property
    def strava_encryption_keys(self) -> str:
        """Keys for the sensitive columns of strava, which are not auth's: the same form."""
        return self.values["ENCRYPTION_KEYS_STRAVA"]

    @property
    def emulator(self) -> str:
        """The app's client secret at the Strava emulator."""
        return self.values["STRAVA_EMULATOR_SECRET"]

    @property
    def webhook_path(self) -> str:
        """The part of the webhook's path that nobody can guess."""
        return self.values["STRAVA_WEBHOOK_SECRET"]

    @property
    def webhook_verify_token(self) -> str:
        """What Strava repeats in the handshake of a subscription."""
        return self.values["STRAVA_VERIFY_TOKEN"]

    def database(self, service: str) -> str:
        """Password of a service's database role."""
        return self.values[_database_key(service)]

    def client(self, service: str) -> str:
        """Secret with which a service asks for its own tokens."""
        return self.values[_client_key(service)]


def load_or_create(path: Path, services: Iterable[str]) -> Credentials:
    """Return the secrets in `path`, adding those that are missing; what is there is never changed.

    The file gets mode 600. Raises `SettingError` when a value is an example or too short to be a secret.
    """
    existing = read_env_file(path)
    wanted = ["POSTGRES_PASSWORD", "REDIS_PASSWORD"]
    wanted += ["STRAVA_EMULATOR_SECRET", "STRAVA_WEBHOOK_SECRET", "STRAVA_VERIFY_TOKEN"]
    for service in sorted(services):
        wanted += [_database_key(service), _client_key(service)]
    made = {name: secrets.token_urlsafe(32) for name in wanted if name not in existing}
    keys = {"ENCRYPTION_KEYS": "k1:", "ENCRYPTION_KEYS_STRAVA": "k1:", "SIGNING_SECRETS": ""}
    made |= {name: prefix + _key() for name, prefix in keys.items() if name not in existing}
    values = existing | made
    _refuse_examples(values, path)
    if made:
        _write(path, values)
    path.chmod(0o600)
    return Credentials(values)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _write(path: Path, values: Mapping[str, str]) -> None:
    """Write all secrets, whole or not at all, never readable by others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f"{path.name}.new")
    staging.unlink(missing_ok=True)
    staging.touch(mode=0o600)
    with staging.open("w", encoding="utf-8") as file:
        file.write(_HEADER + "".join(f"{name}={value}\n" for name, value in sorted(values.items())))
        file.flush()
        os.fsync(file.fileno())  # losing these after the data was encrypted with them would lose the data
    staging.replace(path)


def _refuse_examples(values: Mapping[str, str], path: Path) -> None:
    for name, value in values.items():
        if value.lower() in EXAMPLE_SECRETS or len(value) < _SHORTEST:
            raise SettingError(f"{name} in {path} is an example or too short: remove the line to get a new one")


def _database_key(service: str) -> str:
    return f"DATABASE_PASSWORD_{service.upper()}"


def _client_key(service: str) -> str:
    return f"SERVICE_CLIENT_SECRET_{service.upper()}"
