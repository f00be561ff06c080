"""The log book: the logs of one session, from the first event to the last, to all their destinations."""

import hashlib
import logging
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from arbitrage_core.monitoring.logs.allow_list import KnownSecrets
from arbitrage_core.monitoring.logs.entry import LogEntry, entry_of
from arbitrage_core.monitoring.logs.rotating_lines import FILE_BYTES_MAX, FILES_KEPT, RotatingLines
from arbitrage_core.monitoring.logs.sink import BATCH_MAX, QUEUE_ENTRIES_MAX, RETRY_AFTER_S, LogQueue, Sink, SinkHealth
from arbitrage_core.monitoring.logs.terminal import TerminalLines, terminal_console

CLOSE_WITHIN_S = 2.0
TAIL_ENTRIES = 500
"""So many of the last entries are at hand for a debug bundle."""


@dataclass(frozen=True)
class LogHealth:
    """How the logs stand: the file, the terminal (None: there is none), and the entries that wait for the record or
    found no room there."""

    file: SinkHealth
    terminal: SinkHealth | None
    record_waiting: int
    record_dropped: int


def log_file(home: Path, session: str) -> Path:
    """Where a session's log lies: `logs/SESSION.jsonl` below `home`; a name no file can have is made one, uniquely."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", session)[:100].lstrip(".") or "_"
    if name != session:
        name = f"{name}-{hashlib.sha256(session.encode()).hexdigest()[:8]}"
    return home / "logs" / f"{name}.jsonl"


def tell_on_stderr(text: str) -> None:
    """Says it once where an operator may see it; a stderr that is gone does not matter."""
    with suppress(OSError, ValueError, AttributeError):  # closed, gone, or none at all
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


class _Handler(logging.Handler):
    """Makes an entry of each record and hands it on. Never waits for a destination and never raises."""

    def __init__(self, level: int, secrets: KnownSecrets, hand_on: Callable[[LogEntry], None]) -> None:
        super().__init__(level)
        self._secrets, self._hand_on = secrets, hand_on

    def emit(self, record: logging.LogRecord) -> None:
        """Hands on what may be told of a record."""
        self._hand_on(entry_of(record, self._secrets))


class LogBook:
    """Takes what this process logs until `close`. Open it by `open_logs`.

    `take` gives the entries for the record; a consumer that lags loses the newest, which is counted.
    """

    def __init__(
        self,
        home: Path,
        session: str,
        *,
        secrets: Iterable[str] = (),
        level: int = logging.INFO,
        console: Console | None = None,
        tell: Callable[[str], None] = tell_on_stderr,
        file_bytes_max: int = FILE_BYTES_MAX,
        files_kept: int = FILES_KEPT,
        queue_entries_max: int = QUEUE_ENTRIES_MAX,
        retry_after_s: float = RETRY_AFTER_S,
    ) -> None:
        self.session, self.path = session, log_file(home, session)
        self.secrets = KnownSecrets(secrets)
        self._lines = RotatingLines(self.path, file_bytes_max, files_kept)
        self._tell = tell
        self._record = LogQueue(queue_entries_max)
        self._tail: deque[LogEntry] = deque(maxlen=TAIL_ENTRIES)
        self._file = Sink("file", self._write_file, self._file_failed, _lost, queue_entries_max, retry_after_s)
        console = console or terminal_console()
        self._terminal = None
        if console is not None:
            self._terminal = Sink("terminal", TerminalLines(console).write, lambda reason: None, _lost)
        self._handler = _Handler(level, self.secrets, self._hand_on)
        self._root_level = logging.getLogger().level
        logging.getLogger().setLevel(min(level, self._root_level or level))
        logging.getLogger().addHandler(self._handler)

    def take(self, most: int = BATCH_MAX) -> list[LogEntry]:
        """Removes and gives up to `most` entries for the record, oldest first."""
        return self._record.take(most)

    def tail(self) -> list[bytes]:
        """What was said last, as lines of the log file, oldest first, whether they have reached it yet or not."""
        return [entry.line(self.session) for entry in self._tail.copy()]

    @property
    def health(self) -> LogHealth:
        """How the logs stand now."""
        terminal = self._terminal.health if self._terminal is not None else None
        return LogHealth(self._file.health, terminal, len(self._record), self._record.dropped)

    def close(self, timeout_s: float = CLOSE_WITHIN_S) -> bool:
        """Takes no more, delivers what waits and closes the file; gives whether all of it got there in time."""
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger().setLevel(self._root_level)
        until = time.monotonic() + timeout_s
        done = self._file.close(timeout_s)
        if self._terminal is not None:
            self._terminal.close(max(until - time.monotonic(), 0.1))
        self._lines.close()
        return done

    def _hand_on(self, entry: LogEntry) -> None:
        self._tail.append(entry)
        self._file.queue.put(entry)
        self._record.put(entry)
        if self._terminal is not None:
            self._terminal.queue.put(entry)

    def _write_file(self, entries: Sequence[LogEntry]) -> int:
        return self._lines.write([entry.line(self.session) for entry in entries])

    def _file_failed(self, reason: str) -> None:
        self._tell(f"the log {self.path} cannot be written ({reason}); the session goes on without it")
        self._record.put(_own("log_file_failed", "WARNING", cause=reason))


@contextmanager
def open_logs(home: Path, session: str, **more: object) -> Iterator[LogBook]:
    """The logs of a session, below `home`, closed at the end; the keywords are LogBook's."""
    book = LogBook(home, session, **more)
    try:
        yield book
    finally:
        book.close()


def _lost(count: int) -> LogEntry:
    return _own("log_entries_dropped", "WARNING", count=count)


def _own(event: str, level: str, **fields: object) -> LogEntry:
    return LogEntry(time.time_ns(), level, "arb.logs", event, fields)
