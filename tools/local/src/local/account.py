"""The account the embedded servers run under, and where it can keep their files.

PostgreSQL refuses to run as root, and nothing that listens on a port should. Started by root, the servers run
as a system user of their own; started by anybody else, they run as that person.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SYSTEM_USER = "running-trainer"
FALLBACK_USER = "nobody"
SHARED_ROOT = Path("/var/lib/running-trainer")
# A server needs nothing of its starter's environment, least of all its secrets.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Identity(TypedDict, total=False):
    """Keyword arguments that make `subprocess` change to another user; empty to stay who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Who runs a server: `uid` and `gid`, and whether that is somebody other than ourselves."""

    uid: int
    gid: int
    other: bool

    def identity(self) -> Identity:
        """Arguments for `subprocess` to run a program as this account."""
        return Identity(user=self.uid, group=self.gid, extra_groups=[]) if self.other else Identity()

    def own(self, path: Path) -> None:
        """Make this account the owner of `path`."""
        if self.other:
            os.chown(path, self.uid, self.gid)

    def can(self, *command: str) -> bool:
        """Whether `command`, run as this account, exits with 0: the honest way to ask what it may reach."""
        try:
            done = subprocess.run(
                command,
                **self.identity(),
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except PermissionError:
            return False
        return done.returncode == 0


def server_account() -> Account:
    """Return the account for the servers, creating the system user when we are root and it is missing."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), other=False)
    entry = _find_user(SYSTEM_USER) or _create_user() or _find_user(FALLBACK_USER)
    if entry is None:
        raise RuntimeError(f"no unprivileged user: create one named {SYSTEM_USER}, or run as an ordinary user")
    return Account(entry.pw_uid, entry.pw_gid, other=True)


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create_user() -> pwd.struct_passwd | None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return None
    options = ("--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
    subprocess.run(
        [program, *options, "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        check=False,  # another start may have made it meanwhile: what counts is that it is there
        capture_output=True,
    )
    return _find_user(SYSTEM_USER)


def server_folder(home: Path, name: str, account: Account) -> Path:
    """Return a folder of mode 700 owned by `account` for one server's files.

    It is `home/name`, or, when the account cannot reach that (a home below a folder of mode 700), a folder
    below /var/lib/running-trainer with `home/name` as a link to it.
    """
    home.mkdir(parents=True, exist_ok=True)
    folder = home / name
    if folder.is_symlink():
        return folder.resolve()
    _make_private(folder, account)
    if account.can("test", "-w", str(folder)):
        return folder
    if any(folder.iterdir()):
        raise RuntimeError(f"the user of the servers can no longer reach {folder}: give it access, or move RT_HOME")
    folder.rmdir()
    distant = SHARED_ROOT / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16] / name
    distant.parent.mkdir(parents=True, exist_ok=True)
    for passable in (SHARED_ROOT, distant.parent):  # whatever our umask is
        passable.chmod(0o711)
    _make_private(distant, account)
    folder.symlink_to(distant)
    return distant


def remove_server_folder(home: Path, name: str) -> None:
    """Delete a server's files, wherever they stand."""
    folder = home / name
    if folder.is_symlink():
        distant = folder.resolve()
        shutil.rmtree(distant, ignore_errors=True)
        folder.unlink()
        if distant.parent.exists() and not any(distant.parent.iterdir()):
            distant.parent.rmdir()
    elif folder.exists():
        shutil.rmtree(folder)


def _make_private(folder: Path, account: Account) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)


def reachable_copy(package: Path, probe: str, account: Account, *, without: str = "include") -> Path:
    """Return a folder with the contents of `package` whose program `probe` the account can run.

    That is `package` itself where possible, else a copy (made once per version) that everybody may read.
    Libraries that a wheel keeps beside the package (`<package>.libs`) come along, what is named like
    `without` does not.
    """
    if account.can(str(package / probe), "--version"):
        return package
    stat = (package / probe).stat()
    version = hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:12]
    target = SHARED_ROOT / "programs" / f"{package.name}-{version}"
    if not target.exists():
        _copy_package(package, target, without)
    copied = target / package.name
    if not account.can(str(copied / probe), "--version"):
        raise RuntimeError(f"the user of the servers cannot run {copied / probe}")
    return copied


def _copy_package(package: Path, target: Path, without: str) -> None:
    staging = target.with_name(f"{target.name}.{os.getpid()}")
    staging.mkdir(parents=True)
    unneeded = shutil.ignore_patterns(without, "include", "__pycache__")
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, staging / source.name, ignore=unneeded)
    for path in (SHARED_ROOT, SHARED_ROOT / "programs", staging):
        path.chmod(0o755)  # whatever our umask is
    try:
        staging.rename(target)
    except OSError:  # somebody else was faster: theirs is as good
        shutil.rmtree(staging)
