"""How long 1,000 sets over a million rows take, all of it recorded.

`python -m tests.tuning.study_throughput [SAMPLER]`
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.space import range_of
from arbitrage_core.tuning.study import StudyOrder, run_study
from tests.services.servers import home_folder, no_notice
from tests.tuning.conftest import config_of, market_feed

SPACE = ("entry_spread_bps=20:120", "exit_spread_bps=-10:4", "hold_max_ms=2000:60000:log", "cooldown_ms=0:5000")


def measured(sampler: str, trials: int, rows: int) -> dict[str, object]:
    """Figures of one study on the `mixed` market, on a server that syncs what it commits."""
    definition = Definition(space=dict(map(range_of, SPACE)), sampler=sampler)
    evaluator = Evaluator(market_feed("mixed", rows), definition.walk_forward)
    evaluator.prepare(config_of([]))

    def plan(params: dict[str, object]) -> SessionConfig:
        return config_of([f"{name}={value}" for name, value in params.items()])

    order = StudyOrder("throughput", definition, plan, evaluator.data_digest, rows, trials)
    with home_folder() as home, tempfile.TemporaryDirectory() as folder:
        server = Postgres(home)
        try:
            url = server.url(server.ensure(no_notice).port)
            began, began_cpu = time.perf_counter(), time.process_time()
            outcome = run_study(order, evaluator.evaluate, url, Path(folder))
            whole_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
        finally:
            server.stop()
    return {
        "sampler": sampler,
        "trials": outcome.trials,
        "rows": rows,
        "whole_s": round(whole_s, 1),
        "cpu_s_without_server": round(cpu_s, 1),
        "evaluated_s": round(outcome.evaluated_s, 1),
        "param_rows_per_s": outcome.param_rows_per_s,
    }


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1] if len(sys.argv) > 1 else "random", 1_000, 1_000_000)))
