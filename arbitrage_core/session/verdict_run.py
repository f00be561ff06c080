"""The verdict's run: a session judged, and run again with other fees, latencies and sizes over the same rows.

Run again means the whole session, engine and simulated venue, without journal: with another fee other trades are made.
Laws and anomalies are judged on the session itself; one run again that the engine stops has no figures there. Where it
is wrong: the market does not answer to a larger size beyond the depth that is seen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.session import Session
from arbitrage_core.session.variation import latency_most_ms, purse_is_short, with_latency, with_size, with_taker_fee
from arbitrage_core.statistics.amounts import quote_of, total
from arbitrage_core.statistics.break_even import BreakEven, break_even, cost_share, same_trades_fee_bps
from arbitrage_core.statistics.far_exits import far_exits
from arbitrage_core.statistics.losing_run import losing_run
from arbitrage_core.statistics.trade_metrics import ended, trade_metrics
from arbitrage_core.statistics.verdict import Judge, Verdict, discredited, judge

FAR_SHARE_MAX = 0.1
"""Of all that trades earned and lost: more of it made by far exits is no evidence of the strategy."""
HELD_ROWS_MAX = 4_000_000
"""Rows of at most about 64 bytes each are kept in memory for the runs; more are read again for each."""

FEE_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 8.0)
FEE_STEP_BPS = 1.0
"""Where there is no fee, the values tried are these shares of this."""

FEE_MOST_BPS = 1_000.0
LATENCIES_MS = (0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0)
SIZE_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SIZE_FACTOR_MOST = 1024.0
"""While the largest size tried earned most, it is doubled, up to this."""
RISING = 0.01
"""Twice the size that earns less than so much more has found the end of the depth."""
FEE_TOLERANCE_BPS = 0.02
LATENCY_TOLERANCE_MS = 1.0
RUNS = len(FEE_SHARES) + len(LATENCIES_MS) + len(SIZE_FACTORS) + 1
"""About how many runs there are, for whoever shows progress."""


@dataclass(frozen=True)
class Point:
    """A session run with one value otherwise: trades that ended, and its PnL, realised; None if it was stopped.

    What did not find a way out in the end, because the size was too large, is in the PnL as far as it was booked.
    """

    value: float
    trades: int | None
    pnl_quote: float | None
    short_of_capital: bool = field(default=False, compare=False)
    """Whether an entry was refused because the capital did not cover it."""

    @property
    def earned(self) -> float:
        """Its PnL; a session that was stopped earned nothing."""
        return self.pnl_quote or 0.0

    def document(self) -> dict[str, Any]:
        """The point as JSON, with the expectancy of a trade."""
        mean = self.pnl_quote / self.trades if self.trades and self.pnl_quote is not None else None
        return {"value": self.value, "trades": self.trades, "pnl_quote": self.pnl_quote, "expectancy_quote": mean}


class SizeEnd(StrEnum):
    """What ended the curve of sizes."""

    DEPTH = "depth"
    """A larger size earned no more: the books show no more at prices that pay."""
    PURSE = "purse"
    """A larger size would have needed more capital than can be set in its currency."""
    BOUND = "bound"
    """A larger size cannot be set: it is more than can be booked exactly."""
    TRIED = "tried"
    """It still rose at the largest size that is tried."""


@dataclass(frozen=True)
class Curve:
    """Points by rising value, and where earning ends on it."""

    points: tuple[Point, ...]
    crossing: BreakEven


@dataclass(frozen=True, eq=False)
class Judgement:
    """A verdict and what of it the session's own trades tell, without running anything again."""

    verdict: Verdict
    losing_run: dict[str, int | None]
    cost_share: float | None
    same_trades_fee_bps: float | None
    expectancy_bps: float | None


@dataclass(frozen=True, eq=False)
class VerdictRun(Judgement):
    """A judgement and what becomes of it otherwise: the curves of fee (bps), latency (ms) and size (factor)."""

    fee: Curve
    latency: Curve
    size: tuple[Point, ...]
    size_end: SizeEnd

    @property
    def capacity(self) -> Point | None:
        """The size that earned most; None when none earned. The largest, unless depth ended it: at least that."""
        best = max(self.size, key=lambda point: point.earned)
        return best if best.earned > 0 else None


def nets_of(log: SessionLog, config: SessionConfig) -> np.ndarray:
    """What each ended trade earned, net, reporting currency: float64[n] in the order they ended."""
    return ended(log.trades)["realised_amount"] * booking_unit(config.reporting_currency)


def judgement_of(
    config: SessionConfig, log: SessionLog, *, trials: int = 1, flaws: Sequence[str] = (), judged: Judge = judge
) -> Judgement:
    """Judges a session by its log alone.

    `trials`: settings tried, this one included. `flaws`: what speaks against the log itself, laws broken or a replay
    that differs; with any, it is no evidence, nor where much of it was made at prices that are not to be believed.
    `judged`: another judge only in experiments.
    """
    over = ended(log.trades)
    nets = nets_of(log, config)
    net, fees = total(over["realised_amount"]), total(over["fees_amount"])
    verdict = judged(nets, trials=trials, seed=config.seed)
    doubt = f"the session's own books do not hold: {flaws[0]}" if flaws else _doubt_of_prices(config, log, nets)
    return Judgement(
        discredited(verdict, doubt) if doubt else verdict,
        losing_run(nets, seed=config.seed),
        cost_share(net, fees, total(over["slippage_amount"])),
        same_trades_fee_bps(net, fees, total(np.abs(log.fills["cash_reporting_amount"]))),
        trade_metrics(over, booking_unit(config.reporting_currency))["expectancy_bps"],
    )


