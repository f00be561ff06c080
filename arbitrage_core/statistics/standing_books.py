"""The standing book: what an order finds at its market at the instant it arrives, looked up in the rows themselves.

Rows at the very instant of an arrival come after it: what is due runs before a row is applied (docs/engine.md §1). An
order without latency arrives between the rows of its instant, so it is given the book it cites.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.row import RowKind

BATCH_ROWS = 65_536
"""Batches are gathered up to at least so many rows: looking up costs by the batch."""

NO_BOOK = -1


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Orders on their way, n of them, by the instant they arrive; int64[n] each but for the prices, float64[n].

    `side`: +1 meets the ask. `at_once` bool[n]: without latency; then `received_ns`, `bid_px` and `ask_px` are those of
    the book it cites.
    """

    arrives_ns: np.ndarray
    symbol: np.ndarray
    venue: np.ndarray
    side: np.ndarray
    at_once: np.ndarray
    received_ns: np.ndarray
    bid_px: np.ndarray
    ask_px: np.ndarray

    def __len__(self) -> int:
        return len(self.arrives_ns)


@dataclass(frozen=True, eq=False)
class StandingBooks:
    """What each of n arrivals meets: `number` int64[n] of the quote among all rows, `NO_BOOK` where there was none;
    `px` and `qty` float64[n, levels] of the side it takes from, prices 0 where the book is crossed and nobody deals.
    `rates` float64[n, currencies], NaN before the first.
    """

    number: np.ndarray
    px: np.ndarray
    qty: np.ndarray
    rates: np.ndarray


def standing_books(
    rows: Iterable[np.ndarray], arrivals: Arrivals, symbols: int, venues: int, currencies: int
) -> StandingBooks:
    """Looks up the book of every arrival in `rows`, batches of `row_dtype(levels)[m]` in their order.

    `symbols`, `venues`, `currencies`: how many the session has; the first currency is the reporting one.
    """
    search = _Search(arrivals, symbols * venues, venues, currencies)
    for batch in _whole_instants(rows):
        search.see(batch)
    return search.end()


