"""Plain text: the one way by which text of strangers gets to a terminal, so that it does no more than be read.

Names of venues, symbols, sessions and presets, words of errors and logs come from files, journals and databases that
anybody may have written. On a terminal an escape sequence in them could fill the clipboard, hide what was said or
write over it, and a line break could forge a line of ours. So text is made plain where it enters a line or a page:
every character that does not print is shown by its number, as \\x1b or \\u202e.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TextIO


def plain(text: object) -> str:
    """Text in one line, in which each character that does not print stands as its number: \\x1b, \\u202e."""
    found = str(text)
    return found if found.isprintable() else "".join(one if one.isprintable() else _number(one) for one in found)


def line(text: object, to: TextIO | None = None) -> None:
    """Says one line, on stdout if nothing else is said, whatever is in it."""
    print(plain(text), file=to or sys.stdout, flush=True)


def aside(text: object) -> None:
    """Says one line beside the document, on stderr."""
    line(f"arb: {text}", sys.stderr)


def traceback_lines(error: BaseException | None, at: TracebackType | None = None) -> Iterator[str]:
    """A traceback as Python shows it, line by line, each plain."""
    if error is not None:
        for part in traceback.format_exception(type(error), error, at or error.__traceback__):
            yield from map(plain, part.rstrip("\n").split("\n"))


class PlainRecord(logging.LogRecord):
    """A record of Python's logging, which libraries print on the terminal themselves, with its traceback."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.exc_info and self.exc_info[1] is not None:
            self.exc_text = "\n".join(traceback_lines(self.exc_info[1]))

    def getMessage(self) -> str:  # noqa: N802 — its name in Python's logging
        """Message and arguments, plain."""
        return plain(super().getMessage())


def _number(character: str) -> str:
    code = ord(character)
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
