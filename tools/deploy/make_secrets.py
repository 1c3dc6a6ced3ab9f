"""`make secrets`: the secrets of a deployment in containers, one folder for each container, one file for each setting.

What is there stays as it is; what is missing is generated, or follows from the rest. A container gets its own folder
at /run/secrets, read-only; Kubernetes the same as `kubectl create secret generic NAME --from-file=secrets/NAME`.
"""

import argparse
import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "running_trainer"
SIGNERS = ("auth", "pdf", "strava", "thumbnails")
STRAVA_APP = ("STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET")
OF_AUTH = ("GOOGLE_CLIENT_SECRET", "SMTP_PASSWORD")
"""Secrets of others that only auth is told."""

# Containers run as users of their own, so the files are readable by all; the folder around them lets nobody pass.
_OUTER, _INNER, _FILE = 0o700, 0o755, 0o644


class Folder:
    """The secrets of all containers below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: list[str] = []
        root.mkdir(mode=_OUTER, parents=True, exist_ok=True)
        root.chmod(_OUTER)

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """Return the content of ``owner/setting``, made when it is missing or empty."""
        path = self.root / name
        if path.exists() and (there := path.read_text(encoding="utf-8").strip()):
            return there
        value = make()
        self._write(path, value)
        return value

    def give(self, name: str, value: str) -> None:
        """Write what the operator gave, over what may be there."""
        path = self.root / name
        if not path.exists() or path.read_text(encoding="utf-8").strip() != value:
            self._write(path, value)

    def complete(self, name: str, wanted: Mapping[str, str]) -> dict[str, str]:
        """Return a file with a JSON object, with the members added that it lacks."""
        there: dict[str, str] = json.loads(self.keep(name, lambda: "{}"))
        if missing := {key: value for key, value in wanted.items() if key not in there}:
            there |= missing
            self._write(self.root / name, json.dumps(there, sort_keys=True))
        return there

    def _write(self, path: Path, value: str) -> None:
        """Whole or not at all: losing a key after data was encrypted with it would lose the data."""
        path.parent.mkdir(mode=_INNER, exist_ok=True)
        path.parent.chmod(_INNER)  # whatever our umask is
        staging = path.with_name(f".{path.name}.new")
        with staging.open("w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        staging.chmod(_FILE)
        staging.replace(path)
        self.made.append(str(path.relative_to(self.root)))


def password() -> str:
    """43 characters that need no quoting in an address."""
    return secrets.token_urlsafe(32)


def key() -> str:
    """Base64 of 32 bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def database_url(role: str, own: str) -> str:
    """Address of the database in the deployment's own network."""
    return f"postgresql+asyncpg://{role}:{own}@postgres:5432/{DATABASE}"


def services(root: Path = ROOT) -> dict[str, bool]:
    """The services there are, and whether each keeps data."""
    mains = sorted(root.glob("services/*/src/*/main.py"))
    return {main.parent.name: (main.parents[2] / "migrations").exists() for main in mains}


def make(folder: Folder, known: Mapping[str, bool], given: Mapping[str, str]) -> None:
    """Make all that is missing for the ``known`` services; ``given`` are the operator's settings."""
    _make_servers(folder, known)
    clients = {name: folder.keep(f"{name}/service_client_secret", password) for name in known}
    folder.complete("auth/service_client_secrets", clients)
    folder.keep("auth/encryption_keys", lambda: f"k1:{key()}")
    signing = folder.keep("strava/signing_secrets", key)
    for name in SIGNERS:
        folder.keep(f"{name}/signing_secrets", lambda: signing)
    for name in OF_AUTH:
        if name in given:
            folder.give(f"auth/{name.lower()}", given[name])
    _make_strava(folder, given)


def _make_servers(folder: Folder, known: Mapping[str, bool]) -> None:
    """Passwords of Postgres and Valkey, and the addresses that carry them."""
    redis = folder.keep("valkey/redis_password", password)
    folder.keep("valkey/valkey.conf", lambda: f"requirepass {redis}\n")
    admin = folder.keep("postgres/postgres_password", password)
    folder.keep("provision/database_admin_url", lambda: database_url("postgres", admin))
    fresh = {name: password() for name, has_database in known.items() if has_database}
    roles = folder.complete("provision/database_passwords", fresh)
    for name, has_database in known.items():
        folder.keep(f"{name}/redis_url", lambda: f"redis://:{redis}@valkey:6379/0")
        if has_database:
            folder.keep(f"{name}/database_url", partial(database_url, name, roles[name]))


def _make_strava(folder: Folder, given: Mapping[str, str]) -> None:
    """The app's credentials at Strava, or at the emulator when there are none; the emulator is told the same."""
    folder.keep("strava/encryption_keys", lambda: f"k1:{key()}")
    folder.keep("strava/strava_webhook_secret", password)
    folder.keep("strava/strava_verify_token", password)
    for name in STRAVA_APP:
        if name in given:
            folder.give(f"strava/{name.lower()}", given[name])
            folder.give(f"auth/{name.lower()}", given[name])
    secret = folder.keep("strava/strava_client_secret", password)
    folder.give("auth/strava_client_secret", secret)
    folder.give("strava-emulator/emulator_client_secret", secret)


def read_given(environment: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """Secrets that others gave the operator, from the environment, else from the file.

    Raises ``ValueError`` when there is only one half of the app's credentials at Strava.
    """
    lines = env_file.read_text(encoding="utf-8").splitlines() if env_file.exists() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    settings = {name.strip(): value.strip().strip("'\"") for name, value in pairs} | dict(environment)
    given = {name: settings[name] for name in (*STRAVA_APP, *OF_AUTH) if settings.get(name)}
    if len(given.keys() & set(STRAVA_APP)) == 1:
        raise ValueError(f"{' and '.join(STRAVA_APP)} belong together: Strava gives both, set both or neither")
    return given


def main() -> int:
    """Return 0 when all secrets are there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=ROOT / "secrets")
    folder = Folder(parser.parse_args().folder)
    try:
        given = read_given(os.environ, ROOT / ".env")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    make(folder, services(), given)
    news = f"{len(folder.made)} files made in {folder.root}; keep a copy with your backups"
    print(news if folder.made else f"All secrets are there, in {folder.root}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
