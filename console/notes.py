"""The notes: what an operator should know of the rows and settings before a session starts, on stderr."""

import sys
from collections.abc import Iterable

from console.plain import line


def say_notes(notes: Iterable[str]) -> None:
    """A line each."""
    for note in notes:
        line(f"note: {note}", sys.stderr)
