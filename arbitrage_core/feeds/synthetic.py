"""The synthetic feed: seeded quotes of N venues × M symbols, generated in bulk.

A symbol's rows follow from (its market, seed, symbol name, number of venues, depth) and nothing else: among fifty it
has the same rows, time stamps included, as alone; the feed merges the symbols by time and takes the first so many rows.
A deeper book has the same prices and the same first levels. `synthetic_market.py` says what the process is,
`synthetic_process.py` where it is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of, key_of
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.feeds.row_stream import CHUNK_ROWS, limited, merged, rechunked
from arbitrage_core.feeds.synthetic_market import SyntheticMarket
from arbitrage_core.feeds.synthetic_process import PROCESS, PROCESS_STATE, PROCESS_VENUES_MAX, quotes_with

GENERATOR_VERSION = 1
"""Part of every identity: raise it with any change that gives other rows, NumPy's own streams included."""

START_NS = 1_704_067_200_000_000_000
"""2024-01-01T00:00:00Z."""

START_PRICES = {"BTC/USDT": 60_000.0, "ETH/USDT": 3_000.0, "SOL/USDT": 150.0}
OTHER_START_PRICES = (0.08, 0.5, 2.0, 8.0, 35.0, 120.0, 500.0)
"""A symbol not named above starts at one of these, chosen by its key."""

BLOCK_DRAWS = 4096
SYMBOLS_MAX = 64
LEVELS_MAX = 20
LOTS_PER_UNIT = 1e5
ROWS_MAX = 2**40
PRICE_DECIMALS_MAX = 12
_MARKET_STREAM, _FIRST_LEVEL_STREAM = 0, 1


class SyntheticQuotes:
    """The first `rows` quotes of a synthetic market, as a `Feed`; symbols in `markets` have one of their own.

    Memory: one block of at most 4,096 rows a symbol and one array of `chunk_rows`. Raises BadInput when names are
    doubled or too many, or a number is out of its range.
    """

    def __init__(
        self,
        market: SyntheticMarket,
        *,
        venues: Sequence[str],
        symbols: Sequence[str],
        rows: int,
        seed: int = 0,
        levels: int = 1,
        chunk_rows: int = CHUNK_ROWS,
        markets: Mapping[str, SyntheticMarket] | None = None,
    ) -> None:
        self.market, self.venues, self.symbols = market, tuple(venues), tuple(symbols)
        self.markets_of_their_own = dict(markets or {})
        self.rows, self.seed, self.levels, self.chunk_rows = rows, seed, levels, chunk_rows
        _names_must_fit("venue", self.venues, 2, PROCESS_VENUES_MAX)
        _names_must_fit("symbol", self.symbols, 1, SYMBOLS_MAX)
        strangers = sorted(set(self.markets_of_their_own) - set(self.symbols))
        if strangers:
            raise BadInput(f"a market for {', '.join(strangers)}", f"the symbols are {', '.join(self.symbols)}")
        _must_lie("rows", rows, 1, ROWS_MAX)
        _must_lie("seed", seed, 0, 2**63 - 1)
        _must_lie("levels", levels, 1, LEVELS_MAX)
        _must_lie("chunk_rows", chunk_rows, 1, 2**24)

    def identity(self) -> dict[str, Any]:
        """The definition the rows follow from, and its SHA-256."""
        definition = {
            "kind": "synthetic",
            "generator_version": GENERATOR_VERSION,
            "market": self.market.definition(),
            "seed": self.seed,
            "rows": self.rows,
            "levels": self.levels,
            "venues": list(self.venues),
            "symbols": list(self.symbols),
        }
        if self.markets_of_their_own:
            definition["markets"] = {name: own.definition() for name, own in sorted(self.markets_of_their_own.items())}
        return {**definition, "sha256": digest_of(definition)}

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[chunk_rows] arrays, the last one shorter."""
        streams = [self._symbol_rows(symbol) for symbol in range(len(self.symbols))]
        return rechunked(limited(merged(streams), self.rows, None), self.chunk_rows)

    def _symbol_rows(self, symbol: int) -> Iterator[np.ndarray]:
        """The endless rows of one symbol, a block of draws at a time."""
        name, venue_count = self.symbols[symbol], len(self.venues)
        process = process_of(self.markets_of_their_own.get(name, self.market), name, symbol, venue_count)
        state = np.zeros(1, PROCESS_STATE)
        state["now_ns"], state["mid"] = START_NS, process["price_start"]
        state["venues"]["updated_ns"] = START_NS
        draw = generator(self.seed, name, _MARKET_STREAM)
        level_draws = [generator(self.seed, name, _FIRST_LEVEL_STREAM + level) for level in range(self.levels)]
        dtype, depth = row_dtype(self.levels), np.empty((self.levels, 2, BLOCK_DRAWS), np.int64)
        write_quotes = quotes_with(self.levels)
        while True:
            exponentials = draw.standard_exponential(BLOCK_DRAWS)
            normals = draw.standard_normal((2, BLOCK_DRAWS))
            chances = draw.random(BLOCK_DRAWS)
            bits = _bits(draw, BLOCK_DRAWS)
            for level, level_draw in enumerate(level_draws):
                depth[level] = _bits(level_draw, (2, BLOCK_DRAWS))
            rows = np.empty(BLOCK_DRAWS, dtype)
            count = write_quotes(process, state, rows, exponentials, normals, chances, bits, depth)
            yield rows[:count]


def synthetic_identity(
    market: SyntheticMarket, *, seed: int, rows: int, venues: Sequence[str], symbols: Sequence[str], levels: int = 1
) -> str:
    """SHA-256 of what such a feed's rows follow from, without generating any."""
    feed = SyntheticQuotes(market, venues=venues, symbols=symbols, rows=rows, seed=seed, levels=levels)
    return feed.identity()["sha256"]


