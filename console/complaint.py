"""The complaint: what went wrong, in one line, what would cure it in another, and the exit code that says whose fault.

2: the command or what it was given cannot be used. 1: it was right, and something failed: the disk, a law, a journal.
130: the operator interrupted. With `ARB_DEBUG=1` the traceback stands above.
"""

import json
import os
import sys
from types import TracebackType

from arbitrage_core.domain.errors import AnomalyFound, BadInput, InvariantBroken
from console.plain import line, traceback_lines

ACCEPTED, FAILED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130


def complain(cause: str, cure: str = "", *, as_json: bool = False) -> None:
    """Says it on stderr, in two lines at most; `as_json` also as the one document on stdout, `{error, cure}`."""
    if os.environ.get("ARB_DEBUG") == "1" and sys.exc_info()[0] is not None:
        tell_of_defect(*sys.exc_info())
    line(f"error: {_one_line(cause)}", sys.stderr)
    if cure:
        line(f"cure: {_one_line(cure)}", sys.stderr)
    sys.stderr.flush()
    if as_json:
        print(json.dumps({"error": cause, "cure": cure}), flush=True)


def tell_of_defect(kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
    """A traceback on stderr, as Python shows it, but for characters that a terminal would obey."""
    for said in traceback_lines(error, at):
        line(said, sys.stderr)


def complain_of(error: BadInput | InvariantBroken, *, as_json: bool = False) -> int:
    """Says what the error says, and gives the exit code."""
    if isinstance(error, BadInput):
        complain(error.cause, error.cure, as_json=as_json)
        return FAILED if error.from_outside else BAD_USAGE
    if isinstance(error, AnomalyFound) and error.command is not None:
        complain(str(error), _seen_again(error), as_json=as_json)
        return FAILED
    complain(f"broken invariant: {error}", "keep the journal and report it: the program is at fault", as_json=as_json)
    return FAILED


def _seen_again(anomaly: AnomalyFound) -> str:
    """The command that replays to the row, and where the debug bundle lies, or why there is none."""
    from console.session_folder import sessions_folder

    where = f"debug bundle {sessions_folder() / anomaly.bundle}" if anomaly.bundle else "no debug bundle"
    return "; ".join([anomaly.command or "", where, *getattr(anomaly, "__notes__", ())])


def _one_line(text: str) -> str:
    return " ".join(text.split())
