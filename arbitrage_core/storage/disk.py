"""The disk: how bytes are made to stay on it, and the only place here that knows what differs by operating system.

A file is durable when its bytes *and* its name are: the file is synced, then its folder. On macOS `fsync` leaves the
bytes in the drive's own cache, so the stronger request is made; Windows cannot sync a folder and journals names itself.
What this cannot see: a drive that acknowledges what it has not kept.
"""

import errno
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from arbitrage_core.domain.errors import BadInput

NO_SPACE = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)
)  # disk full, quota reached, file-size limit reached


class DiskRefused(BadInput):
    """The disk did not take what was to be written: full, over a quota or limit, read-only, failing."""

    from_outside = True


def sync_file(descriptor: int) -> None:
    """Returns when all written to an open file has reached the device. Raises OSError."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)  # the size is synced with the bytes; only time stamps are left out
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Returns when the names in a folder have reached the device; nothing on Windows. Raises OSError."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, *parts: bytes | memoryview) -> None:
    """Puts a file there with all its bytes or leaves what was there before, whatever happens.

    Written under another name, synced, renamed, the folder synced. Raises DiskRefused.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb", buffering=0) as file:
            for part in parts:
                write_all(file, part)
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise could_not_write(path, error) from error


def write_all(file: object, data: bytes | memoryview) -> None:
    """Writes all of `data` to an unbuffered file, which may take it in pieces. Raises OSError."""
    written = file.write(data)
    if written == len(data):
        return
    rest = memoryview(data)
    while True:
        if not written:
            raise OSError(errno.EIO, "the file takes no more bytes")
        rest = rest[written:]
        if not rest:
            return
        written = file.write(rest)


def could_not_write(path: Path, error: OSError) -> DiskRefused:
    """The error to raise for a write that failed: the file, the reason, the free space, and the cure."""
    if error.errno not in NO_SPACE:
        return DiskRefused(f"{path} cannot be written: {error.strerror or error}")
    kept = "then resume: what was written before stays readable"
    if error.errno == errno.EFBIG:
        cause = f"{path} cannot grow: the limit on the size of a file is reached ({_free_text(path)})"
        return DiskRefused(cause, f"raise that limit, {kept}")
    return DiskRefused(f"{path} cannot be written: no space left ({_free_text(path)})", f"free some there, {kept}")


def _free_text(path: Path) -> str:
    try:
        free_bytes = shutil.disk_usage(path.parent).free
    except OSError:
        return "free space unknown"
    return f"{free_bytes / 2**20:,.1f} MiB free in {path.parent}"


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, their names durable; nothing if it is there. Raises DiskRefused."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in missing:
            sync_folder(one.parent)
    except OSError as error:
        raise could_not_write(folder, error) from error
