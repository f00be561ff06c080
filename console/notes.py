"""The notes: what an operator should know of the rows and settings before a session starts, on stderr."""

import sys
from collections.abc import Iterable


def say_notes(notes: Iterable[str]) -> None:
    """A line each. Names in them were seen to be printable when the rows were opened."""
    for note in notes:
        print(f"note: {note}", file=sys.stderr, flush=True)
