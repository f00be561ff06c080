"""The live runner: the loop of paper and live sessions, in which rows come one after another and time passes.

One turn of the loop: take what is due, journal it, hand it to the engine, keep what came of it, look after the stores,
answer the operator. Whoever is slow — the database, the live state, the screen — works in a thread of its own; the
loop never waits for them, and while one of them does not answer, entries are refused by a row like any other.

A session ends when its source does, when an operator says so, or when it must not go on: another process took it over,
the record overflowed, an invariant broke. Ending in order is: no more entries, open trades leave (or stand, as
chosen), everything kept, the journal sealed. A second interrupt skips the leaving, not the sealing; so does another
process at work, because the trades are that one's now.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from arbitrage_core.domain.row import ALL_SYMBOLS, Command, with_levels
from arbitrage_core.engine.state import SessionPhase
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.session.anomaly_watch import AnomalyWatch
from arbitrage_core.session.feed_silence import SILENCE_MAX_MS, FeedSilence
from arbitrage_core.session.inbox import Inbox
from arbitrage_core.session.session import Session, closing_rows
from arbitrage_core.session.vain_command import why_in_vain
from arbitrage_core.storage.journal import JournalWriter

TURN_S = 0.01
"""Between two turns of the loop, unless more rows are due already. So late may a row at a pace be handed over (its own
time does not change), a command or a signal be seen. Half of it costs half as much again: a turn costs more than a row.
"""
WATCH_EVERY_S = 0.05
ANOMALIES_EVERY_S = 3.0
LOOK_EVERY_S = 0.5
SILENT_AFTER_S = 2.0
"""A store that has not answered for so long counts as silent."""
FLATTEN_GRACE_S = 10.0
"""Wall seconds that open trades have to leave by themselves, as rows come, before time is given them all at once."""


DURABLE_MAX = 4_096
"""Intents one synced write may hold. More at once come of a bulk of rows, from a simulated venue: written, then synced.
"""

LOG = EventLog("runner")


@dataclass(frozen=True)
class Halt:
    """Why a session must not go on. `at_once`: its trades are not its own any more, so they do not leave."""

    reason: str
    at_once: bool = False


class Source(Protocol):
    """Where rows come from: those due now, the time it is there, and whether there will be more."""

    ended: bool
    now_ns: int
    """The source's time: no row still to come lies before it."""

    def take(self) -> np.ndarray | None:
        """Rows that are due, ROW[n], or None."""
        ...

    @property
    def silent(self) -> bool:
        """Whether it should have rows, has none, and knows of none to come: its feeds say nothing."""
        ...

    @property
    def can_wait(self) -> bool:
        """Whether its rows may be left untaken until a store has come after."""
        ...

    @property
    def wait_s(self) -> float:
        """Wall seconds until more may be due."""
        ...


class Store(Protocol):
    """What is told of a session as it goes on: its record, its live state."""

    name: str

    def put(self, batch: dict[str, np.ndarray]) -> None:
        """Takes log entries as the engine wrote them."""
        ...

    def look(self, session: Session, sequence: int) -> None:
        """May take a copy of the state; called after each turn."""
        ...

    @property
    def away_s(self) -> float:
        """Seconds since it ceased to answer."""
        ...

    @property
    def behind(self) -> bool:
        """Whether so much waits for it that rows which can wait should."""
        ...

    @property
    def must_end(self) -> Halt | None:
        """Why the session must not go on, if so."""
        ...


class Ending(StrEnum):
    """Why a session ended."""

    SOURCE_ENDED = "source ended"
    STOPPED = "stopped by the operator"
    CUT_SHORT = "cut short by the operator"
    MUST_END = "must not go on"


GRAVITY = {None: 0, Ending.SOURCE_ENDED: 1, Ending.STOPPED: 2, Ending.MUST_END: 3, Ending.CUT_SHORT: 4}


@dataclass
class Standing:
    """How a running session stands, for a screen: refreshed about twice a second."""

    sequence: int = 0
    row_ns: int = 0
    busy_share: float = 0.0
    silent: tuple[str, ...] = ()
    ending: str = ""


