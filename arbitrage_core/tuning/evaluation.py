"""The evaluation: many parameter sets over the same rows, the full engine for each, in threads of compiled code.

Each set leaves the state that a backtest of it leaves, byte for byte. Rows and their envelope are in memory once and
shared; folds run outside Python's lock, so that threads use every core.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.row import with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.params import shape_of
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.binding import Notice
from arbitrage_core.tuning.envelope import Envelope
from arbitrage_core.tuning.figures import Figures, TradeColumns, figures_of
from arbitrage_core.tuning.leaping_session import LeapingSession
from arbitrage_core.tuning.splits import WalkForward


@dataclass(frozen=True)
class Evaluation:
    """What a set did. `failure` says why it was stopped; then there are no figures.

    in_sample, out_of_sample  those of the last split: all rows before the last piece, and that piece
    splits                    both, of every split
    period_pnl_quote          profit of every period of the rows
    """

    config_digest: str
    state_hash: str
    in_sample: Figures
    out_of_sample: Figures
    splits: tuple[tuple[Figures, Figures], ...]
    period_pnl_quote: tuple[float, ...]
    failure: str | None = None


class Evaluator:
    """Rows, ready to be traded with any parameter sets; from several threads at once.

    All sets must have the venues, symbols and markets of the first. Raises BadInput for no rows, or
    for too short a time to be split.
    """

    def __init__(self, feed: Feed, walk_forward: WalkForward) -> None:
        self.data_digest, self.walk_forward = data_digest(feed), walk_forward
        self._rows = joined(feed)
        self._around: dict[object, tuple[np.ndarray, Envelope]] = {}
        times = self._rows["now_ns"]
        self._first_ns, self._last_ns = int(times[0]), int(times[-1])
        self.splits = walk_forward.splits(self._first_ns, self._last_ns)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @cached_property
    def edges_ns(self) -> np.ndarray:
        """Where the periods begin and end."""
        return self.walk_forward.edges_ns(self._first_ns, self._last_ns)

    def prepare(self, config: SessionConfig, notice: Notice | None = None) -> None:
        """Compiles the engine and makes the envelope that this set needs. Call before evaluating in threads."""
        session = LeapingSession(config, config.session_key(self.data_digest), notice=notice)
        rates = session.state[0].symbols["rates"][: len(config.symbols)]
        key = (session.shape.venues, session.shape.levels)
        if key not in self._around:
            rows = with_levels(self._rows, session.shape.levels)
            self._around[key] = rows, Envelope.of(rows, rates)

    def evaluate(self, configs: Sequence[SessionConfig], threads: int | None = None) -> list[Evaluation]:
        """Each of the sets, in the order given. Raises BadInput for sets that do not trade the same markets."""
        if not configs:
            return []
        first = markets_of(configs[0])
        for config in configs:
            if markets_of(config) != first:
                raise BadInput("parameter sets over the same rows must trade the same markets", "vary other parameters")
        for config in {(shape_of(config), config.strategy): config for config in configs}.values():
            self.prepare(config)
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as at_once:
            return list(at_once.map(self.evaluate_one, configs))

    def run(self, config: SessionConfig) -> LeapingSession:
        """The session of one set, run to its end. Raises AnomalyFound."""
        session = LeapingSession(config, config.session_key(self.data_digest))
        rows, around = self._around[session.shape.venues, session.shape.levels]
        session.run(rows, around)
        session.end()
        return session

    def evaluate_one(self, config: SessionConfig) -> Evaluation:
        """One set; the engine must have been prepared for it."""
        try:
            session = self.run(config)
        except AnomalyFound as anomaly:
            return Evaluation(config.digest, "", {}, {}, (), (), failure=str(anomaly))
        trades = TradeColumns.of(session.log.trades, booking_unit(config.reporting_currency))
        edges_ns = self.edges_ns
        splits = tuple(
            (figures_of(trades, split.in_sample, edges_ns), figures_of(trades, split.out_of_sample, edges_ns))
            for split in self.splits
        )
        profits = tuple(trades.by_period(edges_ns).tolist())
        return Evaluation(config.digest, session.state_hash, *splits[-1], splits, profits)


def markets_of(config: SessionConfig) -> tuple[object, ...]:
    """What decides which rows mean what: venues, symbols, and the kind and currency of each market."""
    return (
        tuple(venue.name for venue in config.venues),
        config.symbols,
        config.levels,
        config.reporting_currency,
        tuple((market.venue, market.symbol, market.quote_currency) for market in config.markets),
    )


def joined(feed: Iterable[np.ndarray]) -> np.ndarray:
    """All rows of a feed in one array. Raises BadInput when there are none."""
    parts = list(feed)
    if not parts:
        raise BadInput("there are no rows to tune on", "choose more of the data")
    return np.concatenate([opaque(rows) for rows in parts]).view(parts[0].dtype)
