"""The writer: the one thread through which a session writes its live state, so that trading never waits for a server.

Projections conflate: of several offered while one is under way only the last is written. Answers are never dropped.
What is in memory counts: when the server turns out to have lost or damaged what it had, it is written again
(delivery.py). After a failure the next try waits, with jitter; a server whose memory is full still gets heartbeats and
answers.

Where it is wrong: from a loss until the next write, beat or scrub a reader may find an older projection, sound in
itself. A reader to whom that matters asks `read(at_least=…)`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.backoff import Backoff
from arbitrage_core.storage.live_state.command import Answer
from arbitrage_core.storage.live_state.connection import (
    ANSWER_TIMEOUT_S,
    FencedOff,
    LiveStateRefused,
    LiveStateUnreachable,
    connect,
)
from arbitrage_core.storage.live_state.control import WAITING_MAX
from arbitrage_core.storage.live_state.delivery import Deliveries, Delivery
from arbitrage_core.storage.live_state.heartbeat import BEAT_EVERY_S, TIME_TO_LIVE_MS
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection

WRITE_EVERY_S = 0.25
"""Projections are written no more often than this: a screen needs no more, and each takes a core some milliseconds."""
SCRUB_EVERY_S = 5.0
ANSWERS_WAITING_MAX = 8 * WAITING_MAX

Sections = Mapping[str, object]


@dataclass(frozen=True)
class Pace:
    """How often the writer writes, beats and reads back, in seconds, and how long a heartbeat lives, in ms."""

    write_every_s: float = WRITE_EVERY_S
    beat_every_s: float = BEAT_EVERY_S
    scrub_every_s: float = SCRUB_EVERY_S
    time_to_live_ms: int = TIME_TO_LIVE_MS


@dataclass(frozen=True)
class WriterHealth:
    """How the writer stands.

    `running`: its thread works. `away_s`: seconds since the server ceased to serve, 0 while it does; entries may be
    refused by it. `fenced_by`: the newer epoch that forbids writing, 0 for none. `conflated`: projections replaced by a
    newer one before they were written. `unreachable`, `refused`: tries that failed. `invalid`: projections that could
    not be stored. `answers_waiting`: not yet delivered. `last_error`: the last reason, without passwords.
    """

    running: bool
    away_s: float
    fenced_by: int
    conflated: int
    unreachable: int
    refused: int
    invalid: int
    answers_waiting: int
    last_error: str
    deliveries: Deliveries


@dataclass(frozen=True)
class _Offer:
    position: Position
    row_ns: int
    sections: Sections | Callable[[], Sections]


class LiveStateWriter:
    """Writes projection, heartbeat and answers of one session and epoch. `start` it, and `close` it.

    `offer`, `saw_row` and `answer` may be called from any thread and return at once. `on_fenced(newest_epoch)` is
    called once, in the writer's thread, when a newer epoch is found: the session must stop. `clock_ns` is UTC.
    """

    def __init__(
        self,
        url: str,
        namespace: Namespace,
        session: str,
        epoch: int,
        *,
        on_fenced: Callable[[int], None] = lambda newest: None,
        pace: Pace = Pace(),
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Sends nothing yet. Raises BadInput for a URL that is none."""
        self.session, self.epoch = session, Position(epoch, 0).epoch
        self._pace, self._clock_ns, self._on_fenced = pace, clock_ns, on_fenced
        self._client = connect(url)
        self._delivery = Delivery(self._client, namespace, session, epoch, clock_ns())
        self._backoff, self._wake = Backoff(), threading.Condition()
        self._offer: _Offer | None = None
        self._answers: dict[str, Answer] = {}
        self._last_row_ns = self._fenced_by = 0
        self._conflated = self._unreachable = self._refused = self._invalid = 0
        self._last_error = ""
        self._closing = self._given_up = self._ended = False
        now = time.monotonic()
        self._away_since: float | None = now
        self._write_at = self._beat_at = self._try_at = now
        self._scrub_at = now + pace.scrub_every_s
        self._thread = threading.Thread(target=self._run, name=f"live-state {session}", daemon=True)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def offer(self, sequence: int, row_ns: int, sections: Sections | Callable[[], Sections]) -> None:
        """Hands over the session as it stands after row `sequence`, at row time `row_ns`; the newest offer wins.

        `sections` may be a function that makes them: it runs in the writer's thread, so it must hold a copy of what it
        reads.
        """
        offer = _Offer(Position(self.epoch, int(sequence)), int(row_ns), sections)
        with self._wake:
            if self._offer is None:
                self._wake.notify()  # else the thread knows of one already: a wake a row costs a tenth of a core
            else:
                self._conflated += 1
            self._offer, self._last_row_ns = offer, offer.row_ns

    @property
    def is_due(self) -> bool:
        """Whether an offer made now would be written soon. Ask before copying a state: after a row, it rarely is."""
        with self._wake:
            return self._offer is None and time.monotonic() >= self._write_at

    def saw_row(self, row_ns: int) -> None:
        """Says when the last row was, for the heartbeat."""
        self._last_row_ns = int(row_ns)

    def answer(self, answer: Answer) -> None:
        """Hands over an answer to a command. It is delivered however long that takes; of two to one command, the first.

        Raises BadInput past ANSWERS_WAITING_MAX, eight times what a server lets wait at once.
        """
        with self._wake:
            if len(self._answers) >= ANSWERS_WAITING_MAX and answer.command_id not in self._answers:
                raise BadInput(f"{len(self._answers)} answers wait for the server", "see whether it lives: arb status")
            self._answers.setdefault(answer.command_id, answer)
            self._wake.notify()

    def answer_again(self, command_id: str) -> bool:
        """Delivers a former answer anew, for a command that came a second time; gives whether it is remembered."""
        answer = self._delivery.former_answer(command_id)
        if answer is not None:
            self.answer(answer)
        return answer is not None

    @property
    def health(self) -> WriterHealth:
        """How the writer stands now."""
        with self._wake:
            return WriterHealth(
                running=self._thread.is_alive(),
                away_s=0.0 if self._away_since is None else time.monotonic() - self._away_since,
                fenced_by=self._fenced_by,
                conflated=self._conflated,
                unreachable=self._unreachable,
                refused=self._refused,
                invalid=self._invalid,
                answers_waiting=len(self._answers),
                last_error=self._last_error,
                deliveries=self._delivery.counts,
            )

    def close(self, timeout_s: float = 5.0) -> bool:
        """Delivers what is left, ends the heartbeat and stops. Gives whether all of it was done within `timeout_s`."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        with self._wake:
            self._given_up = True
            self._wake.notify()
        self._thread.join(2 * ANSWER_TIMEOUT_S)  # a call under way ends by itself
        self._client.close()
        return self._ended

    def _run(self) -> None:
        try:
            while self._wait():
                self._round()
        except FencedOff as fenced:
            with self._wake:
                self._fenced_by, self._last_error = fenced.newest, fenced.cause
            self._on_fenced(fenced.newest)
        except Exception as error:
            with self._wake:  # `health.running` says that it stopped; threading's hook says where
                self._last_error = f"the writer stopped: {type(error).__name__}"
            raise

    def _wait(self) -> bool:
        """Waits until something is due and the server may be tried again. False: nothing more is to be done."""
        with self._wake:
            while not (self._given_up or self._ended):
                wait_s = max(self._due_at(), self._try_at) - time.monotonic()
                if wait_s <= 0:
                    return True
                self._wake.wait(wait_s)
        return False

    def _due_at(self) -> float:
        if self._answers or self._closing or self._delivery.must_rebuild:
            return 0.0
        return min(self._beat_at, self._scrub_at, self._write_at if self._offer is not None else self._beat_at)

    def _round(self) -> None:
        """Does what is due. A server that cannot be reached ends the round; one that refuses a part gets the rest."""
        began = time.monotonic()
        try:
            served = [self._part(part) for part in self._parts(began)]
        except LiveStateUnreachable as error:
            self._failed(error, began)
            return
        with self._wake:
            if all(served):
                self._away_since = None
                self._backoff.reset()
        if self._closing and all(served) and self._offer is None and not self._answers:
            self._ended = True

    def _parts(self, now: float) -> list[Callable[[], None]]:
        parts = [self._deliver_answers]
        if self._offer is not None and (now >= self._write_at or self._closing):
            parts.append(self._write_offer)
        if now >= self._beat_at and not self._closing:
            parts.append(self._beat)
        if now >= self._scrub_at and not self._closing:
            parts.append(self._scrub)
        parts.append(self._rebuild)
        if self._closing:
            parts.append(self._end)
        return parts

    def _part(self, part: Callable[[], None]) -> bool:
        began = time.monotonic()
        try:
            part()
        except LiveStateRefused as error:
            self._failed(error, began)
            return False
        return True

    def _failed(self, error: LiveStateUnreachable | LiveStateRefused, began: float) -> None:
        with self._wake:
            if isinstance(error, LiveStateRefused):
                self._refused += 1
            else:
                self._unreachable += 1
            self._last_error = error.cause
            if self._away_since is None:
                self._away_since = began
            self._try_at = time.monotonic() + self._backoff.next_s()

    def _deliver_answers(self) -> None:
        while True:
            with self._wake:
                answer = next(iter(self._answers.values()), None)
            if answer is None:
                return
            self._delivery.answer(answer)
            with self._wake:
                del self._answers[answer.command_id]

    def _write_offer(self) -> None:
        with self._wake:
            offer, self._offer = self._offer, None
            self._write_at = time.monotonic() + self._pace.write_every_s
        try:
            sections = offer.sections() if callable(offer.sections) else offer.sections
            projection = Projection(self.session, offer.position, offer.row_ns, self._clock_ns(), sections)
            self._delivery.write(projection)
        except (LiveStateUnreachable, LiveStateRefused):
            with self._wake:
                if self._offer is None:
                    self._offer = offer  # to be tried again, unless a newer one has come
                else:
                    self._conflated += 1
            raise
        except FencedOff:
            raise
        except BadInput as error:
            with self._wake:
                self._invalid += 1
                self._last_error = error.cause

    def _beat(self) -> None:
        self._delivery.beat(self._last_row_ns, self._clock_ns(), self._pace.time_to_live_ms)
        self._beat_at = time.monotonic() + self._pace.beat_every_s

    def _scrub(self) -> None:
        self._delivery.scrub()
        self._scrub_at = time.monotonic() + self._pace.scrub_every_s

    def _rebuild(self) -> None:
        if self._delivery.must_rebuild:
            self._delivery.rebuild()

    def _end(self) -> None:
        self._delivery.end()
