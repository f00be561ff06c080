"""The terminal: entries for a person, in colour, one line each; nothing if stderr is no terminal."""

import sys
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from arbitrage_core.monitoring.logs.entry import LogEntry

STYLES = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}


class TerminalLines:
    """Prints entries on `console`: hand in the one of a live display, so that its lines stay whole."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, entries: Sequence[LogEntry]) -> int:
        """Prints them and gives how many. Raises OSError when the terminal is gone."""
        for entry in entries:
            self._console.print(line_of(entry), soft_wrap=True)
        return len(entries)


def terminal_console() -> Console | None:
    """A console on stderr if that is a terminal, else None."""
    return Console(stderr=True) if sys.stderr is not None and sys.stderr.isatty() else None


def line_of(entry: LogEntry) -> Text:
    """Local time, level if grave, event and fields. What is not printable is shown as `?`: it could move the cursor."""
    local = datetime.fromtimestamp(entry.time_ns / 1e9).astimezone()
    fields = " ".join(f"{name}={_shown(value)}" for name, value in entry.fields.items())
    text = f"{local:%H:%M:%S} {entry.level if entry.is_grave else ''} {entry.event} {fields}"
    plain = "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
    return Text(plain, style=STYLES[entry.level])


def _shown(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):  # a chain of exceptions
        return " ← ".join(str(one.get("type")) for one in value)
    return str(value)
