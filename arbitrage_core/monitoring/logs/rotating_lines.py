"""The rotating file: lines appended to `NAME.jsonl`; when it is full it becomes `NAME.1.jsonl`, and so on.

Unbuffered, so what was taken is with the system and a killed program loses nothing of it; not synced, since a log is no
record. A line that a full disk cut is ended before the next one, so one line is lost and not two.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FILE_BYTES_MAX = 10 << 20
FILES_KEPT = 5


class RotatingLines:
    """A file of lines of mode 0600, and `files_kept` older ones. Of one thread only."""

    def __init__(self, path: Path, bytes_max: int = FILE_BYTES_MAX, files_kept: int = FILES_KEPT) -> None:
        if bytes_max < 1 or files_kept < 0:
            raise ValueError(f"no rotation of {files_kept} files of {bytes_max} bytes")
        self.path, self._bytes_max, self._files_kept = path, bytes_max, files_kept
        self._descriptor: int | None = None
        self._size = 0
        self._cut = False

    def write(self, lines: Sequence[bytes]) -> int:
        """Appends lines and gives how many are there whole; fewer than asked when the disk took no more.

        Raises OSError when not one could be written.
        """
        self._open()
        for index, line in enumerate(lines):
            if self._size + len(line) > self._bytes_max and self._size:
                self._rotate()
            try:
                self._append(line)
            except OSError:
                if index == 0:
                    raise
                return index
        return len(lines)

    def close(self) -> None:
        """Closes the file; the next write opens it again."""
        if self._descriptor is not None:
            with suppress(OSError):  # what a network drive says on closing comes too late to be of use
                os.close(self._descriptor)
            self._descriptor = None

    def older(self, number: int) -> Path:
        """The file that is `number` rotations old."""
        return self.path.with_name(f"{self.path.stem}.{number}{self.path.suffix}")

    def _append(self, line: bytes) -> None:
        data = b"\n" + line if self._cut else line
        written = os.write(self._descriptor, data)
        self._size += written
        if written < len(data):
            self._cut = self._cut or written > 0
            rest = os.write(self._descriptor, data[written:])  # says why it took no more
            self._size += rest
            if written + rest < len(data):
                raise OSError("the file takes no more bytes")
        self._cut = False

    def _open(self) -> None:
        if self._descriptor is not None and self._was_moved_away():
            self.close()
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(self.path, flags, 0o600)
            self._size = os.fstat(self._descriptor).st_size
            self._cut = self._size > 0 and self._last_byte() != b"\n"

    def _last_byte(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1)

    def _was_moved_away(self) -> bool:
        """Whether the name now means another file or none, as after a backup of the logs."""
        if sys.platform == "win32":
            return False  # an open file cannot be moved there
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return True
        mine = os.fstat(self._descriptor)
        return (found.st_dev, found.st_ino) != (mine.st_dev, mine.st_ino)

    def _rotate(self) -> None:
        self.close()
        for number in range(self._files_kept, 0, -1):
            source = self.older(number - 1) if number > 1 else self.path
            with suppress(FileNotFoundError):
                source.replace(self.older(number))
        if self._files_kept == 0:
            self.path.unlink(missing_ok=True)
        self._open()
