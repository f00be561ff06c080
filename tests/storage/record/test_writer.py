"""The writer: every entry once, whatever happens to the connection, the server or the writer before it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import psutil
import psycopg
import pytest
from sqlalchemy import text

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.storage.record.availability import Limits, RecordAway
from arbitrage_core.storage.record.comparison import differences
from arbitrage_core.storage.record.database import Record, raw
from arbitrage_core.storage.record.reader import read_refusals, session_row
from arbitrage_core.storage.record.session_row import EpochPassed
from arbitrage_core.storage.record.tables.sessions import LOGS
from arbitrage_core.storage.record.writer import RecordWriter
from tests.services.servers import home_folder, no_notice
from tests.storage.record.lossy_wire import LossyWire
from tests.storage.record.runs import STARTED_NS, Run, mixed_run, record_run

ENDED = {"status": "complete", "ended_ns": STARTED_NS + 1}


def joined(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Several batches as one."""
    return {log: np.concatenate([batch[log] for batch in batches]) for log in LOGS}


def finish(writer: RecordWriter, run: Run, batches: list[dict[str, np.ndarray]]) -> None:
    """Records the rest of a run, and compares all of it with the ledger."""
    for batch in batches:
        writer.append(batch)
    writer.end(**ENDED, state_hash=run.state_hash, state=run.state)
    assert differences(writer.record, writer.session.id, run.log, run.state) == []


@pytest.fixture
def wire(empty_url: str) -> Iterator[LossyWire]:
    """A wire to a record of its own."""
    Record.open(empty_url).close()
    with LossyWire(empty_url) as made:
        yield made


@pytest.mark.parametrize("lose, fresh", [("answer", 0), ("commit", 1)])
def test_a_batch_whose_commit_went_unheard_is_handed_in_again_and_recorded_once(wire: LossyWire, lose: str, fresh: int):
    run = mixed_run()
    with Record.open(wire.url) as record, RecordWriter.begin(record, run.start) as writer:
        writer.append(run.batches[0])
        wire.lose = lose
        with pytest.raises(RecordAway, match="does not answer"):
            writer.append(run.batches[1])
        assert wire.lost == 1
        assert writer.append(run.batches[1]) == fresh * sum(len(run.batches[1][log]) for log in LOGS)
        finish(writer, run, run.batches[2:])


@pytest.mark.parametrize("lose", ["answer", "commit"])
def test_what_came_after_may_be_handed_in_with_it(wire: LossyWire, lose: str):
    run = mixed_run()
    with Record.open(wire.url) as record, RecordWriter.begin(record, run.start) as writer:
        wire.lose = lose
        with pytest.raises(RecordAway):
            writer.append(run.batches[0])
        writer.append(joined(run.batches[:5]))
        finish(writer, run, run.batches[5:])


@pytest.mark.parametrize("lose", ["answer", "commit"])
def test_a_run_whose_beginning_went_unheard_begins_once(wire: LossyWire, lose: str):
    run = mixed_run()
    with Record.open(wire.url) as record:
        wire.lose = lose
        with pytest.raises(RecordAway):
            RecordWriter.begin(record, run.start)
        with RecordWriter.begin(record, run.start) as writer:
            assert writer.session.run == 1
            finish(writer, run, run.batches)
        with record.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 1


@pytest.mark.parametrize("lose", ["answer", "commit"])
def test_an_end_that_went_unheard_is_an_end_once(wire: LossyWire, lose: str):
    run = mixed_run()
    with Record.open(wire.url) as record, RecordWriter.begin(record, run.start) as writer:
        writer.append(joined(run.batches))
        wire.lose = lose
        with pytest.raises(RecordAway):
            writer.end(**ENDED, state_hash=run.state_hash, state=run.state)
        finish(writer, run, [])


def test_log_records_that_went_unheard_are_recorded_once(wire: LossyWire):
    with Record.open(wire.url) as record, RecordWriter.begin(record, mixed_run().start) as writer:
        writer.append_logs([(1, "INFO", "begun", {"rows": 3})])
        for lose in ("answer", "commit"):
            wire.lose = lose
            with pytest.raises(RecordAway):
                writer.append_logs([(2, "WARNING", lose, None)])
            writer.append_logs([(2, "WARNING", lose, None)])
        writer.append_logs([])
        with record.begin() as connection:
            events = connection.execute(text("SELECT event FROM session_logs ORDER BY number")).scalars().all()
    assert events == ["begun", "answer", "commit"]


SLOW_COMMIT = """
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER lingers AFTER UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger()
"""


