"""The recorder: every entry once and in order, whatever the database does; it says truly how long it has been away."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.engine.output import output_dtype
from arbitrage_core.session import recorder as recorder_module
from arbitrage_core.session.recorder import LOGS, Batch, Recorder
from arbitrage_core.session.stores import RecordStore
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.session_row import EpochPassed
from tests.storage.live_state.patience import eventually

LAYOUT = output_dtype(1)


class MemoryRecord:
    """A record in memory with the writer's contract: entries by number, those it has already passed over.

    `before` is called before each call takes effect, `after` when it has, and may raise or wait: so does a server.
    """

    def __init__(self) -> None:
        self.counts = dict.fromkeys(LOGS, 0)
        self.kept: dict[str, list[int]] = {name: [] for name in LOGS}
        self.logs: list[Any] = []
        self.sizes: list[int] = []
        self.counted = self.closed = 0
        self.before: Callable[[str], None] = lambda call: None
        self.after: Callable[[str], None] = lambda call: None

    def append(self, batch: Batch, first: Mapping[str, int]) -> None:
        """Takes what it does not have; a gap is a defect."""
        self.before("append")
        self.sizes.append(sum(len(batch[name]) for name in LOGS))
        for name in LOGS:
            known = len(self.kept[name])
            if first[name] > known:
                raise InvariantBroken(f"a gap in {name}")
            numbers = batch[name][batch[name].dtype.names[0]].tolist()
            self.kept[name] += numbers[known - first[name] :]
        self.after("append")

    def append_logs(self, records: list[Any]) -> None:
        """Takes them."""
        self.before("logs")
        self.logs += records

    def count_refusals(self, state: object) -> None:
        """Counts."""
        self.before("count")
        self.counted += 1

    def close(self) -> None:
        """Counts."""
        self.closed += 1


class Numbers:
    """Makes batches whose entries are numbered, so that one that is lost, doubled or out of order is seen."""

    def __init__(self) -> None:
        self.next = dict.fromkeys(LOGS, 0)

    def batch(self, **counts: int) -> Batch:
        """So many entries of each log."""
        made = {}
        for name in LOGS:
            entries = np.zeros(counts.get(name, 0), LAYOUT[name].base)
            field = entries.dtype.names[0]
            entries[field] = np.arange(self.next[name], self.next[name] + len(entries))
            self.next[name] += len(entries)
            made[name] = entries
        return made


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(recorder_module, "GIVE_UP_WITHIN_S", 0.1)


def all_kept(record: MemoryRecord, numbers: Numbers) -> bool:
    """Whether every entry is there once and in order."""
    return all(record.kept[name] == list(range(numbers.next[name])) for name in LOGS)


def away(call: str) -> None:
    """The database is away."""
    raise RecordAway("it does not answer", "start it")


def test_all_is_recorded_once_and_in_order_while_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    record, numbers = MemoryRecord(), Numbers()
    tries = iter(range(10**6))

    def stutter(call: str) -> None:
        time.sleep(0.002)  # meanwhile more is put in
        if next(tries) % 3 == 1:
            away(call)

    record.before, record.after = stutter, stutter  # also answers to commits that took place are lost
    recorder = Recorder(record, entries_at_once=20)
    monkeypatch.setattr(recorder._backoff, "next_s", lambda: 0.001)
    recorder.start()
    for number in range(200):
        recorder.put(numbers.batch(fills=number % 4, orders=1, equity=number % 2))
        time.sleep(0.0005)
    assert recorder.finish(20.0) is True
    assert (recorder.complete, recorder.finished, recorder.failure) == (True, True, None)
    assert all_kept(record, numbers)
    health = recorder.health
    assert (health.waiting, health.recorded) == (0, sum(numbers.next.values()))
    assert health.failures > 0
    assert record.closed > 0


def test_a_long_absence_is_recorded_in_transactions_of_bounded_size() -> None:
    record, numbers = MemoryRecord(), Numbers()
    recorder = Recorder(record, entries_at_once=50)
    for _ in range(40):
        recorder.put(numbers.batch(fills=10, orders=5))
    recorder.start()
    assert recorder.finish(5.0)
    assert all_kept(record, numbers)
    assert max(record.sizes) < 50 + 15
    assert len(record.sizes) >= 600 // 65


def test_what_is_put_does_not_wait_for_a_database_that_hangs() -> None:
    record, numbers, gate = MemoryRecord(), Numbers(), threading.Event()
    record.before = lambda call: gate.wait(10.0)
    recorder = Recorder(record)
    recorder.put(numbers.batch(fills=1))
    recorder.start()
    eventually(lambda: recorder.health.away_s > 0.02)
    began = time.monotonic()
    for _ in range(1000):
        recorder.put(numbers.batch(fills=1))
    assert time.monotonic() - began < 1.0
    assert recorder.health.waiting == 1001
    gate.set()
    assert recorder.finish(5.0)
    assert all_kept(record, numbers)


def test_a_database_that_hung_and_then_failed_has_been_away_all_the_time() -> None:
    """Not only since the failure: else entries would be made again in each pause between two tries."""
    record, numbers, gate = MemoryRecord(), Numbers(), threading.Event()

    def hang_then_fail(call: str) -> None:
        gate.wait(10.0)
        away(call)

    record.before = hang_then_fail
    recorder = Recorder(record)
    recorder.put(numbers.batch(fills=1))
    recorder.start()
    eventually(lambda: recorder.health.away_s > 0.3)
    gate.set()
    eventually(lambda: recorder.health.failures > 0)
    assert recorder.health.away_s > 0.3
    record.before = lambda call: None
    eventually(lambda: recorder.health.away_s < 0.05)
    assert recorder.finish(5.0)


def test_finishing_gives_up_in_time_and_says_that_something_is_missing() -> None:
    record, numbers = MemoryRecord(), Numbers()
    record.before = away
    recorder = Recorder(record)
    recorder.put(numbers.batch(fills=3))
    recorder.start()
    began = time.monotonic()
    assert recorder.finish(0.3) is False
    assert time.monotonic() - began < 1.5
    assert (recorder.complete, recorder.finished) == (False, True)
    assert recorder.health.waiting == 3


def test_whoever_is_in_a_hurry_waits_no_longer_and_a_call_that_hangs_is_left_alone() -> None:
    record, numbers, gate = MemoryRecord(), Numbers(), threading.Event()
    record.before = lambda call: gate.wait(10.0)
    recorder = Recorder(record)
    recorder.put(numbers.batch(fills=3))
    recorder.start()
    eventually(lambda: recorder.health.away_s > 0.02)
    began = time.monotonic()
    assert recorder.finish(20.0, lambda: time.monotonic() - began > 0.1) is False
    assert time.monotonic() - began < 1.5
    assert recorder.finished is False, "its writer is in use"
    gate.set()
    eventually(lambda: record.closed > 0)


def test_the_last_log_records_are_recorded_however_many() -> None:
    record = MemoryRecord()
    left = [[(at, "INFO", f"event_{at}", None) for at in range(start, start + 64)] for start in range(0, 640, 64)]
    recorder = Recorder(record, logs=lambda: left.pop(0) if left else [])
    recorder.start()
    assert recorder.finish(5.0)
    assert [entry[0] for entry in record.logs] == list(range(640))


def test_log_records_taken_while_the_database_is_away_are_kept() -> None:
    record, given = MemoryRecord(), [[(1, "INFO", "a", None)], [(2, "INFO", "b", None)]]
    record.before = away
    recorder = Recorder(record, logs=lambda: given.pop(0) if given else [])
    recorder.start()
    eventually(lambda: recorder.health.failures > 1)
    record.before = lambda call: None
    assert recorder.finish(5.0)
    assert [entry[0] for entry in record.logs] == [1, 2]


@pytest.mark.parametrize(
    "failure, at_once",
    [
        (EpochPassed("epoch 2 writes it", "stop"), True),
        (InvariantBroken("the record refuses an entry"), False),
        (BadInput("the database went back to an older state", "record it again"), False),
    ],
)
def test_what_can_never_be_recorded_ends_the_session(failure: Exception, at_once: bool) -> None:
    record, numbers = MemoryRecord(), Numbers()

    def refuse(call: str) -> None:
        raise failure

    record.before = refuse
    recorder = Recorder(record)
    store = RecordStore(recorder)
    assert store.must_end is None
    store.put(numbers.batch(fills=1))
    recorder.start()
    eventually(lambda: recorder.failure is failure)
    assert store.must_end.at_once is at_once
    assert str(failure) in store.must_end.reason
    assert recorder.finish(1.0) is False


def test_more_waiting_than_may_is_said_before_memory_runs_out() -> None:
    recorder, numbers = Recorder(MemoryRecord(), entries_waiting_max=10), Numbers()
    store = RecordStore(recorder)
    assert (store.must_end, store.behind) == (None, False)
    store.put(numbers.batch(fills=10))
    assert (store.must_end, store.behind) == (None, True)
    store.put(numbers.batch(orders=1))
    assert "11 entries wait for the record" in store.must_end.reason
    assert not store.must_end.at_once
    assert recorder.health.overflowed


def test_counters_are_recorded_when_due_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "COUNT_EVERY_S", 0.05)
    record = MemoryRecord()
    record.before = away
    recorder = Recorder(record)
    assert not recorder.counts_due
    eventually(lambda: recorder.counts_due)
    recorder.saw_state(object())
    assert not recorder.counts_due
    recorder.start()
    eventually(lambda: recorder.health.failures > 0)
    record.before = lambda call: None
    eventually(lambda: record.counted == 1)
    eventually(lambda: recorder.counts_due)
    assert recorder.finish(1.0)


def test_a_batch_without_entries_of_the_record_waits_for_nothing() -> None:
    recorder, numbers = Recorder(MemoryRecord()), Numbers()
    recorder.put(numbers.batch())
    assert recorder.health.waiting == 0