def generator(seed: int, symbol: str, stream: int) -> np.random.Generator:
    """The draws of one symbol: stream 0 for its market, stream 1 + i for the quantities of level i."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key_of(symbol), stream))))


def process_of(market: SyntheticMarket, name: str, symbol: int, venue_count: int) -> np.ndarray:
    """PROCESS[1]: the market of one symbol in the units the process works in."""
    price = start_price(name)
    process = np.zeros(1, PROCESS)
    one = process[0]
    one.venues, one.symbol, one.price_start = venue_count, symbol, price
    one.ticks_per_unit, one.lots_per_unit = _ticks_per_unit(price * market.tick_bps * 1e-4), LOTS_PER_UNIT
    one.level_step_ticks = max(1.0, np.rint(price * market.level_step_bps * 1e-4 * one.ticks_per_unit))
    one.level_qty, one.level_sigma = market.level_notional_quote / price, market.level_sigma
    one.update_gap_s = 1.0 / (market.updates_per_s * venue_count)
    one.volatility = market.volatility_bps * 1e-4
    one.half_spreads[:] = market.half_spread_bps * 1e-4 * np.array([1.0, market.stressed_spread_factor])
    one.premium_sds[:] = market.premium_sd_bps * 1e-4 * np.array([1.0, market.stressed_premium_factor])
    one.jump_rates[:] = market.jumps_per_s * np.array([1.0, market.stressed_jump_factor])
    one.switch_rates[:] = 1.0 / market.calm_mean_s, 1.0 / market.stressed_mean_s
    one.premium_reversion_s = market.premium_reversion_s
    one.jump_min, one.jump_width = market.jump_min_bps * 1e-4, (market.jump_max_bps - market.jump_min_bps) * 1e-4
    one.jump_reverting_share = market.jump_reverting_share
    one.jump_decay_s, one.jump_persistence_s = market.jump_decay_s, market.jump_persistence_s
    one.gap_rate, one.gap_mean_s = market.gaps_per_s, market.gap_mean_s
    one.thin_rate, one.thin_mean_s, one.thin_factor = market.thin_per_s, market.thin_mean_s, market.thin_factor
    one.halt_rate, one.halt_mean_s = market.halts_per_s, market.halt_mean_s
    return process


def start_price(symbol: str) -> float:
    """The price a symbol's mid starts from."""
    return START_PRICES.get(symbol) or OTHER_START_PRICES[key_of(symbol) % len(OTHER_START_PRICES)]


def _bits(draw: np.random.Generator, shape: int | tuple[int, int]) -> np.ndarray:
    return draw.integers(0, 2**64, shape, dtype=np.uint64).view(np.int64)


def _ticks_per_unit(tick_most: float) -> float:
    """10^n with the smallest n ≥ 0 such that 10^-n is at most `tick_most`."""
    return next((10.0**n for n in range(PRICE_DECIMALS_MAX) if 10.0**-n <= tick_most), 10.0**PRICE_DECIMALS_MAX)


def _names_must_fit(noun: str, names: tuple[str, ...], least: int, most: int) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or "" in names:
        raise BadInput(f"{noun} named twice or empty: {', '.join(doubled)}", f"name each {noun} once")
    if not least <= len(names) <= most:
        raise BadInput(f"{len(names)} {noun}s for a synthetic market", f"name {least} to {most}")


def _must_lie(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise BadInput(f"{name} = {value} for a synthetic market", f"choose {least} to {most}")
