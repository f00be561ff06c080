"""PostgreSQL: the record, from a wheel's own programs.

One role and one database, both named `arb`, password by SCRAM, TCP on 127.0.0.1 only, UTC, `synchronous_commit` on: a
commit that was acknowledged survives a kill. A cluster appears whole or not at all: it is made under another name.
Where it is wrong: it trusts the disk to keep what it says it synced. `durable=False` (tests) syncs nothing.
"""

import hashlib
import os
import shutil
import socket
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from arbitrage_core.services import operating_system
from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.ground import make_ground, reachable_postgres
from arbitrage_core.services.instance import Instance
from arbitrage_core.services.operating_system import User, postgres_program, server_user, write_private
from arbitrage_core.services.service import Answer, Notice, Service, State, cure_of, gravest_line

ROLE = DATABASE = "arb"
MAJOR_VERSION = "18"
INITDB_MAX_S = 120.0
STOP_GRACE_S = 20.0
CONTROL_FILE_BYTES = 8192
PASSWORD_MARK = "arb-password.sha256"
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # the smallest message a server answers, before any login

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes; TCP has no such limit
    "password_encryption": "scram-sha-256",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "iso, ymd",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] ",
    "max_prepared_transactions": "0",
    "tcp_keepalives_idle": "60",
}
STATED = "hostaddr=127.0.0.1&sslmode=disable&gssencmode=disable&require_auth=scram-sha-256&client_encoding=utf8"
"""What libpq takes from `PG…` variables and files of the user's where an address does not say it."""
UNSAFE_SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_wal_size": "1GB"}
"""For tests: ready in a second, lost with the machine. Commits stay `synchronous_commit=on`."""


