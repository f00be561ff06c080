"""The fit of rows and settings: what a session on them could not do, said before it starts.

Each is right by itself: a file with a quote every two seconds, a book that counts as stale after one; a tick of one
market, set for all. Together they trade nothing, or at prices that are none.

Where it is wrong: prices are looked at in the first `LOOK_ROWS` rows only.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.size import LOTS_MAX
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.overlap import span
from arbitrage_core.feeds.survey import Market, MarketName

LOOK_ROWS = 1 << 20
"""So many rows are looked through for prices, if a tick is set."""
NS_PER_MS = 1_000_000
GUARDS = ("quote_age_max_ms", "skew_max_ms", "frozen_max_ms")
"""Settings that a market's quotes must come within, or its book counts as stale, apart from the other, or frozen."""
UNIT_DOUBTED_NS = 10_000_000_000
"""Quotes so far apart are more often a time in another unit than a market."""
TYPICAL, NEARLY_ALL = 0.5, 0.9
OFF_TICK_SHARE = 0.5
"""Of the prices: when more are no multiples of the tick, it is not the market's."""
TICK_COARSE_SHARE = 0.01
"""Of a price: a tick that is not the market's and more than this moves every order away from its price."""
TICK_SLACK = 1e-6
"""Of a tick: what a price stored as a float may be off it, with `FLOAT_SLACK` of the price."""
FLOAT_SLACK = 1e-12
NOTES_MAX = 6


def rows_notes(config: SessionConfig, feed: Feed) -> tuple[str, ...]:
    """What the operator should know of these rows under these settings, the feed's own notes first, a line each.

    Raises BadInput for a tick that a price of its market cannot be a multiple of, and for more lots than are countable.
    """
    _sizes_must_be_countable(config, feed)
    surveyed: Mapping[MarketName, Market] = getattr(feed, "surveyed", {})
    own = [*_cadence_notes(config, surveyed), *_tick_notes(config, feed)]
    more = [f"and {len(own) - NOTES_MAX:,} more of this kind"] if len(own) > NOTES_MAX else []
    return (*getattr(feed, "notes", ()), *own[:NOTES_MAX], *more)


# ------------------------------------------------------------------------------------------------------- cadence


def _cadence_notes(config: SessionConfig, surveyed: Mapping[MarketName, Market]) -> Iterator[str]:
    """Of the markets whose quotes come further apart than their guards allow, the one furthest apart."""
    coarse: list[tuple[int, MarketName]] = []
    for name, market in surveyed.items():
        typical = market.interval_ns(TYPICAL)
        if typical is not None and _guards_below(config, name, typical[0]):
            coarse.append((typical[1], name))
    if not coarse:
        return
    typical_ns, (venue, symbol) = max(coarse)
    _, widest_ns = surveyed[venue, symbol].interval_ns(NEARLY_ALL) or (0, typical_ns)
    guards = _guards_below(config, (venue, symbol), typical_ns)
    limits = ", ".join(f"{guard} = {getattr(config.params_of(symbol), guard):g}" for guard in guards)
    fitting = " ".join(f"--set {guard}={_rounded_up(widest_ns / NS_PER_MS):g}" for guard in guards)
    others = f", and so {len(coarse) - 1:,} more," if len(coarse) > 1 else ""
    doubt = "; or are its times in another unit?" if typical_ns > UNIT_DOUBTED_NS else ""
    yield (
        f"{symbol} on {venue}{others} is quoted every {span(typical_ns)} or so, and {limits}: for much of the "
        f"time its book may not be relied on, and nothing is done on it; {fitting} would fit{doubt}"
    )


def _guards_below(config: SessionConfig, name: MarketName, interval_ns: int) -> list[str]:
    params = config.params_of(name[1])
    limits = {guard: getattr(params, guard) for guard in GUARDS}
    return [guard for guard, limit_ms in limits.items() if limit_ms != "off" and limit_ms * NS_PER_MS < interval_ns]


