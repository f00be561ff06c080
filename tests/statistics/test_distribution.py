"""Distributions are told in few numbers, by linear interpolation between order statistics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.distribution import deviation, distribution, percentiles

INTEGERS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([4], {"count": 1, "min": 4.0, "median": 4.0, "mean": 4.0, "p95": 4.0, "max": 4.0}),
        # ranks 0 … 4: the median is at rank 2, p95 at 3.8: 30 + 0.8 × (110 − 30)
        ([20, 10, 110, 30, 0], {"count": 5, "min": 0.0, "median": 20.0, "mean": 34.0, "p95": 94.0, "max": 110.0}),
    ],
)
def test_a_sample_has_the_distribution_computed_by_hand(values: list[int], expected: dict[str, float | None]):
    assert distribution(np.array(values, np.int64)) == pytest.approx(expected)


def test_an_empty_sample_has_no_figures():
    nothing = {"count": 0, "min": None, "median": None, "mean": None, "p95": None, "max": None}
    assert distribution(np.array([], np.int64)) == nothing


def test_a_distribution_is_divided_by_its_scale():
    scaled = distribution(np.array([2_000_000, 4_000_000]), 1e6)
    assert scaled == pytest.approx({"count": 2, "min": 2.0, "median": 3.0, "mean": 3.0, "p95": 3.9, "max": 4.0})


def test_percentiles_interpolate_between_neighbours():
    assert percentiles(np.arange(0, 500, 100), (0, 5, 50, 99), 100.0) == {"p0": 0.0, "p5": 0.2, "p50": 2.0, "p99": 3.96}
    assert percentiles(np.arange(5), (25,)) == {"p25": 1.0}
    assert percentiles(np.array([], np.int64), (5, 95)) == {"p5": None, "p95": None}


@given(INTEGERS)
def test_a_distribution_lies_in_order(values: list[int]):
    found = distribution(np.array(values))
    assert min(values) == found["min"] <= found["median"] <= found["p95"] <= found["max"] == max(values)
    assert found["min"] <= found["mean"] <= found["max"]


@given(INTEGERS, st.randoms())
def test_order_does_not_matter_to_a_distribution(values: list[int], random):
    shuffled = random.sample(values, len(values))
    assert distribution(np.array(values)) == pytest.approx(distribution(np.array(shuffled)), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([], 0.0),
        ([3.0], 0.0),
        ([1.0, 3.0], 2.0**0.5),
        ([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], (32 / 7) ** 0.5),
        ([0.1] * 10, 0.0),  # its rounding is no spread
        ([0.0] * 3, 0.0),
    ],
)
def test_deviation_is_that_of_a_sample(values: list[float], expected: float):
    assert deviation(np.array(values)) == pytest.approx(expected, abs=0 if expected == 0 else 1e-12)
