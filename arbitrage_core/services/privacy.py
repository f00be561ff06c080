"""Privacy: what a checkout keeps is its owner's alone, be it made now or by an earlier version.

Journals tell what somebody trades, the record and Prefect's database likewise, and compiled engines are code that this
program will run. So everything is made with mode 0700 or 0600, and what lies in a home is closed at each start. The
folders above a server's data may be passed through, and not read, when we are root: servers run as another user then.

Where it is wrong: a home that `ARB_HOME` names is not closed itself if it was there before, since other things may
live in it; on Windows a file is as private as its folder.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.home import DEFAULT_NAME

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PASSING = stat.S_IXGRP | stat.S_IXOTH
SERVICES = "services"
GROUND = "server"
"""What a service's folder calls the ground of a server that runs as another user when we are root; that one enters
through `services` and the service's folder."""
DATA = (GROUND, "home")
"""What a service's folder calls its server's data; other folders in it are programs that a server's user runs."""
OWN = ("backups", "compiled", "logs", SERVICES, "sessions", "tuning")
"""All that a home may hold, for a home that other things may live in, too."""


def keep_private(home: Path) -> None:
    """Has this process make everything for its owner alone, and closes what is in the home. Raises BadInput.

    It is refused to work in a home that another user could have filled: what is compiled there would be run.
    """
    if sys.platform == "win32":
        return
    os.umask(OTHERS)
    with suppress(FileNotFoundError):
        owner = home.stat().st_uid
        if os.geteuid() not in (owner, 0):
            raise BadInput(f"{home} belongs to another user (uid {owner})", "name a home of your own: ARB_HOME")
        _close_home(home)


def _close_home(home: Path) -> None:
    passable = PASSING if os.geteuid() == 0 else 0
    holds_services = (home / SERVICES).is_dir()
    if home.name == DEFAULT_NAME:
        _close(home, passable if holds_services else 0)
    for one in _entries(home):
        if home.name == DEFAULT_NAME or one.name in OWN:
            _close(one, passable if one.name == SERVICES else 0)
    for service in _entries(home / SERVICES):
        _close(service, passable if (service / GROUND).exists() else 0)
        for one in _entries(service):
            if one.is_file() or one.name in DATA:
                _close(one, 0)


def _close(path: Path, but: int) -> None:
    """Takes from others what they may do with a file or folder, `but` for these bits; a link is left alone."""
    with suppress(FileNotFoundError, PermissionError):  # gone meanwhile; or the store's own user's
        mode = stat.S_IMODE(path.lstat().st_mode)
        if not path.is_symlink() and mode & OTHERS & ~but:
            path.chmod(mode & ~(OTHERS & ~but))


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.iterdir()
