"""The recorded feed: quotes from one or more Parquet files, merged by time, filtered, in bounded memory.

A first pass reads times and names only (`survey.py`): it finds the markets, and what is to be said of them before any
row is traded. The second reads the rest.

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
from arbitrage_core.feeds.overlap import overlap_notes
from arbitrage_core.feeds.pairing import paired_names
from arbitrage_core.feeds.quote_file import CodeOf, QuoteFile
from arbitrage_core.feeds.row_stream import CHUNK_ROWS, limited, merged, opaque, rechunked
from arbitrage_core.feeds.survey import MarketName, Survey

ENDED_AFTER_NS = 1_000_000_000
NOTES_MAX = 6
"""So many things are said of a recording; of more, how many more there are."""


class RecordedQuotes:
    """The quotes of `paths`, as a `Feed`; at equal times in file order, an earlier file's first.

    `venues` and `symbols` choose and number them; None takes all there are, by name. `levels` cuts the books; None
    takes as many as every file has. `duration_ns` and `rows` end the stream early: rows before the first one's time
    plus the duration, the first so many quotes. ENDED rows are not counted by `rows`.

    `paired`: for an arbitrage, which needs a symbol on two venues; what no other venue quotes is left out unless named.

    `markets` are the (venue, symbol) that exist among those chosen, `surveyed` what the first pass found of each,
    `quote_count` their quotes before any early end, `notes` what an operator should know of them, a line each.
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
        paired: bool = False,
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
        survey = Survey(self.files)
        self.venues = _chosen("venue", venues, survey.venues)
        self.symbols = _chosen("symbol", symbols, survey.symbols)
        notes: list[str] = []
        if paired and any(self._wanted(market) for market in survey.markets):
            named = {"venues_named": venues is not None, "symbols_named": symbols is not None}
            self.venues, self.symbols, notes = paired_names(survey.markets, self.venues, self.symbols, **named)
        self.surveyed = {name: market for name, market in survey.markets.items() if self._wanted(name)}
        self.markets = tuple(sorted(self.surveyed, key=self._indices))
        self.quote_count = sum(market.count for market in self.surveyed.values())
        if not self.quote_count:
            present = [f"{symbol} on {venue}" for venue, symbol in sorted(survey.markets)]
            raise BadInput(
                f"no quote of {' or '.join(self.symbols)} on {' or '.join(self.venues)} in "
                f"{', '.join(str(path) for path in listed)}",
                f"there are {', '.join(present) or 'no quotes at all'}",
            )
        self.first_ns = min(market.first_ns for market in self.surveyed.values())
        self._until_ns = None if duration_ns is None else self.first_ns + duration_ns
        notes += overlap_notes(self.surveyed, self.venues, self.symbols, self._until_ns)
        self.notes = _at_most(notes, NOTES_MAX)

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
        quotes = limited(merged(streams), self.rows, self._until_ns)
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

    def _wanted(self, market: MarketName) -> bool:
        return market[0] in self.venues and market[1] in self.symbols

    def _indices(self, market: MarketName) -> tuple[int, int]:
        return self.venues.index(market[0]), self.symbols.index(market[1])

    def _ended_rows(self) -> np.ndarray:
        """FEED ENDED rows by time, of the markets whose quotes end too long before the last of all."""
        last_ns = {name: market.last_ns for name, market in self.surveyed.items()}
        stream_end_ns = max(last_ns.values())
        ended = [m for m in self.markets if last_ns[m] + self.ended_after_ns < stream_end_ns]
        ended.sort(key=lambda market: last_ns[market])
        rows = np.zeros(len(ended), row_dtype(self.levels))
        for row, market in zip(rows, ended, strict=True):
            row.now_ns = row.received_ns = last_ns[market] + self.ended_after_ns
            row.venue, row.symbol = self._indices(market)
            row.kind, row.status = RowKind.FEED, FeedStatus.ENDED
        return rows


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


def _at_most(notes: list[str], most: int) -> tuple[str, ...]:
    more = len(notes) - most
    return tuple(notes) if more <= 0 else (*notes[:most], f"and {more:,} more of this kind")
