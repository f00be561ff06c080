"""The row shocks: what each kind of distortion makes of rows, as pure functions.

A shock changes rows in place, at the places given; it adds none, leaves none out, and moves none in time. What it must
know of earlier rows it keeps in `Memory`, so that how rows are batched changes nothing. A quote that is lost becomes a
TIMER row, which decides nothing.

Where they are wrong: a shift multiplies bid and ask alike, so spreads within a book keep their width in bps; prices
leave the venue's tick grid; noise is independent from quote to quote, as real noise is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from arbitrage_core.domain.row import ALL_SYMBOLS, FeedStatus, RowKind
from arbitrage_core.feeds.distortion import Distortion

BPS = 1e-4
PRICES, QUANTITIES = ("bid_px", "ask_px"), ("bid_qty", "ask_qty")
_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
SQRT_3 = 1.7320508075688772


@dataclass
class Memory:
    """What a distortion knows of the rows before: by market its last quote, ROW[1]; by symbol the mid its prices come
    close to; and whether it said that the venue is down."""

    quotes: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    mids: dict[int, float] = field(default_factory=dict)
    said_down: bool = False
    said_up: bool = False


@dataclass(frozen=True)
class Place:
    """Where a distortion applies: indices of venue and symbol (ALL: −1), and seconds since the feed began, f8[n]."""

    venue: int
    symbol: int
    toward: int
    since_s: np.ndarray

    def markets(self, rows: np.ndarray) -> np.ndarray:
        """Which quotes are of the markets meant, whenever: bool[n]."""
        there = rows["kind"] == RowKind.QUOTE
        if self.venue >= 0:
            there &= rows["venue"] == self.venue
        if self.symbol >= 0:
            there &= rows["symbol"] == self.symbol
        return there

    def during(self, one: Distortion) -> np.ndarray:
        """Which rows come while it lasts: bool[n]."""
        return (self.since_s >= one.from_s) & (self.since_s < one.until_s)


Shock = Callable[[Distortion, np.ndarray, Place, Memory], None]


def moved_share(one: Distortion, since_s: np.ndarray) -> np.ndarray:
    """How much of its size a distortion has at each instant, f8[n] in 0 … 1: up its ramp, level, and down again."""
    if one.ramp_s == 0:
        return np.ones(len(since_s))
    return np.clip(np.minimum(since_s - one.from_s, one.until_s - since_s) / one.ramp_s, 0.0, 1.0)


def crossed(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """Bid and ask change places; a book with an empty side has nothing to cross."""
    whole = (rows["bid_px"][:, 0] > 0.0) & (rows["ask_px"][:, 0] > 0.0)
    at = np.flatnonzero(place.markets(rows) & place.during(one) & whole)
    bid_px = rows["bid_px"][at].copy()
    rows["bid_px"][at], rows["ask_px"][at] = rows["ask_px"][at], bid_px


def shifted(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """Every price is multiplied by 1 + size × share."""
    at = np.flatnonzero(place.markets(rows) & place.during(one))
    _scale_prices(rows, at, 1.0 + one.size_bps * BPS * moved_share(one, place.since_s[at]))


def noisy(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """Every price of a quote is multiplied by 1 + size × z, z drawn by (seed, venue, symbol, time)."""
    at = np.flatnonzero(place.markets(rows) & place.during(one))
    normals = _normals(one.seed, rows["venue"][at], rows["symbol"][at], rows["now_ns"][at])
    _scale_prices(rows, at, 1.0 + one.size_bps * BPS * normals)


def thinned(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """Every quantity is multiplied by the factor."""
    at = np.flatnonzero(place.markets(rows) & place.during(one))
    for name in QUANTITIES:
        rows[name][at] *= one.factor


def collapsed(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """A quote's mid comes so close to the last mid of its symbol at venue `toward` that `factor` of the way is left.

    With an empty side the price of the other stands for the mid; a book without any price says nothing.
    """
    bids, asks = rows["bid_px"][:, 0], rows["ask_px"][:, 0]
    priced = (bids > 0.0) | (asks > 0.0)
    quotes = (rows["kind"] == RowKind.QUOTE) & priced
    mids = (bids + asks) / np.where((bids > 0.0) & (asks > 0.0), 2, 1)
    changes = place.markets(rows) & place.during(one) & (rows["venue"] != place.toward) & priced
    for symbol in np.unique(rows["symbol"][quotes]).tolist():
        leads = np.flatnonzero(quotes & (rows["symbol"] == symbol) & (rows["venue"] == place.toward))
        at = np.flatnonzero(changes & (rows["symbol"] == symbol))
        known = np.concatenate(([memory.mids.get(symbol, np.nan)], mids[leads]))
        target = known[np.searchsorted(leads, at)]
        told = np.isfinite(target)
        at, target = at[told], target[told]
        _scale_prices(rows, at, (target + one.factor * (mids[at] - target)) / mids[at])
        if len(leads):
            memory.mids[symbol] = float(mids[leads[-1]])


def frozen(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """A market's last quote from before comes again, with the receipt time it had: its age grows."""
    there, during = place.markets(rows), place.during(one)
    for market in {(int(v), int(s)) for v, s in zip(rows["venue"][there], rows["symbol"][there], strict=True)}:
        mine = there & (rows["venue"] == market[0]) & (rows["symbol"] == market[1])
        sound = np.flatnonzero(mine & (place.since_s < one.from_s))
        if len(sound):
            memory.quotes[market] = rows[sound[-1:]].copy()
        at = np.flatnonzero(mine & during)
        last = memory.quotes.get(market)
        if last is None or not len(at):
            continue
        for name in ("received_ns", "venue_ns", *PRICES, *QUANTITIES):
            rows[name][at] = last[name]