def _rounded_up(value: float) -> float:
    """To two digits."""
    step = 10.0 ** (np.floor(np.log10(value)) - 1)
    return float(np.ceil(value / step) * step)


# ---------------------------------------------------------------------------------------------------------- size


def _sizes_must_be_countable(config: SessionConfig, feed: Feed) -> None:
    """A size by `notional_quote` in lots, at the first price its symbol shows, of those in the feed's first array."""
    rows = next(iter(feed), None)
    if rows is None:
        return
    asks = np.where(rows["kind"] == RowKind.QUOTE, rows["ask_px"][:, 0], 0.0)
    for place, symbol in enumerate(feed.symbols):
        notional_quote, px = config.params_of(symbol).notional_quote, asks[(rows["symbol"] == place) & (asks > 0.0)]
        if notional_quote is None or not len(px):
            continue
        lot_base, size_base = config.lot_base(symbol), notional_quote / float(px[0])
        if size_base / lot_base > LOTS_MAX:
            size = f"{notional_quote:g} {config.reporting_currency} of {symbol} at {px[0]:g}"
            raise BadInput(
                f"{size} are more lots of {lot_base:g} than can be counted",
                f"give its markets a larger lot, e.g. --set lot={_lot_fitting(size_base):g}",
            )


def _lot_fitting(size_base: float) -> float:
    """A power of ten of which a size is a billion lots or more."""
    return float(10.0 ** np.floor(np.log10(size_base) - 9))


# ---------------------------------------------------------------------------------------------------------- tick


def _tick_notes(config: SessionConfig, feed: Feed) -> Iterator[str]:
    ticks = np.zeros((len(feed.venues), len(feed.symbols)))
    for market in config.markets:
        ticks[feed.venues.index(market.venue), feed.symbols.index(market.symbol)] = market.tick
    if not ticks.any():
        return
    prices = _prices_by_market(feed, ticks)
    for (venue, symbol), px in prices.items():
        key, tick = f"{feed.venues[venue]}.{feed.symbols[symbol]}", ticks[venue, symbol]
        steps, lowest = px / tick, px.min()
        off = np.abs(steps - np.rint(steps)) > TICK_SLACK + FLOAT_SLACK * steps
        strange = off.mean() > OFF_TICK_SHARE
        if lowest < tick * (1.0 - TICK_SLACK) or (strange and tick > TICK_COARSE_SHARE * lowest):
            raise BadInput(
                f"tick = {tick:g} of market {key}, which is quoted at {lowest:g}: its prices are no multiples of it",
                f"give each market its own, this one by --set market.{key}.tick=…",
            )
        if strange:
            yield (
                f"tick = {tick:g} of market {key}: {off.mean():.0%} of its prices are no multiples of it, the first "
                f"{px[np.argmax(off)]:.10g}; orders are rounded to it, by up to {tick / lowest * 1e4:.3g} bps"
            )


def _prices_by_market(feed: Feed, ticks: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """f8[n] best prices of each market (indices of venue and symbol) that has a tick, of the first rows."""
    found: dict[tuple[int, int], list[np.ndarray]] = {}
    looked = 0
    for rows in feed:
        quotes = rows["kind"] == RowKind.QUOTE
        codes = rows["venue"].astype(np.int64) * len(feed.symbols) + rows["symbol"]
        best = (np.ascontiguousarray(rows["bid_px"][:, 0]), np.ascontiguousarray(rows["ask_px"][:, 0]))
        for code in np.unique(codes[quotes]).tolist():
            market = divmod(code, len(feed.symbols))
            mine = quotes & (codes == code) if ticks[market] > 0.0 else None
            if mine is not None:
                found.setdefault(market, []).extend(px[mine & (px > 0.0)] for px in best)
        looked += len(rows)
        if looked >= LOOK_ROWS:
            break
    joined = {market: np.concatenate(parts) for market, parts in found.items()}
    return {market: px for market, px in joined.items() if len(px)}
