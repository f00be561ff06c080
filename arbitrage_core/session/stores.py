"""The stores of a running session, as its runner sees them: the record in Postgres and the live state in Redis."""

from collections.abc import Callable

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.recorder import Recorder
from arbitrage_core.session.session import Session
from arbitrage_core.storage.live_state.engine_view import quick_copy, sections_of
from arbitrage_core.storage.live_state.writer import LiveStateWriter

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
    def must_end(self) -> str | None:
        """A newer writer, entries the database refuses, or more waiting than may."""
        if self.recorder.failure is not None:
            return f"the record cannot go on: {self.recorder.failure}"
        if self.recorder.health.overflowed:
            return f"{self.recorder.health.waiting:,} entries wait for the record: {self.recorder.health.last_error}"
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
    def must_end(self) -> str | None:
        """A newer epoch: another process runs the session."""
        health = self.writer.health
        if health.fenced_by:
            return f"another process runs the session under epoch {health.fenced_by}"
        return None if health.running else f"the writer of the live state stopped: {health.last_error}"
