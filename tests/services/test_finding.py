"""A server is found again after whatever happened to it, its files or its command; each with the real servers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from arbitrage_core.services import service as service_module
from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.instance import INSTANCE_NAME, Instance
from arbitrage_core.services.operating_system import (
    WINDOWS,
    birth_of,
    copy_postgres,
    postgres_binaries,
    server_user,
    valkey_program,
)
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.service import Service, State
from arbitrage_core.services.valkey import Valkey
from tests.services.servers import home_folder, no_notice

STORES = [Valkey, Postgres]
posix_only = pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")


@pytest.fixture(params=STORES, ids=lambda kind: kind.name)
def store(request: pytest.FixtureRequest, home: Path) -> Service:
    return request.param(home, durable=False)


def put(store: Service, port: int, value: str) -> None:
    if isinstance(store, Valkey):
        with redis.Redis.from_url(store.url(port)) as client:
            client.set("kept", value)
    else:
        with psycopg.connect(store.url(port)) as connection:
            connection.execute("create table if not exists kept (value text)")
            connection.execute("insert into kept values (%s)", (value,))


def kept(store: Service, port: int) -> list[str]:
    if isinstance(store, Valkey):
        with redis.Redis.from_url(store.url(port), decode_responses=True) as client:
            return [client.get("kept")]
    with psycopg.connect(store.url(port)) as connection:
        return [value for (value,) in connection.execute("select value from kept")]


def killed(instance: Instance, number: int = signal.SIGKILL) -> None:
    os.kill(instance.pid, number)
    deadline = time.monotonic() + 5
    while number == signal.SIGKILL and instance.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)


# ------------------------------------------------------------------------------------------------------ found and ended


def test_it_starts_once_is_found_again_and_ends(store: Service):
    first = store.ensure(no_notice)
    assert store.ensure(no_notice) == first
    status = store.status()
    assert (status.state, status.pid, status.is_well) == (State.UP, first.pid, True)
    assert store.secret() not in f"{status}"
    assert store.stop()
    assert not first.is_alive()
    assert store.status().state is State.DOWN
    assert not store.stop()


def test_it_listens_on_the_loopback_only_and_nobody_gets_in_without_the_password(store: Service):
    instance = store.ensure(no_notice)
    connections = psutil.Process(instance.pid).net_connections("inet")
    assert {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    without = store.url(instance.port).replace(store.secret(), "0" * 48)
    if isinstance(store, Valkey):
        with redis.Redis.from_url(without) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
    else:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(without)


@posix_only
def test_secrets_stand_in_files_for_their_owner_only_and_in_no_command_line(store: Service):
    store.ensure(no_notice)
    for file in store.folder.rglob("*"):
        if file.is_file() and store.secret().encode() in file.read_bytes():
            assert file.stat().st_mode & 0o077 == 0, file
    assert all(store.secret() not in " ".join(process.cmdline()) for process in store.processes())


@posix_only
@pytest.mark.skipif(not WINDOWS and os.geteuid() != 0, reason="only root has another user to run servers as")
def test_root_runs_it_as_an_unprivileged_user(store: Service):
    instance = store.ensure(no_notice)
    assert {process.uids().real for process in store.processes()} == {server_user().uid}
    assert psutil.Process(instance.pid).uids().effective != 0


@posix_only
@pytest.mark.skipif(not WINDOWS and os.geteuid() != 0, reason="only root's servers may not reach a private folder")
@pytest.mark.parametrize("kind", STORES, ids=lambda kind: kind.name)
def test_a_checkout_below_a_private_folder_stays_private_and_its_servers_run(kind, monkeypatch: pytest.MonkeyPatch):
    with home_folder() as private, home_folder() as outside:
        private.chmod(0o700)
        monkeypatch.setattr("arbitrage_core.services.ground.GROUND_FOR_ROOT", outside / "ground")
        monkeypatch.setattr("arbitrage_core.services.ground.postgres_binaries", lambda: private_programs(private))
        monkeypatch.setattr("arbitrage_core.services.ground.valkey_program", lambda: private_program(private))
        store = kind(private / "arb", durable=kind is Valkey)
        try:
            put(store, store.ensure(no_notice).port, "private")
            assert store.data.is_relative_to(outside / "ground")
            store.stop()
            assert kept(store, store.ensure(no_notice).port) == ["private"]
        finally:
            store.stop()
        assert private.stat().st_mode & 0o777 == 0o700


def private_program(private: Path) -> Path:
    return Path(shutil.copy2(valkey_program(), private / "valkey-server"))


def private_programs(private: Path) -> Path:
    """PostgreSQL's programs in an environment that lies below a private folder too."""
    return copy_postgres(postgres_binaries(), private / "site-packages")


