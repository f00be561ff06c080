"""The tuner's benchmark: it says what it measured, and notices a set that is not what a backtest leaves."""

from dataclasses import replace

import pytest

from arbitrage_core.tuning import bench
from arbitrage_core.tuning.evaluation import Evaluator
from console.bench_page import print_tuning_bench

ROWS = 20_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few sets, runs and rows."""
    for name, value in {"SETS": 4, "COMPARED": 2, "RUNS": 1, "ROWS_QUICK": ROWS}.items():
        monkeypatch.setattr(bench, name, value)


def test_every_market_is_measured_and_compared_with_backtests(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    document = bench.bench_tuning(quick=True, progress=said.append)
    assert document["hashes_equal"]
    assert said == [f"4 sets over 20,000 rows of {market}" for market in ("mixed", "high", "calm")]
    assert document["param_rows_per_s"] == min(one["param_rows_per_s"] for one in document["by_market"].values()) > 0
    assert document["by_market"]["mixed"]["trades_a_set"] > 0
    print_tuning_bench(document)
    out = capsys.readouterr().out
    assert "4 parameter sets over 20,000 rows" in out
    assert out.count("equal") == 3


def test_a_set_that_is_not_a_backtests_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Evaluator.evaluate

    def spoilt(self, configs, *arguments, **options):
        *others, last = sound(self, configs, *arguments, **options)
        return [replace(one, state_hash="0" * 64) if at == 2 else one for at, one in enumerate([*others, last])]

    monkeypatch.setattr(Evaluator, "evaluate", spoilt)
    assert not bench.measured("calm", ROWS)["hashes_equal"]
