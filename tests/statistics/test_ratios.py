"""Ratios of return to risk: how equity is sampled, and each formula against figures worked out by hand."""

from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.ratios import (
    calmar,
    interval_of,
    probabilistic_sharpe,
    ratio_figures,
    returns_of,
    sampled_equity,
    sharpe,
    sharpe_variance,
    sortino,
)
from tests.statistics.logs import START, amount, marks, ns

NAMES = ("sharpe", "sharpe_error", "probabilistic_sharpe", "sortino", "calmar")
MINUTE = 60
YEAR_S = 31_557_600  # 365.25 days


@pytest.mark.parametrize(
    "span_s, interval_s",
    [(0, 1), (30 * MINUTE, 1), (30 * MINUTE + 1e-9, 60), (1e7 * MINUTE, 60), (1e7 * MINUTE + 1, 86_400)],
)
def test_the_interval_follows_from_the_span(span_s: float, interval_s: int):
    assert interval_of(ns(1e9), ns(1e9) + ns(span_s)) == interval_s


SAMPLES = {
    "no mark": ([], 1, [10_000]),
    "the last mark at or before each second": (
        [(0.5, 10_001), (1.0, 10_002), (1.1, 10_003), (1.9, 10_004), (4.0, 10_005)],
        1,
        [10_000, 10_002, 10_004, 10_004, 10_005],
    ),
    "a mark between seconds counts at the next": ([(0.5, 10_001), (1.5, 10_002)], 1, [10_000, 10_001, 10_002]),
    "a mark on the second, the start before it": ([(3.0, 10_001)], 1, [10_000, 10_001]),
    "just past the second, the start on it": ([(3.000000001, 10_001)], 1, [10_000, 10_001]),
    "of marks at one instant the last": ([(0.5, 10_001), (1.0, 10_002), (1.0, 9_999)], 1, [10_000, 9_999]),
    "by the minute": ([(59.0, 10_001), (61.0, 10_002), (180.0, 10_003)], 60, [10_000, 10_001, 10_002, 10_003]),
}  # fmt: skip


@pytest.mark.parametrize("points, interval_s, expected", SAMPLES.values(), ids=SAMPLES.keys())
def test_equity_is_sampled_at_full_utc_intervals(points, interval_s: int, expected: list[float]):
    samples = sampled_equity(marks(*points), amount(START), interval_s)
    assert samples.tolist() == [amount(value) for value in expected]


@given(
    st.lists(st.tuples(st.integers(1, 5_000), st.integers(-50, 50)), min_size=1, max_size=40), st.sampled_from([1, 60])
)
def test_returns_compound_to_final_over_initial_equity(steps, interval_s: int):
    times, changes = np.cumsum([step[0] for step in steps]) / 1_000, np.cumsum([step[1] for step in steps])
    equity = marks(*zip(times.tolist(), (START + changes).tolist(), strict=True))
    samples = sampled_equity(equity, amount(START), interval_s)
    assert np.prod(1.0 + returns_of(samples)) == pytest.approx((START + changes[-1]) / START)


def test_there_is_no_return_on_nothing():
    assert len(returns_of(np.array([100, 0, 100]))) == 0
    assert returns_of(np.array([1, 2])).tolist() == [1.0]
    assert returns_of(np.array([100, 110, 99])).tolist() == pytest.approx([0.1, -0.1])


UP_DOWN = np.array([0.03, -0.01] * 20)  # mean 0.01, squared deviation 0.0004 each, half of all −0.01


def test_sharpe_is_mean_over_sample_deviation():
    assert sharpe(UP_DOWN) == pytest.approx(0.01 / sqrt(0.0004 * 40 / 39))


def test_sortino_counts_losses_only_but_over_all_returns():
    assert sortino(UP_DOWN) == pytest.approx(0.01 / sqrt(0.0001 / 2))


def test_the_error_of_sharpe_takes_skewness_and_kurtosis_into_account():
    # two-valued and symmetric about its mean: skewness 0, kurtosis 1, so 1 − 0 + 0
    assert sharpe_variance(UP_DOWN) == pytest.approx(1.0)
    # 1 in 4 gains 4, else loses 1, in per cent: mean 0.25, variance 4.6875, skewness 2/√3, kurtosis 7/3
    skewed = np.array([0.04, -0.01, -0.01, -0.01] * 10)
    ratio = 0.25 / sqrt(4.6875 * 40 / 39)
    assert sharpe_variance(skewed) == pytest.approx(1 - 2 / sqrt(3) * ratio + (7 / 3 - 1) / 4 * ratio**2)


def test_the_probability_of_a_true_sharpe_is_normal():
    ratio = 0.01 / sqrt(0.0004 * 40 / 39)
    assert probabilistic_sharpe(UP_DOWN) == pytest.approx(0.5 * (1 + erf(ratio * sqrt(39) / sqrt(2))))
    skewed = np.array([0.04, -0.01, -0.01, -0.01] * 10)
    deviations = sharpe(skewed) * sqrt(39) / sqrt(sharpe_variance(skewed))
    assert probabilistic_sharpe(skewed) == pytest.approx(0.5 * (1 + erf(deviations / sqrt(2))))
    assert probabilistic_sharpe(UP_DOWN - 0.01) == pytest.approx(0.5)
    assert probabilistic_sharpe(-UP_DOWN) == pytest.approx(1 - probabilistic_sharpe(UP_DOWN))


