"""The survey: what a first pass over recordings finds by times and names alone.

Which markets there are, when each was first and last quoted, how many quotes it has, and how far apart they come.

Where it is wrong: how far apart is known to a quarter of an octave (`Market.interval_ns` gives both ends); of a
market that stands in several files at once the intervals are those within each file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.quote_file import QuoteFile

MARKETS_MAX = 2**14
BINS = 256
"""Of intervals: four an octave, by exponent and the first two bits of the mantissa of their float64."""
_MANTISSA_BITS_LEFT_OUT = 50
_FIRST_BIN = 1023 * 4

MarketName = tuple[str, str]
"""(venue, symbol)."""


@dataclass
class Market:
    """What is known of one market: nanoseconds of its first and last quote, how many it has, and i8[BINS] intervals."""

    first_ns: int
    last_ns: int
    count: int = 0
    bins: np.ndarray = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def interval_ns(self, share: float) -> tuple[int, int] | None:
        """Between which two lengths of time lies the interval that this share of them does not exceed; quotes of one
        instant are counted as one. None: there is no interval."""
        total = int(self.bins.sum())
        if not total:
            return None
        at = int(np.searchsorted(np.cumsum(self.bins), share * total))
        edges = (np.array([at, at + 1], np.int64) + _FIRST_BIN) << _MANTISSA_BITS_LEFT_OUT
        least, most = edges.view(np.float64).tolist()
        return int(least), int(most)


class Survey:
    """The first pass over `files`: `venues` and `symbols` in order of appearance, `markets` by (venue, symbol).

    Raises BadInput for what a file's keys refuse, and for more markets than can be numbered.
    """

    def __init__(self, files: Sequence[QuoteFile]) -> None:
        self._venues, self._symbols = _Vocabulary("venues"), _Vocabulary("symbols")
        self.markets: dict[MarketName, Market] = {}
        for file in files:
            previous: dict[MarketName, int] = {}
            for keys in file.keys(self._venues.code, self._symbols.code):
                self._see(keys.ts_ns, keys.venues, keys.symbols, previous)

    @property
    def venues(self) -> list[str]:
        """Names in order of appearance."""
        return self._venues.names

    @property
    def symbols(self) -> list[str]:
        """Names in order of appearance."""
        return self._symbols.names

    def _see(self, ts_ns: np.ndarray, venues: np.ndarray, symbols: np.ndarray, previous: dict[MarketName, int]) -> None:
        """A batch of one file, times sorted. `previous`: each market's last quote in this file so far."""
        width = len(self._symbols)
        if len(self._venues) * width > MARKETS_MAX:
            raise _too_many(f"{len(self._venues):,} venues × {width:,} symbols")
        codes = (venues.astype(np.int32) * width + symbols).astype(np.int16)  # few bits: sorted by radix
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes, minlength=len(self._venues) * width)
        present = np.flatnonzero(counts)
        ends = np.cumsum(counts[present])
        starts = ends - counts[present]
        sorted_ns = ts_ns[order]
        bins = _binned(sorted_ns, starts, np.repeat(np.arange(len(present)), counts[present]))
        for at, (code, start, end) in enumerate(zip(present.tolist(), starts.tolist(), ends.tolist(), strict=True)):
            name = (self._venues.names[code // width], self._symbols.names[code % width])
            first_ns, last_ns = int(sorted_ns[start]), int(sorted_ns[end - 1])
            market = self.markets.setdefault(name, Market(first_ns, last_ns))
            market.first_ns, market.last_ns = min(market.first_ns, first_ns), max(market.last_ns, last_ns)
            market.count += end - start
            market.bins += bins[at]
            if first_ns > previous.get(name, first_ns):
                market.bins[_bins_of(np.array([first_ns - previous[name]]))[0]] += 1
            previous[name] = last_ns


def _binned(sorted_ns: np.ndarray, starts: np.ndarray, markets: np.ndarray) -> np.ndarray:
    """i8[markets, BINS]: of times sorted by market and time, how many intervals of each length; none of length 0."""
    intervals_ns = np.diff(sorted_ns, prepend=sorted_ns[:1])
    intervals_ns[starts] = 0
    places = _bins_of(intervals_ns) + markets * BINS
    if not intervals_ns.all():
        places = places[intervals_ns > 0]
    return np.bincount(places, minlength=len(starts) * BINS).reshape(len(starts), BINS)


def _bins_of(intervals_ns: np.ndarray) -> np.ndarray:
    return (intervals_ns.astype(np.float64).view(np.int64) >> _MANTISSA_BITS_LEFT_OUT) - _FIRST_BIN


class _Vocabulary:
    """Codes of names, given out as names are first met; no more of them than markets can be numbered."""

    def __init__(self, noun: str) -> None:
        self._noun, self._codes, self.names = noun, {}, []

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
            if code >= MARKETS_MAX:
                raise _too_many(f"more than {MARKETS_MAX:,} {self._noun}")
        return code


def _too_many(what: str) -> BadInput:
    return BadInput(
        f"{what} in the recording, more markets than can be told apart",
        f"at most {MARKETS_MAX:,} markets: keep the rows of those to trade; is a column what its name says?",
    )
