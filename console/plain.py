"""Plain text: the one way by which text of strangers gets to a terminal, so that it does no more than be read.

Names of venues, symbols, sessions and presets, words of errors and logs come from files, journals and databases that
anybody may have written. On a terminal an escape sequence in them could fill the clipboard, hide what was said or
write over it, and a line break could forge a line of ours. So text is made plain where it enters a line or a page:
every character that does not print is shown by its number, as \\x1b or \\u202e.
"""

import sys
from typing import TextIO


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


def _number(character: str) -> str:
    code = ord(character)
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