class LiveRunner:
    """Runs a session over a source. `run` it in an event loop; `command` and `stop` may be called from any thread.

    `session` must hand its drained batches to `keep`. `leaves` says whether open trades leave when the session is
    stopped, `silence_max_ms` for how long all feeds may say nothing (feed_silence.py). `on_look` is called about twice
    a second; once it raises OSError, a screen that is gone, no more.
    `hurried`: whoever asked twice to stop wants nothing waited for, not even after the loop.
    """

    def __init__(
        self,
        session: Session,
        source: Source,
        journal: JournalWriter,
        stores: tuple[Store, ...] = (),
        *,
        leaves: bool = True,
        silence_max_ms: float = SILENCE_MAX_MS,
        on_look: Callable[["LiveRunner"], None] = lambda runner: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session, self.source, self.journal, self.stores = session, source, journal, stores
        self.leaves, self.standing = leaves, Standing()
        self.inbox = Inbox(session.config.levels)
        self._anomalies, self._silence = AnomalyWatch(session), FeedSilence(silence_max_ms)
        self._anomalies_at, self._heard = 0.0, False
        self.market_rows = 0
        self.ending: Ending | None = None
        self.reason = ""
        self.hurried = False
        self.at_once = self._over = False
        self._stopping = threading.RLock()  # a signal may interrupt a stop
        self._on_look, self._clock = on_look, clock
        self._silent: tuple[str, ...] = ()
        self._flatten_by: float | None = None
        self._bulky = False
        self._look_at = self._watch_at = self._busy_s = 0.0
        self._looked = clock()

    # ------------------------------------------------------------------------------------- asked from other threads

    def command(
        self,
        command: Command,
        handed: Callable[[], None] | None = None,
        *,
        symbol: int = ALL_SYMBOLS,
        dropped: Callable[[], None] | None = None,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        """Hands a command to the engine with the next rows, for one symbol or all. `handed` is called when it has got
        it, `refused` when it would do nothing, with why, `dropped` when the session ended before. Raises BadInput when
        too many wait, or the session has ended."""
        self.inbox.command(command, handed, symbol=symbol, dropped=dropped, refused=refused)

    def stop(self, ending: Ending = Ending.STOPPED, reason: str = "", *, at_once: bool = False) -> None:
        """Ends the session: in order, or at once when it is CUT_SHORT or so said. The graver reason stands."""
        with self._stopping:
            self.hurried = self.hurried or ending == Ending.CUT_SHORT
            if self._over:
                return
            self.at_once = self.at_once or at_once or ending == Ending.CUT_SHORT
            if GRAVITY[ending] > GRAVITY[self.ending]:
                self.ending, self.reason = ending, reason

    # ------------------------------------------------------------------------------------------------------ the loop

    async def run(self) -> Ending:
        """Runs until the end; gives why it ended. Raises AnomalyFound, and what source or disk raise."""
        try:
            while not self._turn():
                await asyncio.sleep(self._nap_s())
            self._close()
        finally:
            for dropped in self.inbox.close():
                dropped()
        return self.ending

    def _turn(self) -> bool:
        """One turn of the loop; gives whether it was the last."""
        began = self._clock()
        rows = None if self.at_once or self.source.ended or self._held() else self.source.take()
        if rows is not None:
            self.market_rows += len(rows)
            self._heard = True
        for batch, handed in self.inbox.batches(rows, self.source.now_ns, self._in_vain):
            self._hand_over(batch)
            if handed is not None:
                handed()
        self._bulky = rows is not None
        self._watch_stores()
        self._watch_anomalies()
        with self._stopping:
            self._over = self._ends_now()
        self._busy_s += self._clock() - began
        if not self._over:
            self._look()
        return self._over

    def _held(self) -> bool:
        """Whether rows wait for a store that answers and is behind. One that is silent holds nothing: entries are
        refused meanwhile, so nothing piles up."""
        return self.source.can_wait and not self._silent and any(store.behind for store in self.stores)

    def _nap_s(self) -> float:
        """How long the loop sleeps; when more rows are due already it only lets others have their turn."""
        return 0.0 if self._bulky and self.source.wait_s == 0.0 else TURN_S

    def keep(self, batch: dict[str, np.ndarray]) -> None:
        """Keeps what the engine wrote: the venue's answers and what was asked of it in the journal, all in the stores.

        The intents are on the device before anything later happens.
        """
        if len(batch["reports"]):
            reports = with_levels(batch["reports"], self.session.config.levels)
            self.journal.append_reports(batch["report_positions"], reports)
        if len(batch["orders"]):
            fits = len(batch["orders"]) <= DURABLE_MAX
            self.journal.append_intents(batch["orders"], durable=fits)
            if not fits:
                self.journal.sync()
        for store in self.stores:
            store.put(batch)
        self._anomalies.take(batch)

    def _hand_over(self, rows: np.ndarray) -> None:
        self.journal.append_rows(rows)
        self.session.feed(rows)
        for store in self.stores:
            store.look(self.session, self.inbox.sequence)

    def _in_vain(self, command: Command, symbol: int) -> str:
        return why_in_vain(self.session.state[0], command, symbol)

    def _watch_stores(self) -> None:
        now = self._clock()
        if now < self._watch_at:
            return
        self._watch_at = now + WATCH_EVERY_S
        silent = tuple(store.name for store in self.stores if store.away_s > SILENT_AFTER_S)
        if bool(silent) != bool(self._silent):
            self.inbox.command(Command.STORES_SILENT if silent else Command.STORES_ANSWER, bounded=False)
            if silent:
                LOG.warning("stores_silent", service=silent)
            else:
                LOG.info("stores_answer", service=self._silent)
        self._silent = silent
        for store in self.stores:
            halt = store.must_end
            if halt is not None:
                self.stop(Ending.MUST_END, halt.reason, at_once=halt.at_once)

    def _watch_anomalies(self) -> None:
        """Stops the session when what it does is not trading, or no feed says anything any more."""
        now = self._clock()
        if now < self._anomalies_at:
            return
        self._anomalies_at = now + ANOMALIES_EVERY_S
        self._anomalies.look()
        engine = self.session.state[0]
        excused = engine.phase == SessionPhase.PAUSED or engine.killed or self._held() or self.ending is not None
        found = self._silence.look(now, silent=not (self._heard or excused) and self.source.silent)
        self._heard = False
        if found is not None:
            raise found.as_error(self.session.rows, int(engine.now_ns))

    def _ends_now(self) -> bool:
        if self.at_once:
            return True
        handed = self.inbox.waiting == 0 or self.inbox.last_ns == 0  # before the first row there is no time
        if self.source.ended:
            self.stop(Ending.SOURCE_ENDED)
            return handed
        if self.ending is None:
            return False
        if not self.leaves:
            return handed
        if self._flatten_by is None:
            self._flatten_by = self._clock() + FLATTEN_GRACE_S
            self.inbox.command(Command.FLATTEN, bounded=False)
            return False
        return handed and (not self.open_trades or self._clock() > self._flatten_by)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it trades."""
        return self.session.config.symbols

    @property
    def open_trades(self) -> int:
        """Trades that hold something or have orders at work."""
        return int(self.session.state[0].symbols["in_use"].sum())

    @property
    def stands(self) -> bool:
        """Whether the session ends with its open trades standing: as chosen, or because they may not be touched."""
        return self.at_once or (self.ending != Ending.SOURCE_ENDED and not self.leaves)

    def _close(self) -> None:
        """Flattens, unless trades are to stand or there is no time for it; takes the last of what was written."""
        self._anomalies.look()
        if self.session.rows and not self.stands:
            rows = closing_rows(int(self.session.state[0].now_ns), self.session.config.levels)
            self._hand_over(self.inbox.last(rows))
        self.session.finish()
        self._anomalies.look(flattened=not self.stands)
        self._look(last=True)

    def _look(self, *, last: bool = False) -> None:
        now = self._clock()
        if now < self._look_at and not last:
            return
        passed = max(now - self._looked, 1e-9)
        self.standing = Standing(
            sequence=self.inbox.sequence,
            row_ns=self.inbox.last_ns,
            busy_share=min(self._busy_s / passed, 1.0),
            silent=self._silent,
            ending=str(self.ending or ""),
        )
        self._busy_s, self._looked, self._look_at = 0.0, now, now + LOOK_EVERY_S
        try:
            self._on_look(self)
        except OSError as error:  # a terminal that is gone: trading needs none
            self._on_look = lambda runner: None
            LOG.error("screen_lost", error=error)
