"""Paper sessions whose real servers are killed, frozen or gone: no entry is made meanwhile, and nothing is lost."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from math import inf
from pathlib import Path

import numpy as np
import psutil
import pytest

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import Command, RowKind
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.valkey import Valkey
from arbitrage_core.session import live_runner, paper
from arbitrage_core.session.backfill import record_from_journal
from arbitrage_core.session.live_runner import LiveRunner
from arbitrage_core.session.paper import CannotGoOn
from arbitrage_core.session.proof import prove
from arbitrage_core.session.result import SessionResult
from arbitrage_core.storage.disk import DiskRefused
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.live_state.connection import connect
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.record.availability import Limits
from arbitrage_core.storage.record.comparison import differences
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.writer import RecordWriter
from tests.services.servers import home_folder, no_notice
from tests.session.paper_sessions import (
    CHECKOUT,
    Beside,
    paper_order,
    plain_engine,
    recorded_row,
    run_in_order,
    small_feed,
)
from tests.storage.live_state.patience import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals that freeze a process")

SILENT_AFTER_S = 0.4


class OwnServer:
    """A server that these tests may kill and freeze; it is found again at the same port."""

    def __init__(self, service: Postgres | Valkey) -> None:
        self.service, self._frozen = service, []
        self.instance = service.ensure(no_notice)
        self.url = service.url(self.instance.port)

    def processes(self) -> list[psutil.Process]:
        """The server and its children."""
        main = psutil.Process(self.instance.pid)
        return [main, *main.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL to all of it."""
        gone = self.processes()
        for process in gone:
            process.kill()
        psutil.wait_procs(gone, 5.0)

    def freeze(self) -> None:
        """SIGSTOP to all of it: connections stay, nothing answers. The server first, so that it begins no more children
        while those that there are get theirs."""
        psutil.Process(self.instance.pid).suspend()
        self._frozen = self.processes()
        for process in self._frozen:
            process.suspend()

    def thaw(self) -> None:
        """SIGCONT."""
        for process in self._frozen:
            if process.is_running():
                process.resume()
        self._frozen = []

    def make_run(self) -> None:
        """Started again if it is dead, going on if it is frozen."""
        self.thaw()
        self.instance = self.service.ensure(no_notice)

    def fail(self, how: str) -> None:
        """Killed or frozen."""
        self.kill() if how == "killed" else self.freeze()


@pytest.fixture(scope="module")
def own_servers() -> Iterator[dict[str, OwnServer]]:
    """A PostgreSQL and a Valkey of this module."""
    with home_folder() as home:
        services = {"postgres": Postgres(home, durable=False), "valkey": Valkey(home, durable=False)}
        try:
            yield {name: OwnServer(service) for name, service in services.items()}
        finally:
            for service in services.values():
                service.stop()


@pytest.fixture
def servers(own_servers: dict[str, OwnServer]) -> Iterator[dict[str, OwnServer]]:
    """Both, running before the test and after it."""
    yield own_servers
    for server in own_servers.values():
        server.make_run()


@pytest.fixture
def stores(servers: dict[str, OwnServer]) -> tuple[str, str]:
    """The URLs of both."""
    return servers["postgres"].url, servers["valkey"].url


@pytest.fixture(autouse=True)
def _quick_and_plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plain engine, and shorter waits than an operator's."""
    monkeypatch.setattr(live_runner, "SILENT_AFTER_S", SILENT_AFTER_S)
    monkeypatch.setattr(paper, "LIMITS", Limits(connect_s=2, lock_s=1.0, statement_s=1.0, transaction_s=1.5))
    with plain_engine(monkeypatch):
        yield


def commands_of(folder: Path) -> list[tuple[int, int]]:
    """The commands in a journal: (time, command)."""
    rows = np.concatenate(list(JournalReader(folder).rows()))
    chosen = rows[rows["kind"] == RowKind.COMMAND]
    return list(zip(chosen["now_ns"].tolist(), chosen["status"].tolist(), strict=True))


def refused_for_silence(result: SessionResult) -> int:
    """How often an entry was refused because a store did not answer."""
    return int(result.state.symbols["refusals"][:, Refusal.STORES_MUST_ANSWER].sum())


def entries_between(result: SessionResult, begin_ns: int, end_ns: int) -> int:
    """Trades decided in an interval of row time."""
    decided = result.log.trades["decided_ns"]
    return int(np.count_nonzero((decided > begin_ns) & (decided < end_ns)))


def entries_of(runner: LiveRunner) -> int:
    """How many trades it entered so far."""
    return int(runner.session.state[0].symbols["entries"].sum())


def is_silent(runner: LiveRunner) -> bool:
    """Whether a store is known not to answer."""
    return bool(runner.standing.silent)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "frozen"])