def _doubt_of_prices(config: SessionConfig, log: SessionLog, nets: np.ndarray) -> str:
    """Why what the trades earned is no evidence of what the strategy earns; empty when nothing speaks against it."""
    far = far_exits(config, log, booking_unit(config.reporting_currency))
    if not abs(float(far["pnl_quote"])) > FAR_SHARE_MAX * float(np.abs(nets).sum()):
        return ""
    return (
        f"{far['trades']} trades left at prices too far apart to be believed, "
        f"more than {FAR_SHARE_MAX:.0%} of all that trades earned and lost: look at the rows"
    )


def verdict_of(
    config: SessionConfig,
    feed: Feed,
    log: SessionLog,
    *,
    trials: int = 1,
    flaws: Sequence[str] = (),
    ran: Callable[[int], None] | None = None,
    judged: Judge = judge,
) -> VerdictRun:
    """Judges a session as `judgement_of` and runs it again over its rows; `ran(how many)` is called after each run.

    Raises BadInput and what the feed raises.
    """
    again = _Again(_Held(feed), data_digest(feed), ran)
    fee, latency = present_fee_bps(config), present_latency_ms(config)
    found = judgement_of(config, log, trials=trials, flaws=flaws, judged=judged)
    return VerdictRun(
        found.verdict,
        found.losing_run,
        found.cost_share,
        found.same_trades_fee_bps,
        found.expectancy_bps,
        again.curve(_fees(fee), fee, lambda value: with_taker_fee(config, value), FEE_TOLERANCE_BPS),
        again.curve(_latencies(config), latency, lambda value: with_latency(config, value), LATENCY_TOLERANCE_MS),
        *again.sizes(config),
    )


def present_fee_bps(config: SessionConfig) -> float:
    """The taker fee a fee curve starts from: the highest of the markets, 0 where all are rebates."""
    return max(0.0, *(market.taker_fee_bps for market in config.markets))


def present_latency_ms(config: SessionConfig) -> float:
    """The latency a latency curve starts from: the highest of the markets that all of them could have."""
    return min(latency_most_ms(config), max(market.latency_ms for market in config.markets))


def _fees(present: float) -> list[float]:
    step = present if present > 0 else FEE_STEP_BPS
    return sorted({present, *(share * step for share in FEE_SHARES if share * step <= FEE_MOST_BPS)})


def _latencies(config: SessionConfig) -> list[float]:
    most = latency_most_ms(config)
    return sorted({present_latency_ms(config), *(value for value in LATENCIES_MS if value <= most)})


def _rises(points: Sequence[Point]) -> bool:
    """Whether the largest size earned most, and clearly more than half of it."""
    *_, before, last = (point.earned for point in points)
    return last > 0 and last > before * (1.0 + RISING) and last >= max(point.earned for point in points)


class _Held:
    """The rows of a feed, in memory once they were read, unless they are too many."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._arrays: list[np.ndarray] | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        if self._arrays is not None:
            yield from self._arrays
            return
        arrays: list[np.ndarray] | None = []
        count = 0
        for rows in self._feed:
            count += len(rows)
            if arrays is not None:
                arrays = [*arrays, rows] if count <= HELD_ROWS_MAX else None
            yield rows
        self._arrays = arrays


class _Again:
    """Runs sessions over the same rows, and counts them."""

    def __init__(self, rows: Iterable[np.ndarray], digest: str, ran: Callable[[int], None] | None) -> None:
        self._rows, self._digest, self._ran = rows, digest, ran
        self._runs = 0

    def point(self, value: float, config: SessionConfig) -> Point:
        """One session, run to its end."""
        session = Session(config, config.session_key(self._digest))
        try:
            for rows in self._rows:
                session.feed(rows)
            session.end()
        except AnomalyFound:
            point = Point(value, None, None)
        else:
            earned = quote_of(int(session.state[0]["realised_amount"]), booking_unit(config.reporting_currency))
            refused = session.state[0].symbols["refusals"][:, Refusal.CAPITAL_MUST_COVER]
            point = Point(value, len(ended(session.log.trades)), earned, bool(refused.any()))
        self._runs += 1
        if self._ran is not None:
            self._ran(self._runs)
        return point

    def sizes(self, config: SessionConfig) -> tuple[tuple[Point, ...], SizeEnd]:
        """Sessions of rising size, until the depth ends it, or the purse; without edge, those that are tried anyway."""
        points: list[Point] = []
        factor = SIZE_FACTORS[0]
        while factor <= SIZE_FACTORS[-1] or (_rises(points) and factor <= SIZE_FACTOR_MOST):
            try:
                point = self.point(factor, with_size(config, factor))
            except BadInput:
                return tuple(points), SizeEnd.BOUND
            if purse_is_short(config, factor) and point.short_of_capital:
                return tuple(points), SizeEnd.PURSE
            points.append(point)
            factor *= 2.0
        return tuple(points), SizeEnd.TRIED if _rises(points) else SizeEnd.DEPTH

    def curve(
        self, values: list[float], present: float, varied: Callable[[float], SessionConfig], tolerance: float
    ) -> Curve:
        """Sessions at these values, rising, and at those between them that close in on where earning ends."""
        points = {value: self.point(value, varied(value)) for value in values}

        def earned(value: float) -> float:
            if value not in points:
                points[value] = self.point(value, varied(value))
            return points[value].earned

        crossing = break_even(values, present, earned, tolerance)
        return Curve(tuple(points[value] for value in sorted(points)), crossing)
