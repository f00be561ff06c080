"""The recorder: the one thread through which a running session is recorded in Postgres, so that trading never waits.

What waits is handed over in order, whatever waits together as one batch. When the database is away, hung or full, the
entries wait in memory and are tried again; the journal holds what they came from, so a process that dies meanwhile
loses nothing: `arb replay SESSION --record` records it from there.

Once more waits than may, the session is told to end (`overflowed`), before memory runs out.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.storage.live_state.backoff import Backoff
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.session_row import EpochPassed
from arbitrage_core.storage.record.writer import LogRecord, RecordWriter

WRITE_EVERY_S = 0.5
COUNT_EVERY_S = 5.0
ENTRIES_WAITING_MAX = 2_000_000
LOGS = ("orders", "changes", "fills", "trades", "incidents", "equity", "funding")
LOG_RECORDS_AT_ONCE = 500

Batch = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class RecorderHealth:
    """How the recorder stands: seconds since the database ceased to serve (some milliseconds while it does), entries that wait, tries
    that failed, entries recorded, whether more waits than may, and the last reason."""

    away_s: float
    waiting: int
    failures: int
    recorded: int
    overflowed: bool
    last_error: str


class Recorder:
    """Records what `put` gets, in order. `start` it; `finish` it, which says whether all of it is recorded.

    `logs` gives log records when asked for some. `failure` is what stopped its thread for good, if anything did: a
    writer of a newer epoch, or entries the database refuses; the session must end then.
    """

    def __init__(
        self,
        writer: RecordWriter,
        *,
        logs: Callable[[], Sequence[LogRecord]] = lambda: (),
        entries_waiting_max: int = ENTRIES_WAITING_MAX,
    ) -> None:
        self.writer, self._logs, self._entries_max = writer, logs, entries_waiting_max
        self._waiting: list[Batch] = []
        self._first = dict(writer.counts)
        self._entries = self._recorded = self._failures = 0
        self._state: np.record | None = None
        self._untold: list[LogRecord] = []
        self._away_since: float | None = None
        self._asked_since: float | None = None  # a server that stands still answers nothing, not even no
        self._last_error = ""
        self._backoff, self._wake = Backoff(first_s=0.2, cap_s=2.0), threading.Condition()
        self._finishing = self._given_up = False
        self._count_at = time.monotonic() + COUNT_EVERY_S
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begins to record."""
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hands over a batch of log entries, by the names of `SessionLog`; returns at once."""
        entries = sum(len(batch[name]) for name in LOGS)
        if entries:
            with self._wake:
                self._waiting.append(batch)
                self._entries += entries

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
            return RecorderHealth(
                away_s=time.monotonic() - min(self._away_since or inf, self._asked_since or inf, time.monotonic()),
                waiting=self._entries,
                failures=self._failures,
                recorded=self._recorded,
                overflowed=self._entries > self._entries_max,
                last_error=self._last_error,
            )

    def finish(self, timeout_s: float) -> bool:
        """Records what waits and stops; whether all of it was recorded within `timeout_s`."""
        with self._wake:
            self._finishing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        with self._wake:
            self._given_up = True
            self._wake.notify()
        self._thread.join(1.0)
        return self.failure is None and self._entries == 0 and not self._untold

    def _run(self) -> None:
        wait_s = WRITE_EVERY_S
        try:
            while not self._given_up:
                with self._wake:
                    if not self._finishing or wait_s != WRITE_EVERY_S:
                        self._wake.wait(wait_s)
                self._asked_since = time.monotonic()
                try:
                    self._round()
                except RecordAway as away:
                    wait_s = self._failed(away)
                    continue
                finally:
                    self._asked_since = None
                wait_s = WRITE_EVERY_S
                with self._wake:
                    self._away_since = None
                    self._backoff.reset()
                    if self._finishing and not self._waiting and not self._untold:
                        return
        except (EpochPassed, BadInput) as error:
            self.failure = error
        except Exception as error:
            self.failure = error  # the runner raises it: nothing more is recorded, so nothing more may be traded
            raise
        finally:
            self.writer.close()

    def _round(self) -> None:
        with self._wake:
            batches, entries = self._waiting, self._entries
            if batches:
                self._waiting = [_joined(batches)]
                batches = self._waiting
        if batches:
            batch = batches[0]
            self.writer.append(batch, self._first)
            with self._wake:
                self._first = {name: self._first[name] + len(batch[name]) for name in LOGS}
                self._waiting.remove(batch)
                self._entries -= entries
                self._recorded += entries
        self._untold = self._untold or list(self._logs())[:LOG_RECORDS_AT_ONCE]
        if self._untold:
            self.writer.append_logs(self._untold)
            self._untold = []
        state = self._state
        if state is not None:
            self.writer.count_refusals(state)
            self._state, self._count_at = None, time.monotonic() + COUNT_EVERY_S

    def _failed(self, away: RecordAway) -> float:
        with self._wake:
            self._failures += 1
            self._last_error = away.cause
            if self._away_since is None:
                self._away_since = time.monotonic()
        return self._backoff.next_s()


def _joined(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    return {
        name: np.concatenate([opaque(batch[name]) for batch in batches]).view(batches[0][name].dtype) for name in LOGS
    }
