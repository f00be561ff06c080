"""The row stream: sorted arrays of rows, merged and cut to size in bounded memory.

A stream is an iterator of ROW[n] arrays (any `row_dtype`), `now_ns` never decreasing within or across them.

Rows are copied as opaque blocks of bytes: NumPy copies a structured row field by field, the fields of a union over and
over, 100 to 300 ns a row against 3.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from arbitrage_core.domain.row import QuoteStatus, RowKind

CHUNK_ROWS = 65_536
"""How many rows the feeds hand over at a time: 4 MB of one-level books."""


def merged(streams: Sequence[Iterator[np.ndarray]]) -> Iterator[np.ndarray]:
    """One stream of several, by `now_ns`; at equal times an earlier stream's rows come first, each in its own order.

    Holds one array of each stream. What may be handed over is what no array still to come can precede: everything
    before the horizon, the earliest last row in hand, and at the horizon itself the rows of the streams up to the one
    that sets it.
    """
    heads = [head for head in (_Head(stream) for stream in streams) if head.fill()]
    while len(heads) > 1:
        horizon_ns = min(head.last_ns for head in heads)
        setter = next(at for at, head in enumerate(heads) if head.last_ns == horizon_ns)
        pieces = [head.until(horizon_ns, at <= setter) for at, head in enumerate(heads)]
        yield _sorted([piece for piece in pieces if len(piece)])
        if not heads[setter].fill():
            del heads[setter]
    for head in heads:
        yield head.rows[head.given :]
        yield from head.stream


def rechunked(stream: Iterator[np.ndarray], chunk_rows: int) -> Iterator[np.ndarray]:
    """The same rows in new arrays of `chunk_rows`, the last one shorter, marked (`marked`)."""
    return marked(_chunks(stream, chunk_rows))


def marked(stream: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The same arrays, written into: each quote says whether another one of its instant follows (`QuoteStatus`).

    What a session decides must not hang on how rows come in arrays, so it is said here, one array ahead.
    """
    held: list[np.ndarray] = []
    last_at = last_ns = None
    for rows in stream:
        times_ns = np.ascontiguousarray(rows["now_ns"])
        quotes = np.flatnonzero(rows["kind"] == RowKind.QUOTE)
        if len(quotes):
            _mark(rows, quotes, times_ns)
            if last_ns == times_ns[quotes[0]]:
                held[0]["status"][last_at] = QuoteStatus.MORE_FOLLOW
            yield from held
            held, last_at, last_ns = [rows], quotes[-1], times_ns[quotes[-1]]
        elif held:
            held.append(rows)
        else:
            yield rows
    yield from held


def _mark(rows: np.ndarray, quotes: np.ndarray, times_ns: np.ndarray) -> None:
    """Marks the quotes of an array as if no other array followed."""
    of_quotes_ns = times_ns if len(quotes) == len(rows) else times_ns[quotes]
    more = np.zeros(len(quotes), np.int16)
    more[:-1] = of_quotes_ns[1:] == of_quotes_ns[:-1]
    if len(quotes) == len(rows):
        rows["status"] = more
    else:
        rows["status"][quotes] = more


def _chunks(stream: Iterator[np.ndarray], chunk_rows: int) -> Iterator[np.ndarray]:
    chunk, filled = None, 0
    for rows in stream:
        taken = 0
        while taken < len(rows):
            if chunk is None:
                chunk, filled = np.empty(chunk_rows, rows.dtype), 0
            count = min(len(rows) - taken, chunk_rows - filled)
            opaque(chunk)[filled : filled + count] = opaque(rows[taken : taken + count])
            filled, taken = filled + count, taken + count
            if filled == chunk_rows:
                yield chunk
                chunk = None
    if chunk is not None:
        yield chunk[:filled]


def limited(stream: Iterator[np.ndarray], row_count: int | None, until_ns: int | None) -> Iterator[np.ndarray]:
    """The first `row_count` rows of the stream, of those before `until_ns`; None limits nothing."""
    left = np.inf if row_count is None else row_count
    for rows in stream:
        allowed = len(rows) if until_ns is None else int(np.searchsorted(rows["now_ns"], until_ns, side="left"))
        allowed = int(min(allowed, left))
        if allowed:
            yield rows[:allowed]
        left -= allowed
        if allowed < len(rows) or left == 0:
            return


def rows_within(arrays: Iterable[np.ndarray], duration_ns: int) -> int:
    """How many rows lie before the first one's time plus the duration: generating is faster than any bookkeeping."""
    until_ns, count = None, 0
    for rows in arrays:
        if until_ns is None:
            until_ns = int(rows["now_ns"][0]) + duration_ns
        inside = int(np.searchsorted(rows["now_ns"], until_ns, side="left"))
        count += inside
        if inside < len(rows):
            break
    return count


def opaque(rows: np.ndarray) -> np.ndarray:
    """The same memory as void[n]: what to copy when whole rows are copied."""
    return rows.view(f"V{rows.dtype.itemsize}")


class _Head:
    """What is in hand of one stream: `rows[given:]`."""

    def __init__(self, stream: Iterator[np.ndarray]) -> None:
        self.stream = stream

    def fill(self) -> bool:
        """Takes the stream's next rows in hand; False at its end."""
        self.rows = next((rows for rows in self.stream if len(rows)), None)
        if self.rows is None:
            return False
        self.times_ns = np.ascontiguousarray(self.rows["now_ns"])
        self.last_ns, self.given = int(self.times_ns[-1]), 0
        return True

    def until(self, horizon_ns: int, inclusive: bool) -> np.ndarray:
        """Gives away the rows before the horizon, or up to and at it."""
        start, side = self.given, "right" if inclusive else "left"
        self.given = max(start, int(self.times_ns.searchsorted(horizon_ns, side=side)))
        return self.rows[start : self.given]


def _sorted(pieces: list[np.ndarray]) -> np.ndarray:
    if len(pieces) == 1:
        return pieces[0]
    dtype = pieces[0].dtype
    joined = np.concatenate([opaque(piece) for piece in pieces])
    order = np.argsort(joined.view(dtype)["now_ns"], kind="stable")
    return np.take(joined, order).view(dtype)