# --------------------------------------------------------------------------------------------------------- after a kill


@posix_only
def test_killed_in_use_it_is_seen_as_down_and_comes_back_with_what_was_committed(store: Service):
    if isinstance(store, Valkey):
        store.durable = True
    first = store.ensure(no_notice)
    put(store, first.port, "before")
    killed(first)
    status = store.status()
    assert (status.state, status.is_well) == (State.DOWN, False)
    second = store.ensure(no_notice)
    assert second.port == first.port  # open addresses hold
    assert (second.pid, second.token) != (first.pid, first.token)
    assert kept(store, second.port) == ["before"]


@posix_only
def test_postgres_killed_while_a_client_is_in_a_transaction_loses_only_that(home: Path):
    store = Postgres(home, durable=False)
    first = store.ensure(no_notice)
    put(store, first.port, "committed")
    connection = psycopg.connect(store.url(first.port))
    try:
        connection.execute("insert into kept values ('open')")
        killed(first)
        second = store.ensure(no_notice)
        assert kept(store, second.port) == ["committed"]
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    finally:
        connection.close()


@posix_only
def test_a_backend_that_outlives_its_killed_postmaster_is_ended_before_another_starts(home: Path):
    store = Postgres(home, durable=False)
    first = store.ensure(no_notice)
    backends = [process for process in store.processes() if process.pid != first.pid]
    backends[0].suspend()
    killed(first)
    second = store.ensure(no_notice)
    assert not backends[0].is_running()
    assert store.ask(second.port, 1.0).state is State.UP


@posix_only
def test_frozen_it_is_seen_as_frozen_within_a_second_and_let_go_on(store: Service):
    instance = store.ensure(no_notice)
    killed(instance, signal.SIGSTOP)
    started = time.monotonic()
    status = store.status()
    assert time.monotonic() - started < 1.0
    assert (status.state, status.is_well) == (State.FROZEN, False)
    told: list[str] = []
    service_module_hung, service_module.HUNG_AFTER_S = service_module.HUNG_AFTER_S, 0.5
    try:
        assert store.ensure(told.append) == instance
    finally:
        service_module.HUNG_AFTER_S = service_module_hung
    assert "stopped by a signal" in told[0]
    assert store.status().is_well


@posix_only
def test_frozen_it_is_ended_too(store: Service):
    instance = store.ensure(no_notice)
    killed(instance, signal.SIGSTOP)
    assert store.stop()
    assert not instance.is_alive()
    assert store.processes() == []


# ------------------------------------------------------------------------------------------------------- its pid file


GARBAGE = {
    "empty": b"",
    "no JSON": b"\x00\xff garbage",
    "cut": b'{\n "birth": "x",\n "checks',
    "no checksum": b'{"service": "valkey", "pid": 1}',
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_garbled_pid_file_hides_no_server(store: Service, name: str):
    first = store.ensure(no_notice)
    (store.folder / INSTANCE_NAME).write_bytes(GARBAGE[name])
    assert store.status().pid == first.pid
    assert store.ensure(no_notice).pid == first.pid
    assert store.told().pid == first.pid


def test_a_pid_that_is_another_process_by_now_is_left_alone(store: Service):
    store.folder.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        ours = Instance.of(store.name, other.pid, 20_001, store.checkout)
        ours.model_copy(update={"birth": f"{ours.birth}0"}).write(store.folder)
        assert store.status().state is State.DOWN
        instance = store.ensure(no_notice)
        assert instance.pid != other.pid
        store.stop()
        assert birth_of(other.pid) == ours.birth
        other.communicate()


@posix_only
def test_a_recycled_pid_in_postgres_own_lock_does_not_keep_it_from_starting(home: Path):
    store = Postgres(home, durable=False)
    killed_one = store.ensure(no_notice)
    killed(killed_one)
    user = server_user()
    as_user = {} if user is None else {"user": user.uid, "group": user.gid}
    with subprocess.Popen(["sleep", "60"], cwd="/", **as_user) as other:
        lock = store.cluster / "postmaster.pid"
        lock.write_text(lock.read_text().replace(str(killed_one.pid), str(other.pid), 1))
        assert store.ensure(no_notice).pid != other.pid
        assert other.poll() is None
        other.kill()


def test_the_pid_file_of_another_service_is_not_taken_for_its_own(home: Path):
    valkey = Valkey(home, durable=False)
    instance = valkey.ensure(no_notice)
    postgres = Postgres(home, durable=False)
    postgres.folder.mkdir()
    instance.write(postgres.folder)
    assert postgres.status().state is State.DOWN
    postgres.stop()
    assert valkey.status().is_well


# --------------------------------------------------------------------------------------------------- ports, passwords


def test_a_port_taken_by_another_program_is_left_to_it(store: Service):
    first = store.ensure(no_notice)
    store.stop()
    told: list[str] = []
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first.port))
        other.listen()
        second = store.ensure(told.append)
    assert second.port != first.port
    assert any(f"port {first.port} is taken" in text for text in told)
    assert store.remembered_port() == second.port