@pytest.mark.parametrize("which", ["postgres", "valkey"])
def test_while_a_store_is_away_no_entry_is_made_and_afterwards_nothing_is_missing(
    tmp_path: Path, servers: dict[str, OwnServer], stores: tuple[str, str], which: str, how: str
) -> None:
    order = paper_order(tmp_path / f"{which}-{how}", stores, small_feed(150), factor=1.0)
    session = Beside(order, tmp_path).start()
    session.until(lambda runner: runner.open_trades == 0 and runner.market_rows > 20)
    servers[which].fail(how)
    session.until(is_silent)
    rows = session.runner.market_rows
    session.until(lambda runner: runner.market_rows > rows + 60)  # some pulses in which it would have traded
    servers[which].make_run()
    session.until(lambda runner: not is_silent(runner))
    entered = entries_of(session.runner)
    session.until(lambda runner: entries_of(runner) > entered)
    session.runner.stop()
    result = session.wait()
    assert session.error is None
    silent, answer = [(at, what) for at, what in commands_of(order.folder) if what >= Command.STORES_SILENT]
    assert (silent[1], answer[1]) == (Command.STORES_SILENT, Command.STORES_ANSWER), "told once each"
    assert refused_for_silence(result) > 0
    assert entries_between(result, silent[0], answer[0]) == 0
    assert entries_between(result, answer[0], 2**62) > 0, "it never traded again"
    assert result.document["record"]["complete"] is True, result.document["record"]
    assert result.violations == []
    assert recorded_row(order.postgres_url, order).status == "complete"
    assert prove(result, order.folder, None) is True


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_database_gone_at_the_end_is_filled_from_the_journal_later(
    tmp_path: Path,
    servers: dict[str, OwnServer],
    stores: tuple[str, str],
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paper, "BACKFILL_S", 1.0)
    order = paper_order(tmp_path / f"gone-{how}", stores, small_feed(30), factor=4.0)
    session = Beside(order, tmp_path).start()
    session.until(lambda runner: runner.session.state[0].symbols["entries"].sum() > 2)
    servers["postgres"].fail(how)
    result = session.wait()
    assert session.error is None
    record = result.document["record"]
    assert record["complete"] is False
    assert "entries are not recorded" in record["reason"]
    assert any("does not answer" in text for text in session.notices)
    assert JournalReader(order.folder).final_hash == result.document["state_hash"]
    servers["postgres"].make_run()
    assert recorded_row(order.postgres_url, order).status == "running"
    with Record.open(order.postgres_url) as opened:
        filled = record_from_journal(order.folder, opened)
        assert (filled.status, filled.differences) == ("complete", [])
        assert filled.added > 0
        assert differences(opened, filled.session, result.log, result.state) == []
        again = record_from_journal(order.folder, opened)
    assert (again.added, again.entries, again.status, again.differences) == (0, filled.entries, "complete", [])
    row = recorded_row(order.postgres_url, order)
    assert row.state_hash == result.document["state_hash"]
    assert row.document["record"]["complete"] is True


def test_a_record_that_never_heard_of_the_session_gets_it_whole(tmp_path: Path, stores: tuple[str, str]) -> None:
    from sqlalchemy import text

    order = paper_order(tmp_path / "unheard", stores, small_feed(3), factor=inf)
    result = run_in_order(order, tmp_path)
    with Record.open(order.postgres_url) as record:
        with record.begin() as connection:
            connection.execute(text("DELETE FROM sessions WHERE name = :name"), {"name": order.name})
        filled = record_from_journal(order.folder, record)
        assert (filled.added, filled.status) == (filled.entries, "complete")
        assert differences(record, filled.session, result.log, result.state) == []


@pytest.mark.parametrize("where", ["live state", "record"])
def test_a_newer_epoch_ends_the_session_at_once_and_nothing_more_is_written(
    tmp_path: Path, stores: tuple[str, str], where: str
) -> None:
    order = paper_order(tmp_path / f"epoch-{where.replace(' ', '-')}", stores, small_feed(60), factor=1.0)
    session = Beside(order, tmp_path).start()
    session.until(lambda runner: runner.open_trades > 0)
    if where == "record":
        row = recorded_row(order.postgres_url, order)
        with Record.open(order.postgres_url) as record, RecordWriter.resume(record, row.id, row.epoch + 1):
            pass
    else:
        client = connect(order.redis_url)
        LiveState(client, Namespace(CHECKOUT)).claim_epoch(order.name)
        client.close()
    assert session.wait(15.0) is None
    assert isinstance(session.error, CannotGoOn)
    assert session.error.from_outside
    commands = [what for _, what in commands_of(order.folder)]
    assert Command.FLATTEN not in commands, "the trades are the other one's now"
    seal = JournalReader(order.folder).seal
    assert (seal.status, "CannotGoOn" in seal.reason) == ("broken", True)
    row = recorded_row(order.postgres_url, order)
    assert row.status == ("running" if where == "record" else "broken")