class Postgres(Service):
    """The PostgreSQL server of a checkout."""

    name, title, start_s = "postgres", "PostgreSQL", 60.0

    def url(self, port: int, database: str = DATABASE) -> str:
        """Its address with the password, as libpq takes it, and all that libpq would look for elsewhere.

        Whoever took the server's port while it was down is not told the password: it is proved, never sent.
        """
        return f"postgresql://{ROLE}:{self.secret()}@127.0.0.1:{port}/{database}?{STATED}"

    def address(self, port: int) -> str:
        """Where it is, for people."""
        return f"postgresql://{ROLE}@127.0.0.1:{port}/{DATABASE}"

    @property
    def cluster(self) -> Path:
        """The folder PostgreSQL calls its data directory."""
        return self.data / "data"

    def launch(self, port: int, notice: Notice) -> int:
        """Makes the cluster unless it is made, and starts its postmaster."""
        user = server_user()
        ground = make_ground(self.folder, user)
        programs = reachable_postgres(self.folder, user)
        if not self.cluster.exists():
            self._make_cluster(programs, ground, user, notice)
        elif damage := self.damage():
            raise ServiceFailed(
                f"PostgreSQL's data in {self.cluster} cannot be used: {damage}",
                "put them into .arb/backups and begin anew: arb reset",
            )
        self._configure(port, user)
        self._remove_foreign_lock()
        self._agree_on_password(programs, ground, user, notice)
        command = [postgres_program(programs, "pg_ctl"), "start", "-W", "-D", self.cluster, "-l", ground / "output.log"]
        log_start = self.log.stat().st_size if self.log.exists() else 0
        done = operating_system.run_tool(command, log=self.tool_log, user=user, folder=ground, timeout_s=30.0)
        if done.returncode != 0:
            raise ServiceFailed(f"PostgreSQL could not be started: {gravest_line(done.stdout)}", f"see {self.log}")
        return self._started_pid(port, log_start)

    @property
    def log(self) -> Path:
        """The server's own output; it writes it as its own user."""
        return self.data / "output.log"

    @property
    def tool_log(self) -> Path:
        """What initdb and pg_ctl say."""
        return self.folder / "tools.log"

    def damage(self) -> str:
        """What keeps the data directory from being a cluster at all; empty if nothing is seen from outside."""
        try:
            version = (self.cluster / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
            control_bytes = (self.cluster / "global" / "pg_control").stat().st_size
        except OSError as error:
            return f"{Path(error.filename).name}: {error.strerror}"
        if version != MAJOR_VERSION:
            return f"it is of version {version or 'unknown'}, this program's is {MAJOR_VERSION}"
        return "" if control_bytes >= CONTROL_FILE_BYTES else f"pg_control has {control_bytes} bytes"

    def _make_cluster(self, programs: Path, ground: Path, user: User | None, notice: Notice) -> None:
        notice("making a PostgreSQL database for this checkout; once, a few seconds")
        unfinished = ground / "data.unfinished"
        if unfinished.exists():  # a command was killed while it made one
            shutil.rmtree(unfinished)
        password = ground / "password.once"
        write_private(password, self.secret() + "\n", user)
        command: list[str | Path] = [postgres_program(programs, "initdb"), "-D", unfinished, "-U", ROLE]
        command += ["--pwfile", password, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        try:
            done = operating_system.run_tool(
                command if self.durable else [*command, "--no-sync"],
                log=self.tool_log,
                user=user,
                folder=ground,
                timeout_s=INITDB_MAX_S,
            )
        except subprocess.TimeoutExpired as error:
            raise ServiceFailed(
                f"PostgreSQL's initdb took over {INITDB_MAX_S:.0f} s", f"see {self.tool_log}"
            ) from error
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            why = gravest_line(done.stdout)
            raise ServiceFailed(f"PostgreSQL's initdb failed: {why}", cure_of(why, f"see {self.tool_log}"))
        self._note_password(unfinished, user)
        unfinished.replace(self.cluster)

    def _agree_on_password(self, programs: Path, ground: Path, user: User | None, notice: Notice) -> None:
        """Gives the role the password we have, if the cluster knows another: our file was lost or garbled."""
        try:
            known = (self.cluster / PASSWORD_MARK).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            known = ""
        if known == self._password_mark():
            return
        notice("PostgreSQL's password file was lost; setting a new one")
        done = operating_system.run_tool(
            [postgres_program(programs, "postgres"), "--single", "-D", self.cluster, "postgres"],
            log=self.tool_log,
            user=user,
            folder=ground,
            timeout_s=self.start_s,
            told=f"ALTER ROLE {ROLE} PASSWORD '{self.secret()}';\n",
        )
        if done.returncode != 0 or "ERROR" in done.stdout:
            raise ServiceFailed(
                f"PostgreSQL takes no new password: {gravest_line(done.stdout)}", f"see {self.tool_log}"
            )
        self._note_password(self.cluster, user)

    def _note_password(self, cluster: Path, user: User | None) -> None:
        write_private(cluster / PASSWORD_MARK, self._password_mark() + "\n", user)

    def _password_mark(self) -> str:
        """Tells one password from another and gives none away: they are random, of 192 bits."""
        return hashlib.sha256(self.secret().encode()).hexdigest()

    def _configure(self, port: int, user: User | None) -> None:
        settings = SETTINGS if self.durable else {**SETTINGS, **UNSAFE_SETTINGS}
        lines = [f"{name} = '{value}'\n" for name, value in {**settings, "port": str(port)}.items()]
        write_private(self.cluster / "postgresql.conf", "# written anew at each start\n" + "".join(lines), user)
        rules = f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n"
        write_private(self.cluster / "pg_hba.conf", "# written anew at each start\n" + rules, user)

    def _remove_foreign_lock(self) -> None:
        """Removes a postmaster.pid that no server of this cluster holds: its pid may be another program's by now.

        Safe because we hold the service's own lock and no process works in this cluster.
        """
        if not self.processes():
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _started_pid(self, port: int, log_start: int) -> int:
        """The postmaster's pid, which it writes down first of all."""
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            with suppress(OSError, ValueError, IndexError):
                lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
                if len(lines) >= 4 and int(lines[3]) == port:
                    return int(lines[0])
            if b"FATAL" in self._log_since(log_start) and not self.processes():
                break
            time.sleep(0.01)
        why = self.why_it_ended()
        cure = cure_of(why, f"its log is {self.log}; arb reset cures most of it")
        raise ServiceFailed(f"PostgreSQL ended while starting: {why}", cure)

    def _log_since(self, start: int) -> bytes:
        with suppress(OSError), self.log.open("rb") as file:
            file.seek(start)
            return file.read(1 << 16)
        return b""

    def ask(self, port: int, timeout_s: float) -> Answer:
        """First whether anything answers there in time, which libpq cannot tell under two seconds; then by login."""
        if port == 0:
            return Answer(State.HUNG, "its port is not known")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
                connection.settimeout(timeout_s)
                connection.sendall(_SSL_REQUEST)
                if not connection.recv(1):
                    return Answer(State.STARTING, "it hung up")
        except TimeoutError:
            return Answer(State.HUNG, f"no answer within {timeout_s:g} s")
        except OSError as error:
            return Answer(State.STARTING, f"nothing listens on port {port}: {error.strerror or error}")
        return self._log_in(port)

    def _log_in(self, port: int) -> Answer:
        import psycopg
        from psycopg import errors

        try:
            psycopg.connect(self.url(port, "postgres"), connect_timeout=2).close()
        except errors.CannotConnectNow as error:
            return Answer(State.STARTING, gravest_line(str(error)))
        except psycopg.Error as error:
            starting = "starting up" in str(error) or "not yet accepting" in str(error) or "shutting down" in str(error)
            return Answer(State.STARTING if starting else State.HUNG, gravest_line(str(error)))
        return Answer(State.UP)

    def finish(self, port: int) -> None:
        """Makes the database, if it is not there."""
        import psycopg
        from psycopg import errors

        try:
            with psycopg.connect(self.url(port, "postgres"), autocommit=True) as connection:
                found = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone()
                if found is None:
                    with suppress(errors.DuplicateDatabase):
                        connection.execute(f"create database {DATABASE}")
        except psycopg.Error as error:
            raise ServiceFailed(f"PostgreSQL does not make the database: {gravest_line(str(error))}") from error

    def end_in_order(self, instance: Instance) -> None:
        """The fast shutdown: open transactions are rolled back, all that was committed is on disk."""
        command = [
            postgres_program(reachable_postgres(self.folder, server_user()), "pg_ctl"),
            "stop",
            "-D",
            self.cluster,
        ]
        with suppress(OSError, subprocess.TimeoutExpired):
            operating_system.run_tool(
                [*command, "-m", "fast", "-W"],
                log=self.tool_log,
                user=server_user(),
                folder=self.data,
                timeout_s=10.0,
            )
        operating_system.wait_gone(instance.pid, instance.birth, timeout_s=STOP_GRACE_S)

    def _seen_as(self, process: psutil.Process) -> Instance | None:
        """A postmaster found by what it runs tells its port itself."""
        with suppress(OSError, ValueError, IndexError):
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            if int(lines[0]) == process.pid:
                return Instance.of(self.name, process.pid, int(lines[3]), self.checkout)
        return super()._seen_as(process)

    def is_main(self, process: psutil.Process) -> bool:
        """The postmaster, by its command line."""
        return process.name().startswith("postgres") and str(self.cluster) in process.cmdline()

    def is_own(self, process: psutil.Process) -> bool:
        """Also an initdb, and the postmaster's children, which rewrite their command lines, by their folder."""
        if not process.name().startswith(("postgres", "initdb")):
            return False
        ours = {str(self.cluster), str(self.data / "data.unfinished")}
        if ours & set(process.cmdline()):
            return True
        return not operating_system.WINDOWS and os.path.realpath(process.cwd()) in ours
