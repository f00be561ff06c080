"""The stores of a running session, as its runner sees them: the record in Postgres and the live state in Redis."""

from collections.abc import Callable

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.live_runner import Halt
from arbitrage_core.session.recorder import Recorder
from arbitrage_core.session.session import Session
from arbitrage_core.storage.live_state.engine_view import quick_copy, sections_of
from arbitrage_core.storage.live_state.writer import LiveStateWriter
from arbitrage_core.storage.record.session_row import EpochPassed

RECORD, LIVE_STATE = "record", "live state"


class RecordStore:
    """The record: gets every log entry, and now and then the counters of the state."""

    name = RECORD

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def put(self, batch: dict[str, np.ndarray]) -> None:
        """Hands the entries on."""
        self.recorder.put(batch)

    def look(self, session: Session, sequence: int) -> None:
        """Hands a copy of the state on when its counters are to be recorded."""
        if self.recorder.counts_due:
            self.recorder.saw_state(quick_copy(session.state)[0])

    @property
    def away_s(self) -> float:
        """Seconds since the database ceased to answer."""
        return self.recorder.health.away_s

    @property
    def behind(self) -> bool:
        """Whether much waits to be recorded."""
        return self.recorder.health.behind

    @property
    def must_end(self) -> Halt | None:
        """A newer writer, which has the session now; entries the database refuses, or more waiting than may."""
        failure, health = self.recorder.failure, self.recorder.health
        if failure is not None:
            return Halt(f"the record cannot go on: {failure}", at_once=isinstance(failure, EpochPassed))
        if health.overflowed:
            return Halt(f"{health.waiting:,} entries wait for the record: {health.last_error or 'it is too slow'}")
        return None


class LiveStore:
    """The live state: gets a projection of the state a few times a second."""

    name = LIVE_STATE

    def __init__(self, writer: LiveStateWriter, config: SessionConfig) -> None:
        self.writer, self._config = writer, config

    def put(self, batch: dict[str, np.ndarray]) -> None:
        """Log entries are not shown."""

    def look(self, session: Session, sequence: int) -> None:
        """Offers the state as it stands, when an offer would soon be written."""
        if self.writer.is_due:
            self.offer(session, sequence)

    def offer(self, session: Session, sequence: int) -> None:
        """Offers the state as it stands."""
        copy = quick_copy(session.state)
        self.writer.offer(sequence, int(copy[0].now_ns), self._sections(copy))

    def _sections(self, copy: np.ndarray) -> Callable[[], dict[str, object]]:
        return lambda: sections_of(copy, self._config)

    @property
    def away_s(self) -> float:
        """Seconds since the server ceased to serve."""
        return self.writer.health.away_s

    @property
    def behind(self) -> bool:
        """Never: of several projections that wait only the newest is written."""
        return False

    @property
    def must_end(self) -> Halt | None:
        """A newer epoch: another process runs the session, and its trades are that one's now."""
        health = self.writer.health
        if health.fenced_by:
            return Halt(f"another process runs the session under epoch {health.fenced_by}", at_once=True)
        return None if health.running else Halt(f"the writer of the live state stopped: {health.last_error}")
