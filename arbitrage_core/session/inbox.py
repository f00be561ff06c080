"""The inbox: all that is handed to the engine, in one order: the source's rows, commands, and time when nothing else comes.

What is handed over gets its number here, and a time that never runs back: rows of a recording or a synthetic market
keep their own, commands and timers get the source's time at the moment. Commands may be put in from any thread.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import Command, command_row, timer_row, with_levels
from arbitrage_core.feeds.row_stream import opaque

COMMANDS_WAITING_MAX = 1_000
TIMER_EVERY_NS = 250_000_000
"""Row time that may pass without a row before a TIMER is handed over, so that what is due does not wait for a quote."""

Handed = Callable[[], None]


class Inbox:
    """Puts rows of `row_dtype(levels)` and commands in order. `sequence` is how many were handed over, `last_ns` the
    time of the last one."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._commands: deque[tuple[Command, Handed | None]] = deque()
        self.sequence, self.last_ns = 0, 0

    def command(self, command: Command, handed: Handed | None = None) -> None:
        """Puts a command in; `handed` is called when the engine has got it. Raises BadInput when too many wait."""
        if len(self._commands) >= COMMANDS_WAITING_MAX:
            raise BadInput(f"{COMMANDS_WAITING_MAX} commands wait already", "wait for their answers")
        self._commands.append((command, handed))

    @property
    def waiting(self) -> int:
        """Commands not yet handed over."""
        return len(self._commands)

    def next(self, rows: np.ndarray | None, now_ns: int) -> tuple[np.ndarray | None, list[Handed]]:
        """What to hand over now: (ROW[n] or None, whom to tell afterwards).

        `rows` are the source's, all at or before `now_ns`, the source's time.
        """
        parts, tell = [], []
        if rows is not None:
            parts.append(with_levels(rows, self._levels))
            self.last_ns = max(self.last_ns, int(rows["now_ns"][-1]))
        while self._commands:
            command, handed = self._commands.popleft()
            self.last_ns = max(self.last_ns, now_ns)
            parts.append(command_row(command, self.last_ns, self._levels))
            if handed is not None:
                tell.append(handed)
        if not parts and self.last_ns > 0 and now_ns - self.last_ns >= TIMER_EVERY_NS:
            self.last_ns = now_ns
            parts.append(timer_row(now_ns, self._levels))
        if not parts:
            return None, tell
        batch = parts[0]
        if len(parts) > 1:
            batch = np.concatenate([opaque(part) for part in parts]).view(parts[0].dtype)
        self.sequence += len(batch)
        return batch, tell
