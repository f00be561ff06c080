"""Paper sessions on real stores: the backtest's hash at any pace, a record like the ledger, a journal that replays."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from math import inf
from pathlib import Path
from types import SimpleNamespace

import pytest

from arbitrage_core.domain.errors import AnomalyFound, BadInput, InvariantBroken
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.monitoring.logs.log_book import log_file
from arbitrage_core.session import live_runner, pace, paper, recorder, replay
from arbitrage_core.session.anomaly import Pattern
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.binding import exchanged_fold
from arbitrage_core.session.debug_bundle import cause_in
from arbitrage_core.session.live_runner import Halt, LiveRunner
from arbitrage_core.session.paper import CannotGoOn
from arbitrage_core.session.proof import prove
from arbitrage_core.session.recorder import Recorder
from arbitrage_core.session.session import Session
from arbitrage_core.session.standing import replay_to_row
from arbitrage_core.session.stores import LiveStore
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.live_state.connection import connect
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.record.database import Record
from tests.engine.small_market import pulses
from tests.services.servers import postgres_url, redis_url
from tests.session.anomalies import ANOMALIES
from tests.session.paper_sessions import (
    CHECKOUT,
    CONFIG,
    database_of,
    paper_order,
    plain_engine,
    recorded_row,
    run_in_order,
    small_feed,
)
from tests.session.test_backtest_and_replay import MadeRows, nothing_approved
from tests.session.test_recorder import MemoryRecord
from tests.storage.live_state.patience import eventually

__all__ = ["postgres_url", "redis_url"]


@pytest.fixture(autouse=True)
def _plain_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with plain_engine(monkeypatch):
        yield


@pytest.fixture
def stores(postgres_url: str, redis_url: str) -> tuple[str, str]:
    """The URLs of both."""
    return postgres_url, redis_url


def threads() -> set[str]:
    """The names of what runs in this process besides the tests."""
    return {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("factor", [inf, 10.0])
def test_the_same_rows_leave_the_hash_of_the_backtest(tmp_path: Path, stores: tuple[str, str], factor: float) -> None:
    feed, before = small_feed(4), threads()
    order = paper_order(tmp_path / f"hash-{factor}", stores, feed, factor=factor)
    result = run_in_order(order, tmp_path)
    backtested = run_backtest(CONFIG, feed)
    assert result.document["state_hash"] == backtested.document["state_hash"]
    assert result.log.trades.tobytes() == backtested.log.trades.tobytes()
    assert len(result.log.trades) > 2
    assert result.document["record"]["complete"] is True
    assert result.document["record"]["differences"] == []
    assert result.document["rows"] == len(feed.rows)
    assert result.violations == []
    assert prove(result, order.folder, None) is True
    eventually(lambda: threads() <= before, 5.0)  # those of earlier tests may have ended meanwhile


def test_silence_between_rows_is_filled_with_timers_and_decides_the_same(
    tmp_path: Path, stores: tuple[str, str]
) -> None:
    rows = pulses(2)
    rows["now_ns"][20:] += 1_500_000_000
    rows["received_ns"][20:] += 1_500_000_000
    feed = MadeRows(rows)
    order = paper_order(tmp_path / "timers", stores, feed, factor=2.0)
    result = run_in_order(order, tmp_path)
    journalled = sum(len(batch) for batch in JournalReader(order.folder).rows())
    assert journalled > len(rows) + 2, "no timers"
    assert result.document["state_hash"] == run_backtest(CONFIG, feed).document["state_hash"]
    assert prove(result, order.folder, None) is True


def test_what_is_kept_is_whole_and_says_so_everywhere(tmp_path: Path, stores: tuple[str, str]) -> None:
    order = paper_order(tmp_path / "kept", stores, small_feed(2), factor=inf, preflight=[{"name": "disk", "ok": True}])
    seen: list[LiveRunner] = []
    result = run_in_order(order, tmp_path, on_look=seen.append)
    row = recorded_row(order.postgres_url, order)
    assert (row.status, row.state_hash, row.epoch) == ("complete", result.document["state_hash"], 1)
    assert row.document["session"] == order.name
    assert row.counts["fills"] == len(result.log.fills)
    reader = JournalReader(order.folder)
    assert (reader.seal.status, reader.final_hash) == ("complete", result.document["state_hash"])
    assert reader.verify().rows == seen[-1].inbox.sequence, "every row handed over has a number"
    client = connect(order.redis_url)
    reading = LiveState(client, Namespace(CHECKOUT)).read(order.name)
    client.close()
    assert reading.position.sequence == seen[-1].inbox.sequence
    assert reading.sections["session"]["rows"] == int(result.state.rows)


def test_the_record_has_the_last_words_of_the_log(tmp_path: Path, stores: tuple[str, str]) -> None:
    order = paper_order(tmp_path / "words", stores, small_feed(1), factor=inf)
    run_in_order(order, tmp_path)
    own = [event for event in logged_events(order.postgres_url, order.name) if event != "foreign_record"]
    assert (own[0], own[-1]) == ("session_started", "session_ended")


def logged_events(postgres_url: str, name: str) -> list[str]:
    """What the record's log says, in order."""
    from sqlalchemy import text

    with Record.open(postgres_url) as record, record.begin() as connection:
        query = (
            "SELECT event FROM session_logs JOIN sessions ON sessions.id = session_id WHERE name = :name "
            "ORDER BY number"
        )
        return list(connection.execute(text(query), {"name": name}).scalars())


