"""The tuner's benchmark: how many parameter sets × rows the full engine does a second, on all cores of this machine.

Sets are spread evenly over entry spreads. `mixed` and `high` are markets of the campaigns, traded every few seconds:
there, trading is what takes the time. `calm` hardly trades: there, rows are. Each figure is the best of several runs
after a warm-up. That nothing was saved at the wrong place is looked at besides: some of the sets run once more through
the fold that leaps over nothing, and must leave the same state hash.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.session import Session
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.splits import WalkForward

SETS, COMPARED = 64, 4
RANGES_BPS = {"mixed": (20.0, 120.0), "high": (20.0, 120.0), "calm": (10.0, 60.0)}
"""Entry spreads, by market."""
ROWS, ROWS_QUICK = 1_000_000, 200_000
RUNS = 5
SEED = 1

Told = Callable[[str], None]


def bench_tuning(quick: bool = False, progress: Told | None = None) -> dict[str, Any]:
    """Measures every market and gives one JSON-ready document; `progress` is told what is being measured.

    param_rows_per_s      best of the slowest market: sets × rows a second of elapsed time, all cores
    by_market             of each `param_rows_per_s`, `param_rows_per_cpu_s` (a second of one core's time),
                          `trades_a_set`, `elapsed_s`, `hashes_equal`
    hashes_equal          whether every set compared left the state of a session that leaps over nothing
    """
    rows, found = ROWS_QUICK if quick else ROWS, {}
    for market in RANGES_BPS:
        if progress is not None:
            progress(f"{SETS} sets over {rows:,} rows of {market}")
        found[market] = measured(market, rows)
    return {
        "param_rows_per_s": min(one["param_rows_per_s"] for one in found.values()),
        "by_market": found,
        "hashes_equal": all(one["hashes_equal"] for one in found.values()),
        "conditions": {"sets": SETS, "rows": rows, "runs": RUNS, "processors": os.cpu_count()},
    }


def measured(market: str, rows: int) -> dict[str, Any]:
    """Figures of one market."""
    chosen = preset(market)
    feed = SyntheticQuotes(
        chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=rows, seed=SEED, levels=chosen.levels
    )
    evaluator, configs = Evaluator(feed, WalkForward()), _configs(market, feed)
    evaluator.prepare(configs[0])
    evaluator.evaluate(configs[:2])
    best_s, best_cpu_s, evaluations = float("inf"), float("inf"), []
    for _ in range(RUNS):
        began, began_cpu = time.perf_counter(), time.process_time()
        evaluations = evaluator.evaluate(configs)
        best_s = min(best_s, time.perf_counter() - began)
        best_cpu_s = min(best_cpu_s, time.process_time() - began_cpu)
    trades = sum(one.in_sample["trades"] + one.out_of_sample["trades"] for one in evaluations) / SETS
    return {
        "entry_spread_bps": list(RANGES_BPS[market]),
        "trades_a_set": round(trades),
        "param_rows_per_s": round(SETS * rows / best_s),
        "param_rows_per_cpu_s": round(SETS * rows / best_cpu_s),
        "elapsed_s": round(best_s, 3),
        "hashes_equal": _are_backtests(evaluator, feed, configs, evaluations),
    }


def _configs(market: str, feed: SyntheticQuotes) -> list[SessionConfig]:
    chosen, (low, high) = preset(market), RANGES_BPS[market]
    return [
        plan_session(
            Offer.of(feed),
            (f"entry_spread_bps={low + (high - low) * at / SETS}", "spread_max_bps=500"),
            params=chosen.params,
            market_overrides=chosen.market_overrides,
            seed=SEED,
        )
        for at in range(SETS)
    ]


def _are_backtests(
    evaluator: Evaluator, feed: SyntheticQuotes, configs: list[SessionConfig], evaluations: list[Evaluation]
) -> bool:
    """Whether sets leave what the engine leaves that looks at every row."""
    for at in range(0, SETS, SETS // COMPARED):
        session = Session(configs[at], configs[at].session_key(evaluator.data_digest))
        for rows in feed:
            session.feed(rows)
        session.end()
        if session.state_hash != evaluations[at].state_hash:
            return False
    return True
