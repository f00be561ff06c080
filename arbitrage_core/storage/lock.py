"""The writer's lock: one writer a folder.

Held by the operating system for the open file, so it ends with the process, however that ends. It keeps two processes
of one machine from writing the same journal; it is no fence between machines (each writer carries an epoch for that),
and a forked child that outlives its parent holds it on.
"""

import os
import sys
from pathlib import Path

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.disk import could_not_write

LOCK_NAME = "writer.lock"
_LOCKED_BYTE = 1 << 30  # Windows locks byte ranges and refuses reads of them: far behind the text


class WriterLock:
    """The right to write in a folder, until `release`. The lock's file stays: removing it would race."""

    def __init__(self, folder: Path) -> None:
        """Takes the lock. Raises BadInput when another writer holds it, DiskRefused when the file cannot be made."""
        path = folder / LOCK_NAME
        try:
            self._file = path.open("a+b", buffering=0)
        except OSError as error:
            raise could_not_write(path, error) from error
        try:
            _lock(self._file.fileno())
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n".encode())
        except (BlockingIOError, PermissionError) as error:  # POSIX says the one, Windows the other
            holder = self._holder()
            self._file.close()
            raise BadInput(f"{folder} is being written by another session{holder}", "stop that one first") from error
        except OSError as error:
            self._file.close()
            raise could_not_write(path, error) from error

    def _holder(self) -> str:
        self._file.seek(0)
        text = self._file.read(20).decode("ascii", "replace").strip()
        return f" (process {text})" if text.isdigit() else ""

    def release(self) -> None:
        """Gives the right back; again is harmless."""
        self._file.close()


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
