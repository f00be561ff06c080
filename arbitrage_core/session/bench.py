"""The benchmark: how fast the engine is on this machine, under stated conditions, and what the machine could do.

Conditions: 2 venues, 1 level, 4 open trades a symbol; rows of `feeds/threshold.py`, 15 % of them above the entry
spread; exposure, order rate and capital limited by finite figures; array bounds checked; one core; the bulk path a
backtest takes, its logs drained. Each figure is the best of several runs after a warm-up, its median beside it.

Starts and memory are measured in processes of their own: cold with an empty cache of compiled engines, cached with a
warm one, both from the interpreter's start to the first row folded.

What it does not say: how fast rows are read or generated, and what a slower, busier or colder machine would show.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from arbitrage_core.domain.compiled import OPTIONS
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.feeds.threshold import THRESHOLD_PRESET, ThresholdMarket, threshold_market
from arbitrage_core.services.environment import program, program_environment
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.bench_baselines import bandwidth, bare_rows_per_s
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.session import Session

SYMBOL_COUNTS = (1, 50)
ROWS, ROWS_QUICK = 10_000_000, 2_000_000
ROWS_ONE_BY_ONE = 200_000
BLOCK_ROWS = 5_000
"""How many single rows are timed together: long enough for the clock, short enough to fit between two interruptions."""
RUNS, RUNS_QUICK = 7, 5
STARTS = 3
SHARE_ABOVE = 0.15
SEED = 1
SESSION_KEY = 1
ENTRY_OF_PROBES_BPS = 20.0
LIMITS = (
    "max_open_trades=4",
    "symbol_exposure_max_quote=20000",
    "cooldown_ms=1000",
    "exposure_max_quote=500000",
    "portfolio_exposure_max_quote=1000000",
    "orders_per_s_max=256",
    "initial_capital_quote=1000000",
    "losses_in_a_row_max=100000",
    "slippage_excess_max_bps=1000",
    "symbol_daily_loss_max_quote=900000",
    "portfolio_daily_loss_max_quote=900000",
    "drawdown_max_quote=900000",
    "drawdown_max_share=0.9",
)
"""Every guard is on, none of them so tight that it trips: what is measured trades on."""
CHILD_TIMEOUT_S = 900

Document = dict[str, Any]
Told = Callable[[str], None]


def bench_engine(quick: bool = False, progress: Told | None = None) -> Document:
    """Measures everything and gives it as one JSON-ready document; `progress` is told what is being measured.

    engine_rows_per_s   best, by number of symbols; engine_rows_per_s_median beside it
    bare_rows_per_s     of a loop that keeps the touches and tests the edge, no more, on the same rows, by symbols;
                        share_of_bare = engine_rows_per_s / that: a measure that travels from machine to machine
    row_us              one row at a time through the Python face, one symbol, microseconds; row_us_median beside it
    cold_compile_s, cached_start_s   seconds from interpreter start to the first row folded
    memory_bandwidth_gb_s   of a sum over the rows' own bytes; memory_bound_rows_per_s = that / bytes a row
    hashes_equal        whether rows one by one left the state hash that the same rows in one call left
    peak_rss_mb, rows_mb, peak_rss_over_rows_mb   of a streamed backtest with journal; below 0: less than its rows
    conditions, by_symbols   what was run, and what was counted in each

    `quick`: two million rows each instead of ten. Raises BadInput when a process it starts fails.
    """
    tell = progress or _silently
    rows, runs = (ROWS_QUICK, RUNS_QUICK) if quick else (ROWS, RUNS)
    by_symbols: dict[str, Document] = {}
    memory: Document = {}
    for symbols in SYMBOL_COUNTS:
        tell(f"{symbols} symbol{'s' if symbols > 1 else ''}: generating {rows:,} rows")
        market = threshold_market(rows, symbols, SEED, SHARE_ABOVE)
        tell(f"{symbols} symbol{'s' if symbols > 1 else ''}: folding them {runs} times")
        by_symbols[str(symbols)] = _measured(market, runs, tell)
        if not memory:
            memory = bandwidth(market.rows, runs)
    one = by_symbols[str(SYMBOL_COUNTS[0])]
    return {
        "engine_rows_per_s": {symbols: found["rows_per_s"] for symbols, found in by_symbols.items()},
        "engine_rows_per_s_median": {symbols: found["rows_per_s_median"] for symbols, found in by_symbols.items()},
        "bare_rows_per_s": {symbols: found["bare_rows_per_s"] for symbols, found in by_symbols.items()},
        "share_of_bare": {symbols: found["share_of_bare"] for symbols, found in by_symbols.items()},
        "row_us": one["row_us"],
        "row_us_median": one["row_us_median"],
        **_starts_and_memory(rows, tell),
        **memory,
        "hashes_equal": all(found["hashes_equal"] for found in by_symbols.values()),
        "conditions": {
            "venues": 2,
            "levels": 1,
            "open_trades_max": 4,
            "share_above_wanted": SHARE_ABOVE,
            "limits": list(LIMITS),
            "bounds_checked": bool(OPTIONS["boundscheck"]),
            "rows": rows,
            "runs": runs,
            "seed": SEED,
            "processors": os.cpu_count(),
            "python": sys.version.split()[0],
        },
        "by_symbols": by_symbols,
    }


def bench_config(venues: tuple[str, ...], symbols: tuple[str, ...], entry_spread_bps: float) -> SessionConfig:
    """The session that is measured: the preset's strategy and costs, every guard with a finite limit."""
    chosen = preset(THRESHOLD_PRESET)
    settings = (*LIMITS, f"entry_spread_bps={entry_spread_bps!r}")
    offer = Offer(venues, symbols)
    return plan_session(offer, settings, params=chosen.params, market_overrides=chosen.market_overrides, seed=SEED)


