"""The inbox: all that is handed to the engine, in one order: the source's rows, commands, and time itself.

What is handed over gets its number here, and a time that never runs back: rows of a recording or a synthetic market
keep their own; commands, and timers when nothing else comes, get the source's time at the moment. Before the first row
there is no time, so commands wait for it, and go before it. Commands may be put in from any thread.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.row import ALL_SYMBOLS, Command, command_row, timer_row, with_levels
from arbitrage_core.feeds.row_stream import opaque

COMMANDS_WAITING_MAX = 1_000
TIMER_EVERY_NS = 250_000_000
"""Row time that may pass without a row before a TIMER is handed over, so that what is due does not wait for a quote."""

Told = Callable[[], None]


class _Waiting(NamedTuple):
    """A command, and whom to tell what became of it."""

    command: Command
    symbol: int
    handed: Told | None
    dropped: Told | None
    refused: Callable[[str], None] | None


class Inbox:
    """Puts rows of `row_dtype(levels)` and commands in order. `sequence` is how many were handed over, `last_ns` the
    time of the last one (0: none yet)."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._commands: deque[_Waiting] = deque()
        self._lock, self._closed = threading.RLock(), False
        self.sequence, self.last_ns = 0, 0

    def command(
        self,
        command: Command,
        handed: Told | None = None,
        *,
        symbol: int = ALL_SYMBOLS,
        dropped: Told | None = None,
        refused: Callable[[str], None] | None = None,
        bounded: bool = True,
    ) -> None:
        """Puts a command in, for one symbol or all; one of `handed`, when the engine has got it, `refused` with why,
        when it would do nothing there, and `dropped`, when the session ended before, is called.

        Raises BadInput when too many wait, unless not `bounded` (the runner's own), and when the inbox is closed.
        """
        with self._lock:
            if self._closed:
                raise BadInput("the session is ending and takes no commands any more", "start another one")
            if bounded and len(self._commands) >= COMMANDS_WAITING_MAX:
                raise BadInput(f"{COMMANDS_WAITING_MAX} commands wait already", "wait for their answers")
            self._commands.append(_Waiting(command, symbol, handed, dropped, refused))

    @property
    def waiting(self) -> int:
        """Commands not yet handed over."""
        return len(self._commands)

    def close(self) -> list[Told]:
        """Takes no more commands; whom to tell that theirs is dropped."""
        with self._lock:
            self._closed = True
            left = [one.dropped for one in self._commands if one.dropped is not None]
            self._commands.clear()
        return left

    def batches(
        self, rows: np.ndarray | None, now_ns: int, in_vain: Callable[[Command, int], str]
    ) -> Iterator[tuple[np.ndarray, Told | None]]:
        """What to hand over now, in order: (ROW[n], whom to tell afterwards). Each is to be applied before the next is
        asked for: whether a command would do anything, `in_vain(command, symbol)` is asked of what it meets.

        `rows` are the source's, all at or before `now_ns`, the source's time. Raises InvariantBroken for rows from
        before what was handed over.
        """
        if rows is not None:
            first_ns = int(rows["now_ns"][0])
            if first_ns < self.last_ns:
                raise InvariantBroken(f"time must not run back: a row of {first_ns} ns came after {self.last_ns} ns")
            if self.last_ns == 0:  # what was said before there was time holds from the first row on
                self.last_ns = first_ns
                yield from self._commanded(in_vain)
            self.last_ns = int(rows["now_ns"][-1])
            yield self._numbered(with_levels(rows, self._levels)), None
        if self.last_ns > 0 and self._commands:
            self.last_ns = max(self.last_ns, now_ns)
            yield from self._commanded(in_vain)
        elif rows is None and self.last_ns > 0 and now_ns - self.last_ns >= TIMER_EVERY_NS:
            self.last_ns = now_ns
            yield self._numbered(timer_row(now_ns, self._levels)), None

    def last(self, rows: tuple[np.ndarray, ...]) -> np.ndarray:
        """The rows that end a session, as one batch, numbered like any others."""
        self.last_ns = max(self.last_ns, int(rows[-1]["now_ns"][-1]))
        return self._numbered(np.concatenate([opaque(row) for row in rows]).view(rows[0].dtype))

    def _commanded(self, in_vain: Callable[[Command, int], str]) -> Iterator[tuple[np.ndarray, Told | None]]:
        """The commands that wait, those that would do nothing refused; one that comes meanwhile waits."""
        for _ in range(len(self._commands)):
            one = self._commands.popleft()
            reason = in_vain(one.command, one.symbol)
            if not reason:
                yield self._numbered(command_row(one.command, self.last_ns, self._levels, one.symbol)), one.handed
            elif one.refused is not None:
                one.refused(reason)

    def _numbered(self, batch: np.ndarray) -> np.ndarray:
        self.sequence += len(batch)
        return batch
