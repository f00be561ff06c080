"""The benchmark: its conditions hold, its parts measure what they say, its page shows them."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.feeds.threshold import threshold_market
from arbitrage_core.session import bench, bench_baselines
from console.bench_page import print_bench

ROWS = 60_000


@pytest.fixture(scope="module")
def measured() -> dict:
    """Of one symbol, few rows."""
    return bench._measured(threshold_market(ROWS, 1, bench.SEED, bench.SHARE_ABOVE), 2, print)


def test_the_conditions_are_those_of_the_goal(measured):
    assert measured["share_above"] == pytest.approx(0.15, abs=0.001)
    assert measured["round_trips_per_million_rows"] >= 400
    assert measured["rows"] == ROWS


def test_rows_one_by_one_leave_the_state_of_one_call(measured):
    assert measured["hashes_equal"] is True
    assert measured["hash_bulk"] == measured["hash_one_by_one"]


def test_the_best_of_several_runs_is_no_slower_than_their_median(measured):
    assert measured["rows_per_s"] >= measured["rows_per_s_median"] > 0
    assert 0 < measured["row_us"] <= measured["row_us_median"]


def test_every_guard_has_a_finite_limit():
    config = bench.bench_config(("a", "b"), ("X", "Y"), 20.0)
    limits = [
        config.portfolio_exposure_max_quote,
        config.params.symbol_exposure_max_quote,
        config.params.symbol_daily_loss_max_quote,
        config.params.slippage_excess_max_bps,
        config.params.losses_in_a_row_max,
        config.portfolio_daily_loss_max_quote,
        config.drawdown_max_quote,
        config.drawdown_max_share,
        *(venue.exposure_max_quote for venue in config.venues),
    ]
    assert np.isfinite(limits).all()
    assert config.params.max_open_trades == 4


def test_the_sum_reads_every_word():
    rows = np.zeros(1_000, row_dtype(1))
    rows["client_id"] = 3
    found = bench_baselines.bandwidth(rows, 2)
    assert bench_baselines._sum_of(rows.view(np.int64)) == 3_000
    assert found["row_bytes"] == 64
    assert found["memory_bound_rows_per_s"] > 0


def test_the_bare_loop_counts_the_rows_above_the_spread():
    market = threshold_market(20_000, 2, seed=3, share_above=0.15)
    touches = np.zeros((2, 2, 2))
    above = bench_baselines._bare_fold(market.rows, touches, 1.0 + market.entry_spread_bps * 1e-4)
    assert above / 20_000 == pytest.approx(market.share_above, abs=0.001)
    assert bench_baselines.bare_rows_per_s(market.rows, market.entry_spread_bps, 1) > 0


def test_a_start_is_timed_from_what_its_parent_says(capsys, tmp_path):
    bench.probe("start", repr(time.time() - 100.0), str(tmp_path))
    assert 100 < json.loads(capsys.readouterr().out)["since_start_s"] < 1_000


def test_the_memory_of_a_backtest_is_told_beside_its_rows(capsys, tmp_path):
    bench.probe("memory", "0", str(tmp_path), "5000")
    told = json.loads(capsys.readouterr().out)
    assert told["rows_mb"] == pytest.approx(0.32)
    assert told["peak_rss_mb"] > 10


def test_the_memory_of_a_process_is_not_that_of_its_parent():
    """A child starts out with its parent's pages; what is told must begin with the program."""
    held = np.ones(100_000_000)
    program = "from arbitrage_core.session.bench import _peak_rss_bytes; print(_peak_rss_bytes())"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert int(told.stdout) < held.nbytes


def test_a_process_that_fails_is_one_clear_error(tmp_path):
    with pytest.raises(BadInput, match="process for start failed"):
        bench._child("start", str(tmp_path), "too", "many")


def test_the_document_has_the_keys_of_the_contract_and_a_page(measured, monkeypatch, capsys):
    monkeypatch.setattr(bench, "ROWS_QUICK", ROWS)
    monkeypatch.setattr(bench, "_measured", lambda market, runs, tell: measured)
    figures = {"since_start_s": 1.0, "peak_rss_mb": 300.0, "rows_mb": 640.0}
    started = []

    def child(what, home, *arguments):
        started.append(what)
        return figures

    monkeypatch.setattr(bench, "_child", child)
    document = bench.bench_engine(quick=True)
    assert started == ["start"] * (1 + bench.STARTS) + ["memory"]
    wanted = {"engine_rows_per_s", "row_us", "cold_compile_s", "cached_start_s", "memory_bound_rows_per_s"}
    assert wanted <= set(document)
    assert set(document["engine_rows_per_s"]) == {"1", "50"}
    assert (document["hashes_equal"], document["peak_rss_over_rows_mb"]) == (True, -340.0)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    print_bench(document)
    assert "million rows/s" in capsys.readouterr().out