@pytest.mark.parametrize(
    "number, leaves",
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, True), (signal.SIGHUP, True)],
)
def test_one_signal_ends_in_order(
    tmp_path: Path, stores: tuple[str, str], number: signal.Signals, leaves: bool
) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    sent, notices = [], []

    def interrupt(runner: LiveRunner) -> None:
        if runner.open_trades and not sent:
            sent.append(runner.open_trades)
            os.kill(os.getpid(), number)

    order = paper_order(tmp_path / f"{number.name}-{leaves}", stores, small_feed(40), factor=1.0, leaves=leaves)
    result = run_in_order(order, tmp_path, notice=notices.append, on_look=interrupt)
    assert sent
    assert result.document["ending"] == "stopped by the operator"
    assert result.document["flat"] is leaves
    assert result.document["record"]["complete"] is True
    assert recorded_row(order.postgres_url, order).status == "complete"
    assert JournalReader(order.folder).seal.status == "complete"
    assert prove(result, order.folder, None) is True
    assert [f"open trades {'leave' if leaves else 'stand'}" in text for text in notices] == [True]
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_second_signal_ends_at_once_and_sealed(tmp_path: Path, stores: tuple[str, str]) -> None:
    sent = []

    def interrupt(runner: LiveRunner) -> None:
        if runner.open_trades and len(sent) < 2:
            sent.append(runner.open_trades)
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    order = paper_order(tmp_path / "twice", stores, small_feed(40), factor=1.0)
    result = run_in_order(order, tmp_path, on_look=interrupt)
    assert result.document["ending"] == "cut short by the operator"
    assert result.document["flat"] is False
    assert JournalReader(order.folder).seal.status == "broken"
    assert JournalReader(order.folder).verify().rows > 0
    assert recorded_row(order.postgres_url, order).status == "broken"


@pytest.mark.slow
def test_a_second_signal_waits_for_no_store_not_even_for_a_frozen_one(
    tmp_path: Path, servers: dict[str, OwnServer], stores: tuple[str, str]
) -> None:
    """The first one is in the back-fill already when the second comes."""
    import threading
    import time

    order = paper_order(tmp_path / "impatient", stores, small_feed(8), factor=8.0)
    frozen, ended_s = [], []

    def freeze(runner: LiveRunner) -> None:
        if runner.market_rows > 20 and not frozen:
            frozen.append(True)
            servers["postgres"].freeze()

    def impatient(text: str) -> None:
        if "waiting" in text:
            ended_s.append(time.monotonic())
            for wait_s in (0.2, 0.4):
                threading.Timer(wait_s, os.kill, (os.getpid(), signal.SIGINT)).start()

    result = run_in_order(order, tmp_path, notice=impatient, on_look=freeze)
    assert time.monotonic() - ended_s[0] < 8.0
    assert result.document["ending"] == "source ended", "it had ended before"
    assert result.document["record"]["complete"] is False
    assert JournalReader(order.folder).seal.status == "complete"


def test_a_full_disk_is_one_clear_error_and_ends_the_record(tmp_path: Path, stores: tuple[str, str]) -> None:
    order = paper_order(tmp_path / "full", stores, small_feed(60), factor=8.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(runner: LiveRunner) -> None:
        if runner.market_rows > 30:
            size = (order.folder / "000000.seg").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, hard))

    try:
        with pytest.raises(DiskRefused, match="cannot grow") as refused:
            run_in_order(order, tmp_path, on_look=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "raise that limit" in refused.value.cure
    assert recorded_row(order.postgres_url, order).status == "broken"
    assert not JournalReader(order.folder).sealed
    assert JournalReader(order.folder).verify().rows > 30


@pytest.mark.slow
def test_more_waiting_than_may_ends_in_order_and_is_filled_later(
    tmp_path: Path, servers: dict[str, OwnServer], stores: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from functools import partial

    from arbitrage_core.session.recorder import Recorder

    monkeypatch.setattr(paper, "Recorder", partial(Recorder, entries_waiting_max=5))
    monkeypatch.setattr(paper, "BACKFILL_S", 0.5)
    order = paper_order(tmp_path / "overflow", stores, small_feed(80), factor=4.0)
    session = Beside(order, tmp_path).start()
    session.until(lambda runner: runner.open_trades > 0)
    servers["postgres"].kill()
    assert session.wait() is None
    assert isinstance(session.error, CannotGoOn)
    assert "entries wait for the record" in session.error.cause
    assert JournalReader(order.folder).seal.status == "complete"
    assert Command.FLATTEN in [what for _, what in commands_of(order.folder)]
    servers["postgres"].make_run()
    with Record.open(order.postgres_url) as record:
        assert record_from_journal(order.folder, record).differences == []
    eventually(lambda: recorded_row(order.postgres_url, order).status == "complete")