def test_a_session_may_run_in_any_thread_and_beside_others(tmp_path: Path, stores: tuple[str, str]) -> None:
    from tests.session.paper_sessions import Beside

    sessions = [
        Beside(paper_order(tmp_path / f"beside-{number}", stores, small_feed(2), factor=10.0), tmp_path)
        for number in range(2)
    ]
    for session in sessions:
        session.start()
    results = [session.wait() for session in sessions]
    assert [session.error for session in sessions] == [None, None]
    assert len({result.document["state_hash"] for result in results}) == 1
    assert all(result.document["record"]["complete"] for result in results)


def test_a_broken_invariant_ends_journal_and_record_as_broken(
    tmp_path: Path, stores: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = partial(Session, interpreted=True, replaced={"approve": nothing_approved})
    monkeypatch.setattr(paper, "Session", planted)
    order, before = paper_order(tmp_path / "broken", stores, small_feed(2), factor=inf), threads()
    with pytest.raises(InvariantBroken, match="order must be approved"):
        run_in_order(order, tmp_path)
    row = recorded_row(order.postgres_url, order)
    assert row.status == "broken"
    seal = JournalReader(order.folder).seal
    assert seal.status == "broken"
    assert "order must be approved" in seal.reason
    eventually(lambda: threads() == before, 2.0)
    assert logged_events(order.postgres_url, order.name)[-1] == "session_broken"


def test_an_anomaly_stops_the_session_and_keeps_a_bundle_that_replays(
    tmp_path: Path, stores: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = ANOMALIES["no wish to leave"]
    monkeypatch.setattr(paper, "Session", partial(Session, interpreted=True, replaced=fault.replaced))
    monkeypatch.setattr(replay, "exchanged_fold", partial(exchanged_fold, interpreted=True))
    order = paper_order(tmp_path / "stopped", stores, MadeRows(fault.rows), factor=inf, config=fault.config)
    with pytest.raises(AnomalyFound, match=Pattern.NO_EXITS) as found:
        run_in_order(order, tmp_path)
    assert recorded_row(order.postgres_url, order).status == "broken"
    assert JournalReader(order.folder).seal.status == "broken"
    cause = cause_in(order.folder)
    assert cause["command"] == found.value.command == f"arb replay {order.name} --to-row {found.value.row}"
    again = replay_to_row(order.folder, None, found.value.row, replaced=fault.replaced).document
    assert (again["identical"], again["state_hash"]) == (True, cause["state_hash"])
    told = [json.loads(line) for line in (order.folder / "debug" / "log.jsonl").read_bytes().splitlines()]
    assert (told[0]["event"], told[-1]["event"]) == ("session_started", "session_broken")
    assert told[-1]["fields"]["kind"] == "NO_EXITS"


class TornFeed(MadeRows):
    """A feed whose file is torn behind its first arrays."""

    def __iter__(self) -> Iterator:
        for number, rows in enumerate(super().__iter__()):
            if number == 2:
                raise BadInput("row 52 is torn", "record it again")
            yield rows


def test_a_feed_that_fails_ends_journal_and_record_as_broken(tmp_path: Path, stores: tuple[str, str]) -> None:
    order = paper_order(tmp_path / "torn", stores, TornFeed(pulses(3)), factor=inf)
    with pytest.raises(BadInput, match="row 52 is torn"):
        run_in_order(order, tmp_path)
    assert recorded_row(order.postgres_url, order).status == "broken"
    assert JournalReader(order.folder).seal.status == "broken"


def test_a_defect_ends_the_record_too(tmp_path: Path, stores: tuple[str, str]) -> None:
    def defective(runner: LiveRunner) -> None:
        raise KeyError("defect")

    order, before = paper_order(tmp_path / "defect", stores, small_feed(2), factor=inf), threads()
    with pytest.raises(KeyError):
        run_in_order(order, tmp_path, on_look=defective)
    assert recorded_row(order.postgres_url, order).status == "broken"
    assert JournalReader(order.folder).seal.status == "broken"
    eventually(lambda: threads() == before, 2.0)


def test_a_terminal_that_is_gone_ends_nothing(tmp_path: Path, stores: tuple[str, str]) -> None:
    def gone(runner: LiveRunner) -> None:
        raise BrokenPipeError(32, "broken pipe")

    order = paper_order(tmp_path / "screen", stores, small_feed(2), factor=10.0)
    assert run_in_order(order, tmp_path, on_look=gone).document["record"]["complete"] is True


def test_a_record_that_differs_from_the_ledger_is_a_violation_and_never_complete(
    tmp_path: Path, stores: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "differences", lambda *_: ["fills[3].lots: recorded 4, written 5"])
    order = paper_order(tmp_path / "differs", stores, small_feed(1), factor=inf)
    result = run_in_order(order, tmp_path)
    assert [violation.law for violation in result.violations] == ["I2"]
    assert "fills[3].lots: recorded 4, written 5" in result.document["laws"][0]
    assert recorded_row(order.postgres_url, order).status == "broken"


@pytest.mark.parametrize("which", ["postgres", "redis"])
def test_a_store_that_is_not_there_at_the_start_is_a_clear_error_and_leaves_nothing(
    tmp_path: Path, stores: tuple[str, str], which: str
) -> None:
    absent = "postgresql://arb:nobody@127.0.0.1:9/arb" if which == "postgres" else "redis://:nobody@127.0.0.1:9/0"
    chosen = (absent, stores[1]) if which == "postgres" else (stores[0], absent)
    order, before = paper_order(tmp_path / "absent", chosen, small_feed(1), factor=inf), threads()
    with pytest.raises(BadInput, match=r"127\.0\.0\.1:9") as refused:
        run_in_order(order, tmp_path)
    assert "nobody" not in str(refused.value)
    assert "arb up" in refused.value.cure
    assert not order.folder.exists()
    eventually(lambda: threads() <= before, 2.0)  # one of before may have ended meanwhile


def test_rows_of_the_backtest_and_of_the_journal_are_the_same_bytes(tmp_path: Path, stores: tuple[str, str]) -> None:
    feed = small_feed(2)
    order = paper_order(tmp_path / "bytes", stores, feed, factor=inf)
    run_in_order(order, tmp_path)
    journalled = [opaque(batch) for batch in JournalReader(order.folder).rows()]
    import numpy as np

    assert np.concatenate(journalled)[: len(feed.rows)].tobytes() == feed.rows.tobytes()


def test_a_live_state_that_cannot_be_written_any_more_ends_the_session_in_order(
    tmp_path: Path, stores: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedStore(LiveStore):
        must_end = Halt("the writer of the live state stopped: KeyError")

    monkeypatch.setattr(paper, "LiveStore", StoppedStore)
    order = paper_order(tmp_path / "stopped", stores, small_feed(8), factor=1.0)
    with pytest.raises(CannotGoOn, match="the writer of the live state stopped"):
        run_in_order(order, tmp_path)
    assert recorded_row(order.postgres_url, order).status == "complete"
    assert JournalReader(order.folder).seal.status == "complete"
    told = log_file(tmp_path, order.name).read_text(encoding="utf-8")
    assert "session_broken" in told
    assert "session_not_ended_in_record" not in told, "it had been ended"


class WriterInUse:
    """A writer that another thread is using."""

    def end(self, **how: object) -> None:
        """Must not be called."""
        raise AssertionError("two threads in one writer")

    close = end


def test_a_record_whose_thread_hangs_or_that_lacks_entries_is_not_ended() -> None:
    for finished, complete in ((False, False), (True, False)):
        made = Recorder(MemoryRecord())
        made.writer, made.finished, made.complete = WriterInUse(), finished, complete
        paper._end_broken(SimpleNamespace(recorder=made, ended=False), None, "cut short")


@pytest.mark.slow
def test_at_pace_max_rows_wait_for_a_record_that_is_slower(
    tmp_path: Path, stores: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(live_runner, "WATCH_EVERY_S", 0.0)
    monkeypatch.setattr(recorder, "WRITE_EVERY_S", 1.0)
    monkeypatch.setattr(recorder, "BEHIND_SHARE", 2)
    monkeypatch.setattr(paper, "Recorder", partial(Recorder, entries_waiting_max=120))
    order = paper_order(tmp_path / "slow", stores, small_feed(12), factor=inf)
    document = run_in_order(order, tmp_path).document
    assert document["record"]["complete"] is True
    assert document["record"]["entries"] > 300
    assert document["ending"] == "source ended"


def test_an_entry_the_record_refuses_ends_the_session_flat_and_the_record_as_broken(
    tmp_path: Path, stores: tuple[str, str]
) -> None:
    own = database_of(stores[0], "refusing")
    with Record.open(own) as record, record.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE fills ADD CONSTRAINT planted CHECK (lots < 0)")
    order = paper_order(tmp_path / "refusing", (own, stores[1]), small_feed(40), factor=1.0)
    with pytest.raises(CannotGoOn, match="planted") as ended:
        run_in_order(order, tmp_path)
    assert isinstance(ended.value.__cause__, InvariantBroken)
    row = recorded_row(own, order)
    assert (row.status, row.counts["fills"]) == ("broken", 0)
    assert JournalReader(order.folder).seal.status == "complete"
    assert JournalReader(order.folder).seal.summary["flat"] is True
    assert JournalReader(order.folder).seal.summary["record"]["complete"] is False
