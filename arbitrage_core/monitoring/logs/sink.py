"""The sink: a bounded queue before one destination, and the thread that empties it.

Whoever logs puts an entry in and goes on. When the destination fails, entries wait for it to come back; when the queue
is full, new ones are dropped and counted, and the last tenth of it is kept for warnings and worse.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from arbitrage_core.monitoring.logs.entry import LogEntry

QUEUE_ENTRIES_MAX = 10_000
BATCH_MAX = 64
"""Entries delivered at once: a millisecond of work, between which others get a turn."""
GATHER_S = 0.05
RETRY_AFTER_S = 1.0


class LogQueue:
    """Entries that wait, at most `capacity`; put in by any thread, taken out by one."""

    def __init__(self, capacity: int = QUEUE_ENTRIES_MAX) -> None:
        if capacity < 10:
            raise ValueError(f"a queue of {capacity} entries leaves nothing for warnings")
        self._capacity, self._for_all = capacity, capacity - capacity // 10
        self._entries: deque[LogEntry] = deque()
        self._changed = threading.Condition()
        self._dropped = 0

    def put(self, entry: LogEntry) -> bool:
        """Adds an entry and returns at once; False when there was no room, which is counted."""
        with self._changed:
            if len(self._entries) >= (self._capacity if entry.is_grave else self._for_all):
                self._dropped += 1
                return False
            if not self._entries:
                self._changed.notify()  # else the one who takes them knows, or is busy with them
            self._entries.append(entry)
            return True

    def take(self, most: int = BATCH_MAX) -> list[LogEntry]:
        """Removes and gives up to `most` of the oldest."""
        with self._changed:
            return [self._entries.popleft() for _ in range(min(most, len(self._entries)))]

    def first(self, most: int = BATCH_MAX) -> list[LogEntry]:
        """Up to `most` of the oldest, which stay."""
        with self._changed:
            return list(islice(self._entries, most))

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Returns when there is an entry, or `stopped` holds and `wake` was called."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._entries) or stopped())

    def wake(self) -> None:
        """Makes who waits look again whether it is stopped."""
        with self._changed:
            self._changed.notify_all()

    @property
    def dropped(self) -> int:
        """How many entries found no room, ever."""
        return self._dropped

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True)
class SinkHealth:
    """How a destination stands. `delivered` entries; `dropped` ones that found no room; `waiting` in the queue;
    `failures` tries that failed; `failing` whether the last one did, and `last_error` why."""

    delivered: int
    dropped: int
    waiting: int
    failures: int
    failing: bool
    last_error: str


class Sink:
    """A destination: `deliver` writes entries and gives how many of them it took; OSError says that it failed.

    `on_trouble(text)` is called once, in the sink's thread, when it first fails; `on_dropped(count)` makes the entry
    that tells of entries dropped, once the destination works again.
    """

    def __init__(
        self,
        name: str,
        deliver: Callable[[Sequence[LogEntry]], int],
        on_trouble: Callable[[str], None],
        on_dropped: Callable[[int], LogEntry],
        capacity: int = QUEUE_ENTRIES_MAX,
        retry_after_s: float = RETRY_AFTER_S,
    ) -> None:
        self.queue = LogQueue(capacity)
        self._deliver, self._on_trouble, self._on_dropped = deliver, on_trouble, on_dropped
        self._retry_after_s = retry_after_s
        self._delivered = self._failures = self._told_dropped = 0
        self._failing = self._told_trouble = False
        self._last_error = ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"log {name}", daemon=True)
        self._thread.start()

    @property
    def health(self) -> SinkHealth:
        """How it stands now."""
        return SinkHealth(
            self._delivered, self.queue.dropped, len(self.queue), self._failures, self._failing, self._last_error
        )

    def close(self, timeout_s: float) -> bool:
        """Delivers what waits, unless the destination fails, and stops; gives whether all was delivered in time."""
        self._closing.set()
        self.queue.wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not len(self.queue)

    def _run(self) -> None:
        while True:
            self.queue.wait(self._closing.is_set)
            self._closing.wait(GATHER_S)  # so that a burst costs one change of threads, not one an entry
            if not self._one_batch() and self._closing.wait(self._retry_after_s):
                return  # closing, and the destination fails: what waits is not delivered
            if self._closing.is_set() and not len(self.queue):
                return

    def _one_batch(self) -> bool:
        """Delivers what waits, and then, if any found no room, how many; gives whether all was taken."""
        batch, dropped = self.queue.first(), self.queue.dropped - self._told_dropped
        try:
            taken = self._deliver(batch) if batch else 0
            self.queue.take(taken)
            self._delivered += taken
            if taken < len(batch):
                self._fail("it took a part only")
                return False
            if dropped:
                self._deliver([self._on_dropped(dropped)])
                self._told_dropped += dropped
        except OSError as error:
            self._fail(f"{type(error).__name__}: {error.strerror or 'no reason given'}")
            return False
        self._failing = False
        return True

    def _fail(self, reason: str) -> None:
        self._failures += 1
        self._failing, self._last_error = True, reason
        if not self._told_trouble:
            self._told_trouble = True
            self._on_trouble(reason)
