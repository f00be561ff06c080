"""The session folder: where journals live, found by a readable name, and appearing there whole or not at all.

`.arb/sessions/SESSION` under the checkout, or under `ARB_HOME`. While it is written a journal lies in
`.partial-PID/SESSION` beside its place, under the writer's lock; what a killed command left there is removed by the
next one. Where it is wrong: replacing an older run is two renames, and a kill between them leaves neither in place.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.session.binding import home
from arbitrage_core.storage.disk import could_not_write, make_folder, sync_folder
from arbitrage_core.storage.lock import WriterLock
from arbitrage_core.storage.manifest import MANIFEST_NAME

KEY_DIGITS = 8


def sessions_folder() -> Path:
    """Where the journals of sessions lie."""
    return home() / "sessions"


def session_id(mode: str, label: str, session_key: int) -> str:
    """`backtest-mixed-3f9a2c1b`: mode, data and the first half of the 63-bit key under which order ids are derived."""
    return f"{mode}-{label}-{session_key:016x}"[: len(mode) + len(label) + 2 + KEY_DIGITS]


def unused_name(name: str) -> str:
    """The name itself, or `NAME-2`, `NAME-3`, …: a session that cannot be had again replaces no older one."""
    if not (sessions_folder() / name).exists():
        return name
    number = 2
    while (sessions_folder() / f"{name}-{number}").exists():
        number += 1
    return f"{name}-{number}"


@contextmanager
def written_whole(session: str) -> Iterator[Path]:
    """A folder to write the journal of `session` to, which takes its place in the end, replacing an older run.

    An exception leaves nothing behind, except that a session that broke an invariant is kept, as evidence. Raises
    DiskRefused when the disk does.
    """
    sessions = sessions_folder()
    make_folder(sessions)
    _remove_leftovers(sessions)
    workplace = sessions / f".partial-{os.getpid()}"
    make_folder(workplace)
    lock = WriterLock(workplace)
    try:
        yield workplace / session
        _put_in_place(workplace, session)
    except InvariantBroken:
        if (workplace / session / MANIFEST_NAME).exists():
            _put_in_place(workplace, session)
        raise
    finally:
        lock.release()
        shutil.rmtree(workplace, ignore_errors=True)


def find_session(name: str) -> Path:
    """The journal meant by a session's name, the beginning of one, or a path. Raises BadInput for none or several."""
    path = Path(name)
    if (path / MANIFEST_NAME).is_file():
        return path
    if name and (name == ".." or re.search(r"[/\\]", name) or path.is_dir()):
        raise BadInput(f"{name} holds no journal", "name a session, or the folder of one")
    names = list_sessions()
    if name in names:
        return sessions_folder() / name
    meant = [one for one in names if one.startswith(name)] if name else []
    if len(meant) == 1:
        return sessions_folder() / meant[0]
    if meant:
        raise BadInput(f"several sessions begin with {name!r}", f"name one: {', '.join(meant)}")
    if not names:
        raise BadInput(f"no session {name!r}: none was run yet", "run one: arb backtest --synthetic mixed")
    close = get_close_matches(name, names, n=5, cutoff=0.3) or names[:5]
    raise BadInput(f"no session {name!r} in {sessions_folder()}", f"there are {', '.join(close)}")


def list_sessions() -> list[str]:
    """The sessions that have a journal, by name."""
    folder = sessions_folder()
    if not folder.is_dir():
        return []
    return sorted(
        one.name for one in folder.iterdir() if not one.name.startswith(".") and (one / MANIFEST_NAME).exists()
    )


def _put_in_place(workplace: Path, session: str) -> None:
    place, written = workplace.parent / session, workplace / session
    try:
        if place.exists():
            place.replace(workplace / "replaced")
        written.replace(place)
        sync_folder(workplace.parent)
    except OSError as error:
        raise could_not_write(place, error) from error


def _remove_leftovers(sessions: Path) -> None:
    """Removes the workplaces of commands that are no more: those whose lock is free."""
    for leftover in sessions.glob(".partial-*"):
        with suppress(BadInput):  # held: its command is at work
            WriterLock(leftover).release()
            shutil.rmtree(leftover, ignore_errors=True)