def test_calmar_is_the_return_of_a_year_over_the_drawdown():
    samples = np.array([1_000] * 30 + [1_002])  # 0.2 % in 30 minutes
    assert calmar(samples, 60, 0.5) == pytest.approx(0.2 * YEAR_S / 1_800 / 0.5)
    assert calmar(samples, 60, 0.0) is None
    assert calmar(samples, 60, None) is None
    assert calmar(samples[1:], 60, 0.5) is None
    assert calmar(np.array([2] * 29 + [0, 2]), 60, 0.5) is None
    assert calmar(np.array([1] * 31), 60, 0.5) == 0.0


@pytest.mark.parametrize("ratio", [sharpe, sortino, sharpe_variance, probabilistic_sharpe])
@pytest.mark.parametrize(
    "returns",
    [np.empty(0), np.zeros(1), UP_DOWN[:29], np.zeros(40), np.full(40, 0.001)],
    ids=["none", "one", "too few", "unmoved", "all the same"],
)
def test_too_little_or_unmoved_equity_has_no_ratio(ratio, returns: np.ndarray):
    assert ratio(returns) is None


def test_twenty_nine_returns_are_too_few_and_thirty_enough():
    assert sharpe(UP_DOWN[:29]) is None
    assert sharpe(UP_DOWN[:30]) is not None


def alternating(count: int, step_s: float) -> np.ndarray:
    """Equity that gains 3 and loses 1, `count` times."""
    changes = np.cumsum([3.0, -1.0] * (count // 2))
    return marks(*(((index + 1) * step_s, START + change) for index, change in enumerate(changes.tolist())))


@pytest.mark.parametrize("step_s, interval_s", [(1.0, 1), (60.0, 60)])
def test_ratios_of_a_session_are_annualised_by_their_interval(step_s: float, interval_s: int):
    equity = alternating(40, step_s)
    found = ratio_figures(equity, amount(START))
    returns = returns_of(sampled_equity(equity, amount(START), interval_s))
    yearly = sqrt(YEAR_S / interval_s)
    assert (found["interval_s"], found["returns"]) == (interval_s, 40)
    assert found["sharpe"] == pytest.approx(sharpe(returns) * yearly)
    assert found["sharpe_error"] == pytest.approx(sqrt(sharpe_variance(returns) / 39) * yearly)
    assert found["sortino"] == pytest.approx(sortino(returns) * yearly)
    assert found["return_pct"] == pytest.approx(0.4)
    assert found["calmar"] == pytest.approx(0.4 * YEAR_S / (40 * interval_s) / (1 / 10_003 * 100))
    assert found["return_mean"] == pytest.approx(np.mean(returns))
    assert found["return_deviation"] == pytest.approx(np.std(returns, ddof=1))


def test_a_session_is_sampled_by_its_span_and_not_by_the_time_of_day():
    late = marks((86_400.5, 10_000), (86_402, 10_001))
    assert (ratio_figures(late, amount(START))["interval_s"], ratio_figures(late, amount(START))["returns"]) == (1, 2)
    assert ratio_figures(marks(), amount(START))["interval_s"] == 1


def test_one_return_has_no_deviation_and_two_have():
    assert ratio_figures(marks((1, 10_001)), amount(START))["return_deviation"] is None
    two = ratio_figures(marks((1, 10_001), (2, 10_001)), amount(START))
    assert two["return_deviation"] == pytest.approx(0.0001 / sqrt(2))


def test_the_error_of_a_skewed_session_is_that_of_its_returns():
    changes = np.cumsum([4.0, -1.0, -1.0, -1.0] * 10)
    equity = marks(*((index + 1, START + change) for index, change in enumerate(changes.tolist())))
    variance = sharpe_variance(returns_of(sampled_equity(equity, amount(START), 1)))
    assert variance == pytest.approx(0.8727, abs=1e-3)  # as worked out above, nearly
    assert ratio_figures(equity, amount(START))["sharpe_error"] == pytest.approx(sqrt(variance / 39 * YEAR_S))


@pytest.mark.parametrize("points", [[], [(1, 10_000)], [(1, 9_000)], [(1, 10_000), (2, 10_001)]], ids=str)
def test_a_session_of_few_marks_has_no_ratio(points):
    found = ratio_figures(marks(*points), amount(START))
    assert [found[name] for name in NAMES] == [None] * len(NAMES)


def test_a_session_that_lost_everything_has_no_ratio():
    found = ratio_figures(marks(*((index, START - 400 * index) for index in range(40))), amount(START))
    assert [found[name] for name in NAMES] == [None] * len(NAMES)
    assert found["return_pct"] == pytest.approx(-156.0)


@given(st.lists(st.integers(-20, 20), min_size=30, max_size=60), st.integers(2, 9))
def test_a_session_of_larger_capital_and_results_has_the_same_ratios(changes: list[int], factor: int):
    values = (START + np.cumsum(changes)).tolist()
    times = range(1, len(values) + 1)
    small = ratio_figures(marks(*zip(times, values, strict=True)), amount(START))
    larger = marks(*zip(times, [factor * value for value in values], strict=True), start=factor * START)
    scaled = ratio_figures(larger, amount(factor * START))
    assert {name for name in small if small[name] is None} == {name for name in scaled if scaled[name] is None}
    told = {name: value for name, value in small.items() if value is not None}
    assert {name: scaled[name] for name in told} == pytest.approx(told, rel=1e-6, abs=1e-12)