# ----------------------------------------------------------------------------------------------------- in this process


@dataclass(frozen=True)
class _Timed:
    """Seconds of several runs of the same."""

    seconds: list[float]

    def per_s(self, count: int) -> Document:
        """Best and median rate of `count` things a run."""
        return {
            "rows_per_s": round(count / min(self.seconds)),
            "rows_per_s_median": round(count / median(self.seconds)),
        }


def _measured(market: ThresholdMarket, runs: int, tell: Told) -> Document:
    config = bench_config(market.venues, market.symbols, market.entry_spread_bps)
    Session(config, SESSION_KEY, notice=tell).feed(market.rows[:ROWS_ONE_BY_ONE])
    seconds, session = [], None
    for _ in range(runs):
        session = Session(config, SESSION_KEY)
        started = time.perf_counter()
        session.feed(market.rows)
        seconds.append(time.perf_counter() - started)
    rows, symbols = len(market.rows), session.state[0].symbols
    trips = int(symbols["closed"].sum() + symbols["unwound"].sum())
    bare = bare_rows_per_s(market.rows, market.entry_spread_bps, runs)
    return {
        **_Timed(seconds).per_s(rows),
        "bare_rows_per_s": bare,
        "share_of_bare": round(rows / min(seconds) / bare, 3),
        "rows": rows,
        "entry_spread_bps": market.entry_spread_bps,
        "share_above": market.share_above,
        "round_trips": trips,
        "round_trips_per_million_rows": round(trips / rows * 1e6, 1),
        **_one_by_one(config, market.rows[:ROWS_ONE_BY_ONE]),
    }


def _one_by_one(config: SessionConfig, rows: np.ndarray) -> Document:
    """The same rows in one call and in a call each: both hashes, and what such a call takes."""
    bulk, single = Session(config, SESSION_KEY), Session(config, SESSION_KEY)
    bulk.feed(rows)
    singles = [rows[at : at + 1] for at in range(len(rows))]
    seconds = []
    for begin in range(0, len(singles), BLOCK_ROWS):
        part = singles[begin : begin + BLOCK_ROWS]
        started = time.perf_counter()
        for row in part:
            single.feed_one(row)
        seconds.append((time.perf_counter() - started) / len(part))
    single.drain()
    bulk.drain()
    return {
        "row_us": round(min(seconds) * 1e6, 3),
        "row_us_median": round(median(seconds) * 1e6, 3),
        "hash_rows": len(rows),
        "hash_bulk": bulk.state_hash,
        "hash_one_by_one": single.state_hash,
        "hashes_equal": bulk.state_hash == single.state_hash,
    }