def test_a_connection_terminated_in_mid_commit_loses_nothing(record: Record, empty_url: str):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as writer, psycopg.connect(empty_url, autocommit=True) as other:
        other.execute(SLOW_COMMIT)
        killer = threading.Thread(target=terminate_when, args=(other, "wait_event = 'PgSleep'"))
        killer.start()
        with pytest.raises(RecordAway, match="terminating connection"):
            writer.append(run.batches[0])
        killer.join()
        other.execute("DROP TRIGGER lingers ON sessions")
        finish(writer, run, run.batches)


def test_a_connection_terminated_in_mid_copy_loses_nothing(record: Record, empty_url: str):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as writer, psycopg.connect(empty_url, autocommit=True) as other:
        with psycopg.connect(empty_url) as locker:
            locker.execute("LOCK TABLE equity IN EXCLUSIVE MODE")  # fills are loaded by then, equity waits
            killer = threading.Thread(target=terminate_when, args=(other, "wait_event_type = 'Lock'"))
            killer.start()
            with pytest.raises(RecordAway):
                writer.append(run.batches[0])
            killer.join()
        finish(writer, run, run.batches)


def terminate_when(connection: psycopg.Connection, condition: str) -> None:
    """Ends the first connection of a record that waits so."""
    query = f"SELECT pid FROM pg_stat_activity WHERE application_name = 'arb record' AND {condition}"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := connection.execute(query).fetchone():
            connection.execute("SELECT pg_terminate_backend(%s)", found)
            return
        time.sleep(0.01)


def test_a_connection_that_ended_between_batches_is_not_noticed(record: Record, empty_url: str):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as writer:
        writer.append(run.batches[0])
        with psycopg.connect(empty_url) as other:
            ours = raw(writer._connection).info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        finish(writer, run, run.batches[1:])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process for a while")
def test_a_server_that_stands_still_is_waited_for_within_the_bound(empty_url: str):
    run = mixed_run()
    limits = Limits(transaction_s=0.5)
    with Record.open(empty_url, limits=limits) as record, RecordWriter.begin(record, run.start) as writer:
        writer.append(run.batches[0])
        backend = raw(writer._connection).info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(RecordAway):
                writer.append(run.batches[1])
            assert time.monotonic() - began < 5
        finally:
            os.kill(backend, signal.SIGCONT)
        finish(writer, run, run.batches[1:])


def test_a_locked_table_is_waited_for_within_the_bound(empty_url: str):
    run = mixed_run()
    with Record.open(empty_url, limits=Limits(lock_s=0.2)) as record, RecordWriter.begin(record, run.start) as writer:
        with psycopg.connect(empty_url) as other:
            other.execute("LOCK TABLE fills")
            with pytest.raises(RecordAway, match="did not answer in time"):
                writer.append(run.batches[0])
        finish(writer, run, run.batches)


