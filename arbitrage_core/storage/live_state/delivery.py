"""The delivery: one session's writes to the server, one at a time, and what each finds out about the server.

Every script says which position it found. If that is not the one acknowledged last, the server has lost it (flushed,
restarted from an older file, its tail cut off) or it is damaged; then `must_rebuild` is set and the writer, whose
memory is the authority over the server, writes again. Of one thread only.
"""

import os
import socket
from collections import deque
from dataclasses import dataclass, replace

import redis

from arbitrage_core.storage.live_state.command import Answer
from arbitrage_core.storage.live_state.control import WAITING_MAX, ControlStream
from arbitrage_core.storage.live_state.heartbeat import Heartbeat, Heartbeats
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection, Soundness
from arbitrage_core.storage.live_state.state_store import LiveState, Outcome, Standing

ANSWERS_REMEMBERED = WAITING_MAX
"""Answers delivered that are delivered again when the server turns out to have lost something."""


@dataclass(frozen=True)
class Deliveries:
    """Counts. `losses` times the server had less than it had acknowledged, `torn` times something in it was damaged,
    `rebuilds` projections written again because of either, `older` writes it had overtaken."""

    written: int = 0
    beats: int = 0
    answered: int = 0
    losses: int = 0
    torn: int = 0
    rebuilds: int = 0
    older: int = 0


class Delivery:
    """Writes for one session and epoch.

    Methods raise FencedOff when a newer epoch is known, LiveStateUnreachable and LiveStateRefused when the server does
    not do it. `counts` is replaced whole, so any thread may read it.
    """

    def __init__(self, client: redis.Redis, namespace: Namespace, session: str, epoch: int, started_ns: int) -> None:
        self.session, self.epoch, self.started_ns = session, epoch, started_ns
        self.counts, self.must_rebuild = Deliveries(), False
        self._store, self._heartbeats = LiveState(client, namespace), Heartbeats(client, namespace)
        self._control = ControlStream(client, namespace, session)
        self._acknowledged: Projection | None = None
        self._answered: deque[Answer] = deque(maxlen=ANSWERS_REMEMBERED)

    def write(self, projection: Projection) -> None:
        """Stores a projection. Raises BadInput, too, for one that cannot be stored."""
        written = self._store.write(projection)
        if not self.must_rebuild:
            self._compare(written.found)
        if written.outcome is Outcome.OLDER:
            self._count(older=1)
            self.must_rebuild = False  # what is there is newer; a scrub will say whether it is whole
            return
        self._acknowledged = projection
        self._count(written=1)
        if self.must_rebuild:
            self._count(rebuilds=1)
            self._answer_again()

    def beat(self, last_row_ns: int, now_ns: int, time_to_live_ms: int) -> None:
        """Says that the session is alive, and sees whether the server still has what was written."""
        heartbeat = Heartbeat(
            pid=os.getpid(),
            epoch=self.epoch,
            host=socket.gethostname()[:255],
            started_ns=self.started_ns,
            last_row_ns=max(last_row_ns, 0),
            beat_ns=now_ns,
        )
        self._compare(self._heartbeats.beat(self.session, heartbeat, time_to_live_ms))
        self._count(beats=1)

    def answer(self, answer: Answer) -> None:
        """Stores an answer and wakes who waits for it."""
        self._control.answer(answer)
        self._answered.append(answer)
        self._count(answered=1)

    def former_answer(self, command_id: str) -> Answer | None:
        """The answer delivered to a command, while it is remembered."""
        return next((answer for answer in tuple(self._answered) if answer.command_id == command_id), None)

    def scrub(self) -> None:
        """Reads the projection back and sees whether every byte of it is as written."""
        if self._acknowledged is None:
            return
        reading = self._store.read(self.session)
        if reading.soundness is Soundness.TORN:
            self._count(torn=1)
            self.must_rebuild = True
        else:
            self._compare(Standing(reading.position, 0))

    def rebuild(self) -> None:
        """Writes again what the server acknowledged and has lost, if anything."""
        if self._acknowledged is not None:
            self.write(self._acknowledged)
        else:
            self._answer_again()

    def end(self) -> None:
        """Says that the session has ended."""
        self._heartbeats.end(self.session, self.epoch)

    def _compare(self, found: Standing) -> None:
        if found.torn:
            self._count(torn=1)
            self.must_rebuild = True
        elif self._acknowledged is not None and _is_older(found.position, self._acknowledged.position):
            self._count(losses=1)
            self.must_rebuild = True

    def _answer_again(self) -> None:
        for answer in self._answered:
            self._control.answer(answer)
        self.must_rebuild = False

    def _count(self, **more: int) -> None:
        self.counts = replace(self.counts, **{name: getattr(self.counts, name) + by for name, by in more.items()})


def _is_older(found: Position | None, expected: Position) -> bool:
    return found is None or found < expected
