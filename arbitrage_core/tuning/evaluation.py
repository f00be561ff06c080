"""The evaluation: many parameter sets over the same rows, the full engine for each, in threads of compiled code.

Each set leaves the state that a backtest of it leaves, byte for byte, on the rows as they are and under each scenario.
Rows and envelopes are in memory once and shared; folds run outside Python's lock, so that threads use every core.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.params import shape_of
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.binding import Notice
from arbitrage_core.tuning.bar import Bar
from arbitrage_core.tuning.course import BASELINE, Course, courses_of
from arbitrage_core.tuning.figures import Figures, TradeColumns, figures_of
from arbitrage_core.tuning.leaping_session import LeapingSession, used_output
from arbitrage_core.tuning.splits import WalkForward
from arbitrage_core.tuning.worst_case import worst_case, worst_scenario


@dataclass(frozen=True)
class Conduct:
    """What a set did on one course.

    in_sample, out_of_sample  those of the last split: all rows before the last piece, and that piece
    splits                    both, of every split
    """

    state_hash: str
    in_sample: Figures
    out_of_sample: Figures
    splits: tuple[tuple[Figures, Figures], ...]


@dataclass(frozen=True)
class Evaluation:
    """What a set did. `failure` says why it was stopped, and under which scenario; then there are no figures.

    in_sample, out_of_sample, splits  as a `Conduct` has them; with scenarios each figure is the worst case
    period_pnl_quote                  profit of every period of the rows as they are
    state_hash                        what a backtest of the rows as they are leaves
    scenarios                         with scenarios, what it did on the rows as they are, `BASELINE`, and under each
    pruned                            it was given up, and its worst cases are of the scenarios it did see
    """

    config_digest: str
    state_hash: str
    in_sample: Figures
    out_of_sample: Figures
    splits: tuple[tuple[Figures, Figures], ...]
    period_pnl_quote: tuple[float, ...]
    scenarios: dict[str, Conduct] = field(default_factory=dict)
    failure: str | None = None
    pruned: bool = False

    def document(self, objective: str) -> dict[str, Any] | None:
        """The figures as they are recorded, with the scenario that is the worst by this objective; None without."""
        if self.failure is not None:
            return None
        whole = asdict(self)
        figures = {name: whole[name] for name in ("in_sample", "out_of_sample", "splits", "period_pnl_quote")}
        if not self.scenarios:
            return figures
        figures |= {"scenarios": whole["scenarios"], "worst": worst_scenario(whole["scenarios"], objective)}
        return figures | {"pruned": True} if self.pruned else figures


class Evaluator:
    """Rows, ready to be traded with any parameter sets; from several threads at once.

    `scenarios`: names of the catalogue; every set is tried under each of them, too. All sets must have the venues,
    symbols and markets of the first. Raises BadInput for no rows, for too short a time to be split, and for a scenario
    that changes nothing in these rows.
    """

    def __init__(self, feed: Feed, walk_forward: WalkForward, scenarios: Sequence[str] = ()) -> None:
        self.walk_forward, self.courses = walk_forward, courses_of(feed, scenarios)
        self.data_digest = self.courses[0].data_digest
        times = self.courses[0].rows["now_ns"]
        self._first_ns, self._last_ns = int(times[0]), int(times[-1])
        self.splits = walk_forward.splits(self._first_ns, self._last_ns)

    @property
    def rows(self) -> int:
        """How many rows there are, once: each scenario has as many again."""
        return len(self.courses[0].rows)

    @cached_property
    def rows_digest(self) -> str:
        """SHA-256 (hex) of the rows themselves, every scenario's; `data_digest` is of what they are said to be."""
        digest = hashlib.sha256()
        for course in self.courses:
            digest.update(course.rows.view(np.uint8))
        return digest.hexdigest()

    @cached_property
    def edges_ns(self) -> np.ndarray:
        """Where the periods begin and end."""
        return self.walk_forward.edges_ns(self._first_ns, self._last_ns)

    def prepare(self, config: SessionConfig, notice: Notice | None = None) -> None:
        """Compiles the engine and makes the envelopes that this set needs. Call before evaluating in threads."""
        for course in self.courses:
            course.prepare(config, notice)

    def evaluate(
        self, configs: Sequence[SessionConfig], threads: int | None = None, *, bar: Bar | None = None
    ) -> list[Evaluation]:
        """Each of the sets, in the order given, given up when it misses the bar. Raises BadInput for sets that do not
        trade the same markets."""
        if not configs:
            return []
        first = markets_of(configs[0])
        for config in configs:
            if markets_of(config) != first:
                raise BadInput("parameter sets over the same rows must trade the same markets", "vary other parameters")
        for config in {(shape_of(config), config.strategy): config for config in configs}.values():
            self.prepare(config)
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as at_once:
            return list(at_once.map(partial(self.evaluate_one, bar=bar), configs))

    def run(self, config: SessionConfig) -> LeapingSession:
        """The session of one set on the rows as they are, run to its end. Raises AnomalyFound."""
        return self.courses[0].run(config)

    def evaluate_one(self, config: SessionConfig, *, bar: Bar | None = None) -> Evaluation:
        """One set; the engine must have been prepared for it."""
        found: dict[str, Conduct] = {}
        profits: tuple[float, ...] = ()
        with used_output(shape_of(config).levels) as output:
            for course in self._in_order(bar):
                try:
                    session = course.run(config, trades_only=True, output=output)
                except AnomalyFound as anomaly:
                    where = f"{course.name}: " if len(self.courses) > 1 else ""
                    return Evaluation(config.digest, "", {}, {}, (), (), failure=f"{where}{anomaly}")
                trades = TradeColumns.of(session.log.trades, booking_unit(config.reporting_currency))
                found[course.name] = self._conduct(session.state_hash, trades)
                profits = profits or tuple(trades.by_period(self.edges_ns).tolist())
                if bar is not None and bar.is_missed(one.splits for one in found.values()):
                    break
        found = {course.name: found[course.name] for course in self.courses if course.name in found}
        evaluation = evaluation_of(config.digest, found, profits, scenarios=len(self.courses) > 1)
        return replace(evaluation, pruned=len(found) < len(self.courses))

    def _in_order(self, bar: Bar | None) -> list[Course]:
        """The rows as they are, then the scenarios: those first under which most is to be expected to be given up."""
        if bar is None:
            return list(self.courses)
        by_name = {course.name: course for course in self.courses}
        return [by_name[name] for name in (BASELINE, *bar.order)]

    def _conduct(self, state_hash: str, trades: TradeColumns) -> Conduct:
        edges_ns = self.edges_ns
        splits = tuple(
            (figures_of(trades, split.in_sample, edges_ns), figures_of(trades, split.out_of_sample, edges_ns))
            for split in self.splits
        )
        return Conduct(state_hash, *splits[-1], splits)


def evaluation_of(
    config_digest: str, found: dict[str, Conduct], period_pnl_quote: tuple[float, ...], *, scenarios: bool
) -> Evaluation:
    """What a set's conduct on every course comes to; the rows as they are come first."""
    conducts = list(found.values())
    splits = tuple(
        (worst_case(inside for inside, _ in split), worst_case(outside for _, outside in split))
        for split in zip(*(one.splits for one in conducts), strict=True)
    )
    figures = (*splits[-1], splits, period_pnl_quote)
    return Evaluation(config_digest, conducts[0].state_hash, *figures, scenarios=found if scenarios else {})


def markets_of(config: SessionConfig) -> tuple[object, ...]:
    """What decides which rows mean what: venues, symbols, and the kind and currency of each market."""
    return (
        tuple(venue.name for venue in config.venues),
        config.symbols,
        config.levels,
        config.reporting_currency,
        tuple((market.venue, market.symbol, market.quote_currency) for market in config.markets),
    )
