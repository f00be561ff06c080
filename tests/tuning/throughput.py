"""How many parameter sets × rows the full engine does a second: `python -m tests.tuning.throughput [ROWS]`.

Sets are spread evenly over entry spreads, on every core. `mixed` is the market of the campaigns, traded every few
seconds: there, trading is what takes the time. `calm` hardly trades: there, rows are.
"""

import json
import os
import sys
import time

from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.splits import WalkForward
from tests.tuning.conftest import config_of, market_feed

SETS = 64
RANGES = {"mixed": (20.0, 120.0), "high": (20.0, 120.0), "calm": (10.0, 60.0)}


def measured(name: str, rows: int) -> dict[str, object]:
    """Figures of one market."""
    low, high = RANGES[name]
    evaluator = Evaluator(market_feed(name, rows), WalkForward())
    configs = [
        config_of([f"entry_spread_bps={low + (high - low) * at / SETS}", "spread_max_bps=500"], name)
        for at in range(SETS)
    ]
    evaluator.prepare(configs[0])
    evaluator.evaluate(configs[:2])
    began, began_cpu = time.perf_counter(), time.process_time()
    evaluations = evaluator.evaluate(configs)
    elapsed_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    trades = sum(one.in_sample["trades"] + one.out_of_sample["trades"] for one in evaluations) / SETS
    return {
        "market": name,
        "sets": SETS,
        "rows": rows,
        "entry_spread_bps": [low, high],
        "trades_a_set": round(trades),
        "param_rows_per_s": round(SETS * rows / elapsed_s),
        "param_rows_per_cpu_s": round(SETS * rows / cpu_s),
        "elapsed_s": round(elapsed_s, 3),
        "processors": os.cpu_count(),
    }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for market in RANGES:
        print(json.dumps(measured(market, count)))
