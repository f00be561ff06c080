"""The pace: a feed's rows, released when their own time has come: as fast as they came, N times faster, or at once.

A thread reads the feed ahead, so that generating or unpacking rows never holds up the loop. Row time is the only time
the engine sees; the wall clock decides when a row is released, never what it says.
"""

import queue
import threading
import time
from collections.abc import Callable
from math import inf, isfinite

import numpy as np

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.feeds.feed import Feed

REAL, MAX = "real", "max"
ARRAYS_AHEAD = 2
ROWS_AT_ONCE = 20_000
"""Rows released together at most: a compiled call over them stays well below 50 ms."""
STARVED_WAIT_S = 0.002
"""How long to wait when the reader of the feed lags."""
CLOSE_WITHIN_S = 5.0
"""How long a feed may still take over the array it is making when it is closed."""


def pace_of(text: str) -> float:
    """Row seconds a wall second: `real` is 1, `max` infinite, else a number above 0. Raises BadInput."""
    if text == MAX:
        return inf
    try:
        factor = 1.0 if text == REAL else float(text)
    except ValueError:
        factor = 0.0
    if not (isfinite(factor) and 0 < factor <= 1e6):
        raise BadInput(f"no pace: {text!r}", "give real, max, or a number above 0: 10 is ten times as fast as it was")
    return factor


class PacedRows:
    """The rows of a feed at a pace. `start` it, `take` what is due again and again until `ended`, `close` it.

    `now_ns` is the row time up to which every row has been released: nothing still to come lies before it, and it never
    runs back. `clock` gives wall seconds; while one runs back, row time stands still.
    """

    def __init__(self, feed: Feed, factor: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._feed, self._factor, self._clock = feed, factor, clock
        self._arrays: queue.Queue[np.ndarray | BaseException | None] = queue.Queue(ARRAYS_AHEAD)
        self._rows = np.zeros(0, row_dtype(feed.levels))
        self._times_ns = np.zeros(0, np.int64)
        self._given = 0
        self._first_ns: int | None = None
        self._began_s, self._clock_ns = 0.0, 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name="feed", daemon=True)
        self.ended, self.now_ns = False, 0

    def start(self) -> None:
        """Begins to read; time begins with the first row taken."""
        self._thread.start()

    def take(self) -> np.ndarray | None:
        """Rows that are due, in order, at most ROWS_AT_ONCE; None when none are. Raises what the feed raised."""
        if not self._in_hand():
            return None
        self._see_clock()
        due = len(self._times_ns)
        if self._factor != inf:
            due = int(np.searchsorted(self._times_ns, self._clock_ns, side="right"))
        due = min(due, self._given + ROWS_AT_ONCE)
        rows = self._rows[self._given : due] if due > self._given else None
        self._given = max(due, self._given)
        if self._factor != inf and self._given < len(self._times_ns) and self._times_ns[self._given] > self._clock_ns:
            self.now_ns = self._clock_ns
        elif rows is not None:
            self.now_ns = int(self._times_ns[self._given - 1])
        return rows

    @property
    def silent(self) -> bool:
        """Whether its feed lags: it gave all it had, has not ended, and what comes next is not known yet."""
        return not self.ended and self._given >= len(self._times_ns) and self._arrays.empty()

    @property
    def can_wait(self) -> bool:
        """Whether rows may be left untaken for a while: at pace `max` they have no time of their own on the wall."""
        return self._factor == inf

    @property
    def wait_s(self) -> float:
        """Wall seconds until the next row is due; 0 when one is, or none will come."""
        if self.ended:
            return 0.0
        if self._given >= len(self._times_ns):
            return STARVED_WAIT_S if self._arrays.empty() else 0.0
        if self._factor == inf:
            return 0.0
        self._see_clock()
        return max(0.0, (int(self._times_ns[self._given]) - self._clock_ns) / self._factor * 1e-9)

    def close(self, timeout_s: float = CLOSE_WITHIN_S) -> bool:
        """Stops reading ahead; gives whether the reader is gone, which one that hangs in its feed is not."""
        self._closing.set()
        until = time.monotonic() + timeout_s
        while self._thread.is_alive() and time.monotonic() < until:
            try:
                self._arrays.get_nowait()  # a reader that waits for room
            except queue.Empty:
                self._thread.join(0.05)
        return not self._thread.is_alive()

    def _see_clock(self) -> None:
        """Moves row time on by the wall clock; of no use at the pace `max`."""
        if self._first_ns is not None and self._factor != inf:
            passed_ns = int((self._clock() - self._began_s) * self._factor * 1e9)
            self._clock_ns = max(self._first_ns + passed_ns, self._clock_ns)

    def _in_hand(self) -> bool:
        """Whether there are rows to look at; takes the next array of the feed when the last one is used up."""
        while not self.ended and self._given >= len(self._rows):
            try:
                found = self._arrays.get_nowait()
            except queue.Empty:
                return False
            if found is None:
                self.ended = True
            elif isinstance(found, BaseException):
                raise found
            elif len(found):
                self._rows, self._given = found, 0
                self._times_ns = np.ascontiguousarray(found["now_ns"])
                if self._first_ns is None:
                    self._first_ns = self._clock_ns = int(self._times_ns[0])
                    self._began_s = self._clock()
        return not self.ended

    def _read(self) -> None:
        """The reader's thread. What the feed raises is told to the loop, which raises it."""
        try:
            for rows in self._feed:
                if self._closing.is_set():
                    return
                self._arrays.put(rows)
            self._arrays.put(None)
        except (BadInput, InvariantBroken, OSError, MemoryError) as error:
            self._arrays.put(error)
        except BaseException as error:
            self._arrays.put(error)
            raise  # a defect: threading's hook says where