def test_a_lost_password_is_replaced_and_what_is_kept_stays(store: Service):
    if isinstance(store, Valkey):
        store.durable = True
    put(store, store.ensure(no_notice).port, "kept")
    store.stop()
    (store.folder / "password").write_bytes(b"\xff")
    assert kept(store, store.ensure(no_notice).port) == ["kept"]


def test_a_half_made_cluster_is_made_anew(home: Path):
    store = Postgres(home, durable=False)
    unfinished = store.folder / "server" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    put(store, store.ensure(no_notice).port, "made")
    assert not unfinished.exists()


def test_a_cluster_that_is_none_is_refused_with_the_cure_and_not_touched(home: Path):
    store = Postgres(home, durable=False)
    cluster = store.folder / "server" / "data"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("18\n")
    with pytest.raises(ServiceFailed, match=r"pg_control.*arb reset"):
        store.ensure(no_notice)
    assert [file.name for file in cluster.iterdir()] == ["PG_VERSION"]


def test_a_valkey_file_damaged_in_its_middle_is_an_error_that_says_so(home: Path):
    store = Valkey(home)
    put(store, store.ensure(no_notice).port, "x" * 1000)
    store.stop()
    file = next((store.data / "appendonlydir").glob("*.incr.aof"))
    file.write_bytes(file.read_bytes().replace(b"$3\r\nSET", b"#3\r\nSET", 1).replace(b"$4\r\nkept", b"#4\r\nkept", 1))
    with pytest.raises(ServiceFailed, match=r"Valkey ended while starting.*Bad file format.*arb reset"):
        store.ensure(no_notice)


# ------------------------------------------------------------------------------------------------- several commands


def test_commands_that_start_at_the_same_time_start_one_server(store: Service):
    found: list[Instance] = []
    kind, home = type(store), store.home
    threads = [
        threading.Thread(target=lambda: found.append(kind(home, durable=False).ensure(no_notice))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({instance.pid for instance in found}) == 1
    assert sum(1 for process in store.processes() if store.is_main(process)) == 1


STARTER = """
import sys
from pathlib import Path
from arbitrage_core.services.{module} import {kind}
print({kind}(Path(sys.argv[1]), durable=False).ensure(lambda text: None).pid)
"""


def test_it_outlives_the_command_that_started_it_and_holds_none_of_its_streams(store: Service):
    code = STARTER.format(module=store.name, kind=type(store).__name__)
    command = [sys.executable, "-c", code, str(store.home)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert store.status().pid == int(done.stdout)
    assert store.status().is_well


def test_two_checkouts_do_not_meet(store: Service):
    ours = store.ensure(no_notice)
    with home_folder() as other_home:
        other = type(store)(other_home, durable=False)
        try:
            theirs = other.ensure(no_notice)
            assert theirs.port != ours.port
            assert other.ask(ours.port, 1.0).state is State.HUNG  # another checkout's password
            ours.write(other.folder)  # even a copied pid file
            assert other.status().pid == theirs.pid
        finally:
            assert other.stop()
    assert store.status().is_well
