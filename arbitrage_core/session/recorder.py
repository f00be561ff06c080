"""The recorder: the one thread through which a running session is recorded in Postgres, so that trading never waits.

What waits is recorded in order, in batches no larger than one transaction can take. When the database is away, hung or
full, the entries wait in memory and are tried again; the journal holds what they came from, so what never reaches the
database is not lost: `arb replay SESSION --record` records it from there.

Once more waits than may, the session is told to end (`overflowed`), before memory runs out.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

import numpy as np

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.storage.live_state.backoff import Backoff
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.operator_actions import OperatorAction
from arbitrage_core.storage.record.tables.sessions import LOGS
from arbitrage_core.storage.record.writer import LogRecord, RecordWriter

WRITE_EVERY_S = 0.5
COUNT_EVERY_S = 5.0
ENTRIES_WAITING_MAX = 2_000_000
BEHIND_SHARE = 10
"""A tenth of that, and rows that can wait (at pace `max`) wait for the record to come after."""
ENTRIES_AT_ONCE = 50_000
"""Entries from which on a batch is large enough: some 0.3 s of one transaction, however long the database was away."""
GIVE_UP_WITHIN_S = 1.0

Batch = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class RecorderHealth:
    """How the recorder stands: seconds since the database ceased to serve (some milliseconds while it does), entries
    that wait, tries that failed, entries recorded, whether so much waits that rows which can wait should (`behind`), or
    more than may (`overflowed`), and the last reason."""

    away_s: float
    waiting: int
    failures: int
    recorded: int
    behind: bool
    overflowed: bool
    last_error: str


class Recorder:
    """Records what `put` gets, in order. `start` it; `finish` it, which says whether all of it is recorded.

    `acted` hands over an operator's actions. `logs` gives log records when asked for some, in pieces, and none when
    there are no more. `failure` is what stopped its thread for good, if anything did: a writer of a newer epoch, or
    entries the database refuses; the session must end then. `finished`: the thread is gone, so `writer` is free for
    others. `complete`: all of it is recorded.
    """

    def __init__(
        self,
        writer: RecordWriter,
        *,
        logs: Callable[[], Sequence[LogRecord]] = lambda: (),
        entries_waiting_max: int = ENTRIES_WAITING_MAX,
        entries_at_once: int = ENTRIES_AT_ONCE,
    ) -> None:
        self.writer, self._logs = writer, logs
        self._entries_max, self._at_once = entries_waiting_max, entries_at_once
        self._waiting: deque[Batch] = deque()
        self._batch: Batch | None = None  # handed in again as it is until it is known to be in
        self._first = dict(writer.counts)
        self._entries = self._recorded = self._failures = 0
        self._state: np.record | None = None
        self._untold: list[LogRecord] = []
        self._actions: deque[OperatorAction] = deque()
        self._away_since: float | None = None
        self._asked_since: float | None = None  # a server that stands still answers nothing, not even no
        self._last_error = ""
        self._backoff, self._wake = Backoff(first_s=0.2, cap_s=2.0), threading.Condition()
        self._finishing = self._given_up = False
        self._count_at = time.monotonic() + COUNT_EVERY_S
        self.failure: BaseException | None = None
        self.finished = self.complete = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begins to record."""
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hands over a batch of log entries, by the names of `SessionLog`; returns at once."""
        entries = _entries_of(batch)
        if entries:
            with self._wake:
                self._waiting.append(batch)
                self._entries += entries

    def acted(self, action: OperatorAction) -> None:
        """Hands over what an operator ordered and was answered; returns at once."""
        self._actions.append(action)

    @property
    def counts_due(self) -> bool:
        """Whether `saw_state` would be used soon."""
        return self._state is None and time.monotonic() >= self._count_at

    def saw_state(self, state: np.record) -> None:
        """Hands over a copy of the engine's state, whose counters of refusals are recorded."""
        self._state = state

    @property
    def health(self) -> RecorderHealth:
        """How the recorder stands now."""
        with self._wake:
            now = time.monotonic()
            return RecorderHealth(
                away_s=now - min(self._away_since or inf, self._asked_since or inf, now),
                waiting=self._entries,
                failures=self._failures,
                recorded=self._recorded,
                behind=self._entries > self._entries_max // BEHIND_SHARE,
                overflowed=self._entries > self._entries_max,
                last_error=self._last_error,
            )

    def finish(self, timeout_s: float, hurried: Callable[[], bool] = lambda: False) -> bool:
        """Records what waits and stops; whether all of it was recorded within `timeout_s`, or before `hurried`.

        A call that hangs is not waited for: its thread ends when the call does, `finished` is false until then.
        """
        with self._wake:
            self._finishing = True
            self._wake.notify()
        until = time.monotonic() + timeout_s
        while self._thread.is_alive() and time.monotonic() < until and not hurried():
            self._thread.join(0.05)
        with self._wake:
            self._given_up = True
            self._wake.notify()
        self._thread.join(GIVE_UP_WITHIN_S)
        self.finished = not self._thread.is_alive()
        self.complete = (
            self.finished and self.failure is None and self._entries == 0 and not (self._untold or self._actions)
        )
        return self.complete

    def _run(self) -> None:
        wait_s = WRITE_EVERY_S
        try:
            while self._wait(wait_s):
                try:
                    more = self._round()
                except RecordAway as away:
                    wait_s = self._failed(away)
                    continue
                wait_s = WRITE_EVERY_S
                with self._wake:
                    self._away_since = None
                    self._backoff.reset()
                    if self._finishing and not (self._waiting or self._actions or more):
                        return
        except (BadInput, InvariantBroken) as error:
            self.failure = error
        except Exception as error:
            self.failure = error
            raise  # a defect: threading's hook says where
        finally:
            self.writer.close()

    def _wait(self, wait_s: float) -> bool:
        """Waits before the next round, or not, when all there is must go; False: nothing more is to be tried."""
        with self._wake:
            if not self._given_up and not (self._finishing and self._away_since is None):
                self._wake.wait(wait_s)
            return not self._given_up

    def _round(self) -> bool:
        """Records what waits, one batch after another; gives whether there may be more log records."""
        while not self._given_up and (self._batch is not None or self._waiting):
            if self._batch is None:
                self._batch = self._next_batch()
            with self._asking():
                self.writer.append(self._batch, self._first)
            entries = _entries_of(self._batch)
            self._first = {name: self._first[name] + len(self._batch[name]) for name in LOGS}
            self._batch = None
            with self._wake:
                self._entries -= entries
                self._recorded += entries
        self._untold = self._untold or list(self._logs())
        told = bool(self._untold)
        if told:
            with self._asking():
                self.writer.append_logs(self._untold)
            self._untold = []
        while self._actions:
            with self._asking():
                self.writer.append_actions([self._actions[0]])
            self._actions.popleft()
        state = self._state
        if state is not None:
            with self._asking():
                self.writer.count_refusals(state)
            self._state, self._count_at = None, time.monotonic() + COUNT_EVERY_S
        return told

    def _next_batch(self) -> Batch:
        """What waits longest, as much of it as one transaction takes."""
        taken, entries = [], 0
        with self._wake:
            while self._waiting and entries < self._at_once:
                taken.append(self._waiting.popleft())
                entries += _entries_of(taken[-1])
        return _joined(taken)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """While the block runs the database is asked, and is away for as long as it does not answer."""
        self._asked_since = time.monotonic()
        try:
            yield
        except RecordAway:
            with self._wake:
                self._away_since = self._away_since or self._asked_since
            raise
        finally:
            self._asked_since = None

    def _failed(self, away: RecordAway) -> float:
        with self._wake:
            self._failures += 1
            self._last_error = away.cause
        return self._backoff.next_s()


def _entries_of(batch: Batch) -> int:
    return sum(len(batch[name]) for name in LOGS)


def _joined(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    return {
        name: np.concatenate([opaque(batch[name]) for batch in batches]).view(batches[0][name].dtype) for name in LOGS
    }