def down(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """The venue's first quote becomes FEED DOWN, its others TIMER rows, and the first one after it is over FEED UP.

    What the venue says of its feeds meanwhile is lost, too; with FEED UP all of them are up.
    """
    here = (rows["venue"] == place.venue) & ((rows["kind"] == RowKind.QUOTE) | (rows["kind"] == RowKind.FEED))
    lost = np.flatnonzero(here & place.during(one))
    _silence(rows, lost)
    if len(lost) and not memory.said_down:
        _say(rows, lost[0], place.venue, FeedStatus.DOWN)
        memory.said_down = True
    after = np.flatnonzero(here & (place.since_s >= one.until_s))
    if len(after) and memory.said_down and not memory.said_up:
        _silence(rows, after[:1])
        _say(rows, after[0], place.venue, FeedStatus.UP)
        memory.said_up = True


def depegged(one: Distortion, rows: np.ndarray, place: Place, memory: Memory) -> None:
    """The currency's rate is multiplied by 1 + size × share."""
    at = np.flatnonzero((rows["kind"] == RowKind.RATE) & place.during(one))
    at = at[rows["currency"][at] == one.currency]
    rows["rate"][at] *= 1.0 + one.size_bps * BPS * moved_share(one, place.since_s[at])


SHOCKS: dict[str, Shock] = {
    "CROSSED": crossed,
    "SHIFTED": shifted,
    "NOISY": noisy,
    "THINNED": thinned,
    "COLLAPSED": collapsed,
    "FROZEN": frozen,
    "DOWN": down,
    "DEPEGGED": depegged,
}


def _scale_prices(rows: np.ndarray, at: np.ndarray, by: np.ndarray) -> None:
    for name in PRICES:
        rows[name][at] *= by[:, np.newaxis]


def _silence(rows: np.ndarray, at: np.ndarray) -> None:
    now_ns = rows["now_ns"][at].copy()
    rows[at] = np.zeros(len(at), rows.dtype)
    rows["now_ns"][at] = rows["received_ns"][at] = now_ns
    rows["kind"][at] = RowKind.TIMER


def _say(rows: np.ndarray, at: int, venue: int, status: FeedStatus) -> None:
    rows["kind"][at], rows["venue"][at], rows["symbol"][at], rows["status"][at] = (
        RowKind.FEED,
        venue,
        ALL_SYMBOLS,
        status,
    )


def _normals(seed: int, venue: np.ndarray, symbol: np.ndarray, now_ns: np.ndarray) -> np.ndarray:
    """f8[n], mean 0 and deviation 1: four uniforms of 16 bits less their mean (Irwin-Hall, within ±3.46), as the
    synthetic market draws; the bits by SplitMix64, so that nothing but the arguments matters."""
    bits = np.full(len(now_ns), seed, np.uint64)
    for part in (venue, symbol, now_ns):
        bits = (bits ^ part.astype(np.int64).view(np.uint64)) + _GOLDEN
        bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
        bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
        bits ^= bits >> np.uint64(31)
    uniforms = sum(((bits >> np.uint64(16 * n)) & np.uint64(0xFFFF)).astype(np.float64) / 65536.0 for n in range(4))
    return (uniforms - 2.0) * SQRT_3
