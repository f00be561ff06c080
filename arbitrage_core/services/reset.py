"""The reset: the one command that makes a tangled state usable, and loses nothing while it does.

In order: it refuses while a session is alive; ends what is left running of this checkout, and only that; puts logs and
what cannot be used aside and links the journals into a backup; removes what dead servers left; starts each store once
to see that it does; clears this checkout's live-state keys; and ends the stores again. The record stays unless all is
to go, and even then it goes into the backup.
"""

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services import external
from arbitrage_core.services.backup import Backup
from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.home import home
from arbitrage_core.services.instance import forget_instance
from arbitrage_core.services.live_keys import clear_keys, living_sessions
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.prefect import PrefectServer
from arbitrage_core.services.service import Notice, Service, State
from arbitrage_core.services.stores import services, stop_all
from arbitrage_core.services.valkey import Valkey
from arbitrage_core.storage.lock import LOCK_NAME, WriterLock


@dataclass
class ResetReport:
    """What a reset did: services ended, what lies in `backup` now, keys cleared, and what it could not cure."""

    ended: list[str] = field(default_factory=list)
    backup: str = ""
    put_aside: list[str] = field(default_factory=list)
    keys_cleared: int = 0
    not_cured: list[str] = field(default_factory=list)


def reset(notice: Notice, *, everything: bool = False, force: bool = False, folder: Path | None = None) -> ResetReport:
    """Makes the state of a home usable. Raises ServiceFailed while a session is alive, unless `force`; DiskRefused."""
    place = (folder or home()).resolve()
    living = _living(place)
    if living and not force:
        raise ServiceFailed(
            f"{'sessions are' if len(living) > 1 else 'a session is'} alive: {', '.join(living)}",
            "stop it first, or give --force if it is not",
        )
    backup = Backup(place)
    _make_folders(place, backup)
    report = ResetReport(ended=stop_all(place))
    for service in services(place):
        forget_instance(service.folder)
        for log in (service.log, service.log.with_name(f"{service.log.name}.1"), service.folder / "tools.log"):
            backup.move(log, f"logs/{service.name}/{log.name}")
        if everything:
            backup.move(service.data, f"{service.name}-data")
    _put_aside_damage(place, backup, notice)
    _back_up_sessions(place, backup)
    _try_stores(place, backup, report, notice, force=force)
    report.backup, report.put_aside = str(backup.folder) if backup.kept else "", backup.kept
    return report


def _living(place: Path) -> list[str]:
    """Sessions with a fresh heartbeat, and journals that a process writes: these live even with Valkey dead."""
    found = {f"the writer of {lock.parent.name}" for lock in (place / "sessions").glob(f"*/{LOCK_NAME}") if _held(lock)}
    url = _reachable_redis(place)
    if url is not None:
        with suppress(BadInput):  # it does not answer after all: then it knows of nobody
            found.update(living_sessions(url, place))
    return sorted(found)


def _held(lock: Path) -> bool:
    try:
        WriterLock(lock.parent).release()
    except BadInput as error:
        return isinstance(error.__cause__, BlockingIOError | PermissionError)
    return False


def _reachable_redis(place: Path) -> str | None:
    outside = external.REDIS.url
    if outside is not None:
        return outside
    server = Valkey(place)
    if not server.folder.is_dir():
        return None
    found = server.find()
    return server.url(found.port) if found is not None and server.ask(found.port, 1.0).state is State.UP else None


def _make_folders(place: Path, backup: Backup) -> None:
    """A file where a folder belongs, or a link to nowhere, is put aside."""
    for folder in (place / "services", *(service.folder for service in services(place))):
        if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
            backup.move(folder, f"in-the-way/{folder.name}")
        folder.mkdir(parents=True, exist_ok=True)
    for service in services(place):
        for inner in (service.folder / "server", service.folder / "home"):
            if (inner.exists() or inner.is_symlink()) and not inner.is_dir():
                backup.move(inner, f"in-the-way/{service.name}-{inner.name}")


def _put_aside_damage(place: Path, backup: Backup, notice: Notice) -> None:
    """Data that are no data any more: what is no cluster, no SQLite."""
    postgres, prefect = Postgres(place), PrefectServer(place)
    if postgres.cluster.exists() and (why := postgres.damage()):
        notice(f"the record cannot be used ({why}): it goes into the backup, and an empty one takes its place")
        backup.move(postgres.cluster, "postgres-damaged")
    database = prefect.data / "prefect.db"
    if database.exists() and (why := _damage_of(database)):
        notice(f"Prefect's database cannot be used ({why}): it goes into the backup")
        backup.move(prefect.data, "prefect-damaged")


def _damage_of(database: Path) -> str:
    try:
        with closing(sqlite3.connect(database, timeout=2)) as connection:
            found = connection.execute("pragma quick_check(1)").fetchone()
            tables = connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.Error as error:
        return str(error)
    if found[0] != "ok":
        return str(found[0])
    return "" if tables[0] else "it is empty"


def _back_up_sessions(place: Path, backup: Backup) -> None:
    sessions = place / "sessions"
    for leftover in sessions.glob(".partial-*"):
        backup.move(leftover, f"unfinished/{leftover.name}")
    backup.link(sessions, "sessions")
    backup.move(place / "logs", "logs/platform")


def _try_stores(place: Path, backup: Backup, report: ResetReport, notice: Notice, *, force: bool) -> None:
    """Starts each store once, clears the keys, and ends them again."""
    url = external.REDIS.url
    valkey = Valkey(place)
    if url is None:
        instance = _started(valkey, notice)
        if isinstance(instance, ServiceFailed):
            notice(f"the live state cannot be loaded ({instance.cause}): it goes into the backup; it is only a copy")
            backup.move(valkey.data, "valkey-damaged")
            instance = _started(valkey, notice)
        if isinstance(instance, ServiceFailed):
            report.not_cured.append(str(instance))
        else:
            url = valkey.url(instance.port)
    if url is not None:
        try:
            report.keys_cleared, _ = clear_keys(url, place, spares_living=not force)
        except BadInput as error:
            report.not_cured.append(f"the live-state keys were not cleared: {error}")
    valkey.stop()
    if external.POSTGRES.url is None:
        postgres = Postgres(place)
        found = _started(postgres, notice)
        if isinstance(found, ServiceFailed):
            report.not_cured.append(f"{found.cause}; arb reset --all puts the record into the backup and begins anew")
        postgres.stop()


def _started(service: Service, notice: Notice) -> object:
    try:
        return service.ensure(notice)
    except ServiceFailed as error:
        return error
