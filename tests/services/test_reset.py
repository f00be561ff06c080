"""A deliberately wrecked home is made usable by one reset, which forgets nothing."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.home import checkout_id
from arbitrage_core.services.instance import INSTANCE_NAME, Instance
from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.prefect import PrefectServer
from arbitrage_core.services.reset import reset
from arbitrage_core.services.service import State
from arbitrage_core.services.stores import ensure_stores, status
from arbitrage_core.services.valkey import Valkey
from arbitrage_core.storage.lock import WriterLock
from tests.services.servers import home_folder, no_notice


def record(home: Path) -> list[int]:
    server = Postgres(home)
    with psycopg.connect(server.url(server.ensure(no_notice).port)) as connection:
        connection.execute("create table if not exists record (entry integer)")
        return [entry for (entry,) in connection.execute("select entry from record")]


def add_to_record(home: Path, entry: int) -> None:
    record(home)
    server = Postgres(home)
    with psycopg.connect(server.url(server.ensure(no_notice).port)) as connection:
        connection.execute("create table if not exists record (entry integer)")
        connection.execute("insert into record values (%s)", (entry,))


def live_state(home: Path) -> redis.Redis:
    server = Valkey(home)
    return redis.Redis.from_url(server.url(server.ensure(no_notice).port), decode_responses=True)


def test_nothing_to_reset_is_no_error(home: Path):
    report = reset(no_notice)
    assert (report.ended, report.keys_cleared, report.not_cured) == ([], 0, [])


def test_a_wrecked_home_is_usable_after_one_reset_and_has_its_record(home: Path):
    add_to_record(home, 7)
    sound = Postgres(home).find()
    with live_state(home) as client:
        client.set("arb:x", "1")
    os.kill(Valkey(home).find().pid, 9)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as foreign:
        wreck(home, foreign.pid)
        report = reset(no_notice)
        assert report.not_cured == []
        assert foreign.poll() is None
        foreign.communicate()
    assert not sound.is_alive()
    assert "postgres" in report.ended
    stores = ensure_stores(no_notice)
    with psycopg.connect(stores.postgres_url) as connection:
        assert connection.execute("select entry from record").fetchall() == [(7,)]
    assert {one.service: one.is_well for one in status() if one.service in ("postgres", "valkey")} == {
        "postgres": True,
        "valkey": True,
    }
    backup = Path(report.backup)
    assert (backup / "sessions/paper-x/00000.seg").read_bytes() == b"journal"
    assert (home / "sessions/paper-x/00000.seg").read_bytes() == b"journal"
    assert (backup / "unfinished/.partial-99999/x/half.seg").exists()
    assert (backup / "prefect-damaged/prefect.db").exists()


def wreck(home: Path, foreign_pid: int) -> None:
    """Garbage pid files, a half initdb, truncated files, a foreign pid, and things in the way."""
    services = home / "services"
    (services / "postgres" / INSTANCE_NAME).write_bytes(b"\x00garbage")
    (services / "postgres" / "port").write_text("not a port")
    (services / "postgres" / "password").write_bytes(b"")
    (services / "postgres" / "server" / "data.unfinished" / "base").mkdir(parents=True)
    recycled = Instance.of("valkey", foreign_pid, 20_002, checkout_id(home))
    recycled.model_copy(update={"birth": "long ago"}).write(services / "valkey")
    aof = next((services / "valkey" / "server" / "appendonlydir").glob("*.incr.aof"))
    aof.write_bytes(b"*3\r\n#garbage\r\n" + aof.read_bytes()[3:])
    (services / "valkey" / "server" / "valkey.conf").write_bytes(b"\xff")
    prefect = PrefectServer(home)
    prefect.data.mkdir(parents=True)
    (prefect.data / "prefect.db").write_bytes(b"SQLite format 3\x00 and then nothing")
    (services / "worker").write_text("a file where a folder belongs")
    for name, content in {"paper-x/00000.seg": b"journal", ".partial-99999/x/half.seg": b"half"}.items():
        file = home / "sessions" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(content)


def test_a_record_that_is_none_goes_into_the_backup_and_an_empty_one_takes_its_place(home: Path):
    add_to_record(home, 1)
    server = Postgres(home)
    server.stop()
    (server.cluster / "global" / "pg_control").write_bytes(b"")
    told: list[str] = []
    report = reset(told.append)
    assert report.not_cured == []
    assert "postgres-damaged" in report.put_aside
    assert any("the record cannot be used" in text for text in told)
    assert (Path(report.backup) / "postgres-damaged" / "PG_VERSION").exists()
    assert record(home) == []


def test_a_record_that_does_not_open_is_not_touched_without_all(home: Path):
    add_to_record(home, 1)
    server = Postgres(home)
    server.stop()
    control = server.cluster / "global" / "pg_control"
    control.write_bytes(b"\x01" * 8192)
    report = reset(no_notice)
    assert "arb reset --all" in report.not_cured[0]
    assert control.read_bytes() == b"\x01" * 8192
    assert reset(no_notice, everything=True).not_cured == []
    assert record(home) == []


def test_all_puts_the_record_into_the_backup(home: Path):
    add_to_record(home, 1)
    report = reset(no_notice, everything=True)
    assert record(home) == []
    assert (Path(report.backup) / "postgres-data" / "data" / "PG_VERSION").exists()


def test_only_its_own_live_state_keys_are_cleared(home: Path):
    own, other = f"arb:{checkout_id(home)}:state:x", "arb:0123456789ab:state:x"
    with live_state(home) as client:
        client.set(own, "1")
        client.set(other, "1")
    assert reset(no_notice).keys_cleared == 1
    with live_state(home) as client:
        assert (client.get(own), client.get(other)) == (None, "1")


def test_a_session_with_a_fresh_heartbeat_is_not_ended_unless_forced(home: Path):
    heartbeat = f"arb:{checkout_id(home)}:heartbeat:paper-x"
    with live_state(home) as client:
        client.set(heartbeat, "{}", ex=60)
    with pytest.raises(ServiceFailed, match="a session is alive: paper-x"):
        reset(no_notice)
    assert Valkey(home).status().is_well
    with live_state(home) as client:
        assert client.get(heartbeat) == "{}"
    assert reset(no_notice, force=True).ended == ["valkey"]


def test_a_heartbeat_that_has_run_out_keeps_nobody(home: Path):
    with live_state(home) as client:
        client.set(f"arb:{checkout_id(home)}:heartbeat:paper-x", "{}", px=50)
    time.sleep(0.1)
    assert reset(no_notice).not_cured == []


def test_a_journal_being_written_keeps_its_session_from_being_reset_even_with_valkey_dead(home: Path):
    journal = home / "sessions" / "paper-x"
    journal.mkdir(parents=True)
    lock = WriterLock(journal)
    try:
        with pytest.raises(ServiceFailed, match="paper-x"):
            reset(no_notice)
    finally:
        lock.release()
    assert reset(no_notice).not_cured == []


@pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")
def test_a_copied_home_leaves_the_servers_of_the_first_alone(home: Path):
    with home_folder() as other_home:
        other = Valkey(other_home, durable=False)
        try:
            instance = other.ensure(no_notice)
            shutil.copytree(other_home, home, dirs_exist_ok=True)
            assert Valkey(home).status().state is State.DOWN
            reset(no_notice)
            assert other.status().is_well
            assert instance.is_alive()
        finally:
            other.stop()
