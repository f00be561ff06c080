"""The secret: the password that a checkout's own server wants, in a file that only its owner reads."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from arbitrage_core.services.operating_system import write_private

SECRET_NAME = "password"
CHARACTERS_LEAST = 32


def secret_in(folder: Path) -> str:
    """The password in a service's folder, drawn when first needed. Raises OSError.

    Of two commands that draw at the same time the first one's counts, for both.
    """
    path = folder / SECRET_NAME
    if found := _read(path):
        return found
    drawn = folder / f"{SECRET_NAME}.{secrets.token_hex(4)}"
    write_private(drawn, secrets.token_hex(24) + "\n")
    try:
        if not path.exists():
            with suppress(OSError):  # somebody was first, or the disk knows no links
                os.link(drawn, path)
        if not _read(path):  # a disk was full once, or somebody edited it
            drawn.replace(path)
    finally:
        drawn.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> str:
    try:
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return found if len(found) >= CHARACTERS_LEAST and found.isalnum() else ""
