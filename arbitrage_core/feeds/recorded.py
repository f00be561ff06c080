"""The recorded feed: quotes from one or more Parquet files, merged by time, filtered, in bounded memory.

A first pass reads times and names only: it finds the markets and each one's last quote. The second reads the rest.

A market whose quotes end before the stream does gets a FEED ENDED row. Without one an open trade on it would wait for
a fresh book until the session ends, and end there at a price long gone; a live feed would have gone down and said so.
It comes `ended_after_ns` after the market's last quote, when a live session would have noticed, not at once. What it
knows beforehand, and a live session would not, is that the feed does not come back.

Where it is wrong: `now_ns = received_ns = ts_ns`, as if every quote were handed over the moment it was received; a
feed that pauses inside the recording is not said to be down.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.row import FeedStatus, RowKind, row_dtype
from arbitrage_core.feeds.quote_file import CodeOf, QuoteFile
from arbitrage_core.feeds.row_stream import CHUNK_ROWS, limited, merged, opaque, rechunked

ENDED_AFTER_NS = 1_000_000_000
MARKETS_MAX = 2**14


class RecordedQuotes:
    """The quotes of `paths`, as a `Feed`; at equal times in file order, an earlier file's first.

    `venues` and `symbols` choose and number them; None takes all there are, by name. `levels` cuts the books; None
    takes as many as every file has. `duration_ns` and `rows` end the stream early: rows before the first one's time
    plus the duration, the first so many quotes. ENDED rows are not counted by `rows`.

    `markets` are the (venue, symbol) that exist among those chosen, `quote_count` their quotes before any early end.
    Raises BadInput, here for what the first pass sees and in iterating for what the quotes hold.
    """

    def __init__(
        self,
        paths: str | Path | Sequence[str | Path],
        venues: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
        levels: int | None = None,
        *,
        duration_ns: int | None = None,
        rows: int | None = None,
        ended_after_ns: int = ENDED_AFTER_NS,
        chunk_rows: int = CHUNK_ROWS,
    ) -> None:
        listed = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
        _must_differ("file", [str(path.resolve()) for path in listed])
        if not listed:
            raise BadInput("no file of recorded quotes", "name at least one")
        for name, limit in {"duration_ns": duration_ns, "rows": rows, "chunk_rows": chunk_rows}.items():
            if limit is not None and limit < 1:
                raise BadInput(f"{name} = {limit} for recorded quotes", "choose 1 or more")
        if ended_after_ns < 0:
            raise BadInput(f"ended_after_ns = {ended_after_ns}", "choose 0 or more")
        self.duration_ns, self.rows = duration_ns, rows
        self.ended_after_ns, self.chunk_rows = ended_after_ns, chunk_rows
        self.files = [QuoteFile(path) for path in listed]
        self.levels = self._levels_wanted(levels)
        survey = _Survey(self.files)
        self.venues = _chosen("venue", venues, survey.venues.names)
        self.symbols = _chosen("symbol", symbols, survey.symbols.names)
        self._last_ns = {market: ns for market, ns in survey.last_ns.items() if self._wanted(market)}
        self.markets = tuple(sorted(self._last_ns, key=self._indices))
        self.quote_count = sum(survey.counts[market] for market in self.markets)
        if not self.quote_count:
            present = [f"{symbol} on {venue}" for venue, symbol in sorted(survey.counts)]
            raise BadInput(
                f"no quote of {' or '.join(self.symbols)} on {' or '.join(self.venues)} in "
                f"{', '.join(str(path) for path in listed)}",
                f"there are {', '.join(present) or 'no quotes at all'}",
            )
        self.first_ns = min(survey.first_ns[market] for market in self.markets)

    @cached_property
    def _identity(self) -> dict[str, Any]:
        files = [
            {"name": file.path.name, "size_bytes": file.size_bytes, "sha256": file.sha256()}
            | {"first_row": 0, "rows": file.row_count}
            for file in self.files
        ]
        definition = {
            "kind": "recorded",
            "files": files,
            "venues": list(self.venues),
            "symbols": list(self.symbols),
            "levels": self.levels,
            "duration_ns": self.duration_ns,
            "rows": self.rows,
            "ended_after_ns": self.ended_after_ns,
        }
        nameless = [{key: value for key, value in file.items() if key != "name"} for file in files]
        return {**definition, "sha256": digest_of({**definition, "files": nameless})}

    def identity(self) -> dict[str, Any]:
        """Files with size, SHA-256 and range of rows, and what was chosen of them; a file's name is not hashed."""
        return self._identity

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[chunk_rows] arrays, the last one shorter."""
        venue_code, symbol_code = _code_among(self.venues), _code_among(self.symbols)
        streams = [file.rows(venue_code, symbol_code, self.levels) for file in self.files]
        until_ns = None if self.duration_ns is None else self.first_ns + self.duration_ns
        quotes = limited(merged(streams), self.rows, until_ns)
        return rechunked(_with(self._ended_rows(), quotes), self.chunk_rows)

    def _levels_wanted(self, levels: int | None) -> int:
        shallowest = min(self.files, key=lambda file: file.levels)
        if levels is None:
            return shallowest.levels
        if not 1 <= levels <= shallowest.levels:
            raise BadInput(
                f"{levels} levels asked of {shallowest.path}, which has {shallowest.levels}",
                f"ask for 1 to {shallowest.levels}",
            )
        return levels

    def _wanted(self, market: tuple[str, str]) -> bool:
        return market[0] in self.venues and market[1] in self.symbols

    def _indices(self, market: tuple[str, str]) -> tuple[int, int]:
        return self.venues.index(market[0]), self.symbols.index(market[1])

    def _ended_rows(self) -> np.ndarray:
        """FEED ENDED rows by time, of the markets whose quotes end too long before the last of all."""
        stream_end_ns = max(self._last_ns.values())
        ended = [m for m in self.markets if self._last_ns[m] + self.ended_after_ns < stream_end_ns]
        ended.sort(key=lambda market: self._last_ns[market])
        rows = np.zeros(len(ended), row_dtype(self.levels))
        for row, market in zip(rows, ended, strict=True):
            row.now_ns = row.received_ns = self._last_ns[market] + self.ended_after_ns
            row.venue, row.symbol = self._indices(market)
            row.kind, row.status = RowKind.FEED, FeedStatus.ENDED
        return rows


class _Survey:
    """What the first pass finds: names in order of appearance; first, last and number of quotes of each market."""

    def __init__(self, files: Sequence[QuoteFile]) -> None:
        self.venues, self.symbols = _Vocabulary(), _Vocabulary()
        self.first_ns: dict[tuple[str, str], int] = {}
        self.last_ns: dict[tuple[str, str], int] = {}
        self.counts: dict[tuple[str, str], int] = {}
        for file in files:
            for keys in file.keys(self.venues.code, self.symbols.code):
                self._see(keys.ts_ns, keys.venues, keys.symbols)

    def _see(self, ts_ns: np.ndarray, venues: np.ndarray, symbols: np.ndarray) -> None:
        venue_names, symbol_names = self.venues.names, self.symbols.names
        width = len(symbol_names)
        if len(venue_names) * width > MARKETS_MAX:
            raise BadInput(f"{len(venue_names)} venues × {width} symbols", f"at most {MARKETS_MAX} markets")
        markets = venues.astype(np.int64) * width + symbols
        counts = np.bincount(markets, minlength=len(venue_names) * width)
        present = np.flatnonzero(counts)
        first, last = np.empty(len(counts), np.int64), np.empty(len(counts), np.int64)
        last[markets] = ts_ns  # of repeated indices the last one stays
        first[markets[::-1]] = ts_ns[::-1]
        for code in present:
            market = (venue_names[code // width], symbol_names[code % width])
            self.counts[market] = self.counts.get(market, 0) + int(counts[code])
            self.first_ns[market] = min(self.first_ns.get(market, int(first[code])), int(first[code]))
            self.last_ns[market] = max(self.last_ns.get(market, int(last[code])), int(last[code]))


class _Vocabulary:
    """Codes of names, given out as names are first met."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    @property
    def names(self) -> list[str]:
        return list(self._codes)


def _with(extra: np.ndarray, stream: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The stream with the extra rows (sorted) put in: each after the rows of its time, before the first later one."""
    for rows in stream:
        due = int(np.searchsorted(extra["now_ns"], rows["now_ns"][-1], side="left"))
        if due:
            places = np.searchsorted(rows["now_ns"], extra["now_ns"][:due], side="right")
            rows = np.insert(opaque(rows), places, opaque(extra[:due])).view(rows.dtype)
            extra = extra[due:]
        yield rows


def _code_among(names: tuple[str, ...]) -> CodeOf:
    codes = {name: code for code, name in enumerate(names)}
    return lambda name: codes.get(name, -1)


def _chosen(noun: str, wanted: Sequence[str] | None, present: list[str]) -> tuple[str, ...]:
    if wanted is None:
        return tuple(sorted(present))
    _must_differ(noun, list(wanted))
    unknown = [name for name in wanted if name not in present]
    if unknown:
        raise BadInput(f"no {noun} {', '.join(unknown)} in the recording", f"there are {', '.join(sorted(present))}")
    return tuple(wanted)


def _must_differ(noun: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BadInput(f"{noun} named twice: {', '.join(doubled)}", "name each once")