# ------------------------------------------------------------------------------------------- in processes of their own


def _starts_and_memory(rows: int, tell: Told) -> Document:
    with tempfile.TemporaryDirectory(prefix="arb-bench-") as folder:
        tell("compiling the engine into an empty cache")
        cold_s = _child("start", folder)["since_start_s"]
        tell("starting it from the warm cache")
        cached_s = [_child("start", folder)["since_start_s"] for _ in range(STARTS)]
        tell(f"a streamed backtest of {rows:,} rows, for its memory")
        memory = _child("memory", folder, str(rows))
    return {
        "cold_compile_s": round(cold_s, 2),
        "cached_start_s": round(min(cached_s), 3),
        "cached_start_s_median": round(median(cached_s), 3),
        "peak_rss_mb": round(memory["peak_rss_mb"], 1),
        "rows_mb": round(memory["rows_mb"], 1),
        "peak_rss_over_rows_mb": round(memory["peak_rss_mb"] - memory["rows_mb"], 1),
    }


def _child(what: str, home: str, *arguments: str) -> Document:
    """Runs `probe` in a fresh interpreter whose compiled engines lie in `home`. Raises BadInput when it fails."""
    code = (
        "from arbitrage_core.domain.startup import collect_seldom; collect_seldom(); "
        "from arbitrage_core.session.bench import probe; probe(*sys.argv[1:])"
    )
    # Stated, because the binding names a cache folder in this very environment, which would send the child's other
    # functions there; and a start is measured as a user has it, from modules already compiled to bytecode.
    environment = {**program_environment(Path(home)), "ARB_HOME": home}
    result = subprocess.run(
        program(code, what, repr(time.time()), home, *arguments),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=CHILD_TIMEOUT_S,
    )
    if result.returncode != 0:
        said = result.stderr.strip().splitlines()
        raise BadInput(f"the benchmark's process for {what} failed: {said[-1] if said else result.returncode}")
    return json.loads(result.stdout)


def probe(what: str, started: str, home: str, rows: str = "1") -> None:
    """What a process of the benchmark does, printing a JSON document: `start` folds one row, `memory` backtests many.

    `started` is the parent's `time.time()` before it started this process.
    """
    chosen = preset(THRESHOLD_PRESET)
    config = bench_config(chosen.venues, chosen.symbols[:1], ENTRY_OF_PROBES_BPS)
    document: Document
    if what == "start":
        session = Session(config, SESSION_KEY)
        session.feed_one(_first_row(session))
        document = {"since_start_s": time.time() - float(started)}
    else:
        count = int(rows)
        feed = SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=chosen.symbols[:1], rows=count, seed=SEED)
        result = run_backtest(config, feed, folder=Path(home) / "memory", name="memory")
        row_bytes = next(iter(feed)).dtype.itemsize
        document = {
            "peak_rss_mb": _peak_rss_bytes() / 1e6,
            "rows_mb": count * row_bytes / 1e6,
            "entries": result.document["entries"],
        }
    sys.stdout.write(json.dumps(document))


def _first_row(session: Session) -> np.ndarray:
    """One quote, made by hand: the generator of rows is not what is measured."""
    row = np.zeros(1, row_dtype(session.shape.levels))
    row["now_ns"] = row["received_ns"] = 1
    row["bid_px"], row["bid_qty"], row["ask_px"], row["ask_qty"] = 99.0, 1.0, 101.0, 1.0
    return row


def _peak_rss_bytes() -> int:
    """The most memory this process ever had resident.

    Linux: VmHWM, which begins with the program. What `getrusage` gives begins with the process, whose first pages are
    those of the parent that started it, rows and all.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # of macOS, which counts bytes


def _silently(text: str) -> None:
    """Tells nobody."""
