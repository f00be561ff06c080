"""The deflated Sharpe ratio: the example of its paper, and what more trials, more returns and bad numbers do to it."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.deflated_sharpe import deflated_sharpe, expected_maximum

PAPER = {
    "sharpe": 2.5 / sqrt(250),
    "observations": 1_250,
    "trials_variance": 0.5 / 250,
    "skewness": -3.0,
    "kurtosis": 10.0,
}
"""Bailey & López de Prado (2014), "A numerical example": 2.5 a year on five years of days."""


@pytest.mark.parametrize(
    "trials, changes, expected",
    [
        (100, {}, 0.9004),
        (46, {}, 0.9505),
        (88, {"skewness": 0.0, "kurtosis": 3.0}, 0.9505),
    ],
)
def test_the_example_of_the_paper(trials: int, changes: dict[str, float], expected: float):
    assert deflated_sharpe(**{**PAPER, **changes}, trials=trials) == pytest.approx(expected, abs=5e-4)


def test_the_benchmark_of_the_paper():
    assert sqrt(PAPER["trials_variance"]) * expected_maximum(100) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize("trials", [10, 100, 1_000])
def test_the_highest_of_many_is_as_high_as_drawn(trials: int):
    drawn = np.random.default_rng(trials).standard_normal((4_000, trials)).max(axis=1)
    assert expected_maximum(trials) == pytest.approx(float(np.mean(drawn)), abs=0.05)


def test_one_trial_has_nothing_to_beat():
    assert expected_maximum(1) == 0.0
    plain = deflated_sharpe(0.1, observations=101, trials=1, trials_variance=1.0)
    assert plain == pytest.approx(0.8404, abs=1e-3)  # Φ(0.1 × 10 / √1.005)


@given(trials=st.integers(1, 10_000), more=st.integers(1, 10_000))
def test_more_trials_leave_less(trials: int, more: int):
    few, many = (deflated_sharpe(**PAPER, trials=count) for count in (trials, trials + more))
    assert many < few


@pytest.mark.parametrize("observations, kurtosis, sharpe", [(1, 3.0, 0.1), (0, 3.0, 0.1), (100, -500.0, 0.5)])
def test_where_the_formula_has_no_answer_there_is_none(observations: int, kurtosis: float, sharpe: float):
    assert deflated_sharpe(sharpe, observations=observations, trials=5, trials_variance=0.1, kurtosis=kurtosis) is None


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"sharpe": np.nan}, "finite"),
        ({"trials_variance": np.inf}, "finite"),
        ({"skewness": np.nan}, "finite"),
        ({"trials_variance": -1.0}, "variance"),
        ({"trials": 0}, "0 trials"),
    ],
)
def test_bad_figures_are_refused(changes: dict[str, float], words: str):
    with pytest.raises(ValueError, match=words):
        deflated_sharpe(**{**PAPER, "trials": 10, **changes})