class _Search:
    """Goes through the rows once, keeping the last quote of each market and the last rate of each currency."""

    def __init__(self, arrivals: Arrivals, markets: int, venues: int, currencies: int) -> None:
        count = len(arrivals)
        self._arrivals, self._venues, self._rows, self._done = arrivals, venues, 0, 0
        self._markets = arrivals.symbol * venues + arrivals.venue
        self._last: np.ndarray | None = None
        self._last_numbers = np.full(markets, NO_BOOK)
        self._last_rates = np.full(currencies, np.nan)
        self._last_rates[0] = 1.0
        self._number = np.full(count, NO_BOOK)
        self._px = self._qty = np.zeros((count, 1))
        self._rates = np.full((count, currencies), np.nan)

    def see(self, batch: np.ndarray) -> None:
        """A batch that ends where an instant does."""
        if self._last is None:
            self._last = np.zeros(len(self._last_numbers), batch.dtype)
            shape = (len(self._arrivals), batch.dtype["bid_px"].shape[0])
            self._px, self._qty = np.zeros(shape), np.zeros(shape)
        now_ns = np.ascontiguousarray(batch["now_ns"])
        until = int(np.searchsorted(self._arrivals.arrives_ns, now_ns[-1], side="right"))
        places = np.arange(self._done, until)
        due_ns = self._arrivals.arrives_ns[places]
        rows_before = np.where(
            self._arrivals.at_once[places],
            np.searchsorted(now_ns, due_ns, side="right"),
            np.searchsorted(now_ns, due_ns, side="left"),
        )
        self._see_quotes(batch, places, rows_before)
        self._see_rates(batch, places, rows_before)
        self._done, self._rows = until, self._rows + len(batch)

    def end(self) -> StandingBooks:
        """What arrives after the last row meets what stood then."""
        rest = np.arange(self._done, len(self._arrivals))
        self._take_last(rest)
        self._rates[rest] = self._last_rates
        return StandingBooks(self._number, self._px, self._qty, self._rates)

    def _see_quotes(self, batch: np.ndarray, places: np.ndarray, rows_before: np.ndarray) -> None:
        quotes = np.flatnonzero(batch["kind"] == RowKind.QUOTE)
        markets = batch["symbol"][quotes].astype(np.int64) * self._venues + batch["venue"][quotes]
        by_market = np.argsort(markets, kind="stable")
        quotes, markets = quotes[by_market], markets[by_market]
        wanted, span = self._markets[places], len(batch) + 1
        found = np.searchsorted(markets * span + quotes, wanted * span + rows_before, side="left") - 1
        for index in np.flatnonzero(self._arrivals.at_once[places]).tolist():
            found[index] = self._cited(batch, quotes, markets, found[index], places[index])
        known = np.zeros(len(places), bool)
        if len(quotes):
            known = (found >= 0) & (markets[found] == wanted)
        at = quotes[found[known]]
        self._take(places[known], batch[at], self._rows + at)
        self._take_last(places[~known])
        if len(quotes):
            lasts = np.flatnonzero(np.append(markets[1:] != markets[:-1], True))
            self._last[markets[lasts]] = batch[quotes[lasts]]
            self._last_numbers[markets[lasts]] = self._rows + quotes[lasts]

    def _cited(self, batch: np.ndarray, quotes: np.ndarray, markets: np.ndarray, at: int, place: int) -> int:
        """From quote `at` back, within the instant of the arrival, to the one it cites."""
        ours = self._arrivals
        while at >= 0 and markets[at] == self._markets[place]:
            quote = batch[quotes[at]]
            cited = (ours.received_ns[place], ours.bid_px[place], ours.ask_px[place])
            if quote["now_ns"] < ours.arrives_ns[place]:
                break
            if (quote["received_ns"], quote["bid_px"][0], quote["ask_px"][0]) == cited:
                break
            at -= 1
        return at

    def _take(self, places: np.ndarray, quotes: np.ndarray, numbers: np.ndarray) -> None:
        buys = (self._arrivals.side[places] > 0)[:, None]
        bid_px, ask_px = quotes["bid_px"][:, :1], quotes["ask_px"][:, :1]
        crossed = (bid_px > 0.0) & (ask_px > 0.0) & ~(bid_px < ask_px)
        self._px[places] = np.where(crossed, 0.0, np.where(buys, quotes["ask_px"], quotes["bid_px"]))
        self._qty[places] = np.where(buys, quotes["ask_qty"], quotes["bid_qty"])
        self._number[places] = numbers

    def _take_last(self, places: np.ndarray) -> None:
        if self._last is not None and len(places):
            self._take(places, self._last[self._markets[places]], self._last_numbers[self._markets[places]])

    def _see_rates(self, batch: np.ndarray, places: np.ndarray, rows_before: np.ndarray) -> None:
        if len(self._last_rates) == 1:
            self._rates[places] = self._last_rates
            return
        told = np.flatnonzero(batch["kind"] == RowKind.RATE)
        for currency in range(len(self._last_rates)):
            mine = told[batch["currency"][told] == currency]
            rates = np.concatenate([[self._last_rates[currency]], batch["rate"][mine]])
            self._rates[places, currency] = rates[np.searchsorted(mine, rows_before, side="left")]
            self._last_rates[currency] = rates[-1]


def _whole_instants(rows: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The rows in larger batches, none of which ends in the middle of an instant."""
    waiting: list[np.ndarray] = []
    for batch in rows:
        if not len(batch):
            continue
        waiting.append(batch)
        if sum(map(len, waiting)) < BATCH_ROWS:
            continue
        joined = _joined(waiting)
        cut = int(np.searchsorted(joined["now_ns"], joined["now_ns"][-1], side="left"))
        waiting = [joined[cut:]]
        if cut:
            yield joined[:cut]
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[np.ndarray]) -> np.ndarray:
    """As one array. By their bytes, because the payloads of a row overlap."""
    if len(batches) == 1:
        return batches[0]
    opaque = f"V{batches[0].dtype.itemsize}"
    return np.concatenate([np.ascontiguousarray(batch).view(opaque) for batch in batches]).view(batches[0].dtype)