def test_a_server_killed_in_mid_session_keeps_every_batch_it_acknowledged():
    run = mixed_run()
    with home_folder() as home:
        server = Postgres(home, durable=True)
        try:
            started = server.ensure(no_notice)
            record = Record.open(server.url(started.port))
            assert record.durable
            with RecordWriter.begin(record, run.start) as writer:
                writer.append(run.batches[0])
                os.kill(started.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
                psutil.wait_procs([psutil.Process(started.pid)], 10)
                with pytest.raises(RecordAway, match=r"does not answer.*arb up"):
                    RecordWriter.begin(record, replace(run.start, started_ns=1))
                again = server.ensure(no_notice)
                if again.port != started.port:
                    writer.record = Record.open(server.url(again.port))
                finish(writer, run, run.batches[1:])
        finally:
            server.stop()


def test_runs_of_the_same_name_are_told_apart(record: Record):
    run = mixed_run()
    first, second = record_run(record, run), record_run(record, run, started_ns=STARTED_NS + 7)
    assert (first.session.run, second.session.run) == (1, 2)
    assert session_row(record, run.start.name).id == second.session.id
    for writer in (first, second):
        assert differences(record, writer.session.id, run.log, run.state) == []


def test_a_newer_writer_goes_on_where_the_record_stands_and_the_older_is_refused(record: Record):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as old:
        old.append(joined(run.batches[:4]))
        with RecordWriter.resume(record, old.session.id, 2) as new:
            assert new.counts == old.counts
            for refused in (
                lambda: old.append(run.batches[4]),
                lambda: old.append_logs([(1, "INFO", "still here", None)]),
                lambda: old.count_refusals(run.state),
                lambda: old.end(**ENDED),
            ):
                with pytest.raises(EpochPassed, match=r"under epoch 2, this writer has epoch 1"):
                    refused()
            # as after a crash: replayed from an older snapshot, everything is handed in again
            assert new.append(joined(run.batches[:6]), dict.fromkeys(LOGS, 0)) == sum(
                len(batch[log]) for batch in run.batches[4:6] for log in LOGS
            )
            finish(new, run, run.batches[6:])


@pytest.mark.parametrize("epoch", [0, 1])
def test_an_epoch_that_is_not_newer_takes_nothing_over(record: Record, epoch: int):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        with pytest.raises(EpochPassed):
            RecordWriter.resume(record, writer.session.id, epoch)
        writer.append(mixed_run().batches[0])


def test_nothing_is_added_to_a_run_that_ended(record: Record):
    run = mixed_run()
    writer = record_run(record, run)
    with pytest.raises(BadInput, match="is complete"):
        RecordWriter.resume(record, writer.session.id, 9)
    with pytest.raises(EpochPassed, match="is complete"):
        RecordWriter.begin(record, run.start)
    with pytest.raises(EpochPassed, match="is complete"):
        writer.append(run.batches[0])


def test_an_abandoned_run_may_be_gone_on_with(record: Record):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as writer:
        writer.append(run.batches[0])
        writer.end(status="abandoned", ended_ns=STARTED_NS + 1, reason="its process is gone")
    with RecordWriter.resume(record, writer.session.id, 2) as writer:
        assert writer.session.ended_ns is None
        finish(writer, run, run.batches[1:])


def test_a_gap_is_a_broken_invariant(record: Record):
    gap = pytest.raises(InvariantBroken, match="entries 0 to 4 of its fills were never handed")
    with RecordWriter.begin(record, mixed_run().start) as writer, gap:
        writer.append(mixed_run().batches[0], {"fills": 5})


def test_a_database_that_went_back_is_noticed(record: Record):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as writer:
        writer.append(run.batches[0])
        with record.begin() as connection:  # as a backup put in place would
            connection.execute(text("UPDATE sessions SET recorded_fills = recorded_fills - 1"))
        with pytest.raises(BadInput, match="went back to an older state"):
            writer.append(run.batches[1])


def test_entries_another_recorded_under_our_epoch_are_noticed(record: Record):
    run = mixed_run()
    with RecordWriter.begin(record, run.start) as writer, RecordWriter.begin(record, run.start) as twin:
        twin.append(joined(run.batches[:3]))
        with pytest.raises(InvariantBroken, match="more of its"):
            writer.append(run.batches[0])


def test_refusals_are_recorded_at_intervals_and_only_grow(record: Record):
    run = mixed_run()
    early = run.state.copy()
    early["now_ns"] -= 1
    early["symbols"]["refusals"] //= 2
    with RecordWriter.begin(record, run.start) as writer:
        for state in (early, run.state, early):
            writer.count_refusals(state)
    found = read_refusals(record, writer.session.id)
    assert sum(count.refused for count in found.values()) == int(run.state["symbols"]["refusals"].sum()) > 0


def test_the_configuration_comes_back_the_same(record: Record):
    run = mixed_run()
    writer = record_run(record, replace(run, start=run.start))
    row = session_row(record, writer.session.id)
    assert row.config == run.start.config
    assert row.config.digest == run.start.config.digest
    assert (row.state_hash, row.document, row.status) == (run.state_hash, {"a": 1}, "complete")


def test_a_configuration_that_was_changed_is_refused(record: Record):
    writer = record_run(record, mixed_run())
    with record.begin() as connection:
        connection.execute(text("UPDATE sessions SET config = jsonb_set(config, '{seed}', '99')"))
    with pytest.raises(BadInput, match="means something else"):
        session_row(record, writer.session.id).config.digest.upper()


NOT_JSON = [(float("nan"), "is not a number"), (np.float64, "which JSON cannot say"), ("a\0b", "zero byte")]


@pytest.mark.parametrize("value, said", NOT_JSON)
def test_a_document_that_json_cannot_say_is_refused(record: Record, value: object, said: str):
    with RecordWriter.begin(record, mixed_run().start) as writer, pytest.raises(BadInput, match=said):
        writer.end(**ENDED, document={"pnl": [value]})


def test_there_is_no_session_that_was_never_recorded(record: Record):
    for session in (7, "backtest-nothing"):
        with pytest.raises(BadInput, match="the record has no session"):
            session_row(record, session)
