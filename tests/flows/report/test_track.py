"""A track keeps its last value of each instant, adds up exactly, and loses no peak when it is cut into stretches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.report.track import Track, combined

NS = 10**9


def track(*points: tuple[int, float], limit: float = float("inf")) -> Track:
    """A value from each moment (in seconds) on."""
    moments, values = zip(*points, strict=True) if points else ((), ())
    return Track("one", np.array(moments, np.int64) * NS, np.array(values, np.float64), limit)


def test_of_one_instant_the_last_stands_and_steps_add_up():
    moments = np.array([3, 1, 3, 2])
    assert Track.of_values("v", moments, np.array([1.0, 2.0, 3.0, 4.0])).values.tolist() == [2.0, 4.0, 3.0]
    steps = Track.of_steps("s", moments, np.array([1, 2**52, -(2**52), 4]))
    assert steps.moments_ns.tolist() == [1, 2, 3]
    assert steps.values.tolist() == [2.0**52, 2.0**52 + 4, 5.0]


def test_values_stand_until_they_change():
    one = track((2, 5.0), (4, 1.0))
    assert one.at(np.array([0, 2, 3, 4, 9]) * NS).tolist() == [0.0, 5.0, 5.0, 1.0, 1.0]
    assert (one.largest, one.last) == (5.0, 1.0)
    assert (track().largest, track().last) == (0.0, 0.0)
    assert track((1, -3.0), (2, float("nan"))).largest == 0.0


def test_tracks_add_up_moment_by_moment():
    both = combined("both", [track((1, 2.0), (3, 0.0)), track((2, 5.0), (3, 1.0))])
    assert (both.moments_ns // NS).tolist() == [1, 2, 3]
    assert both.values.tolist() == [2.0, 7.0, 1.0]
    assert combined("none", []).values.tolist() == []


def test_what_is_not_a_number_leaves_only_its_own_time_unknown():
    both = combined("both", [track((1, float("nan")), (2, 0.0)), track((1, 5.0))])
    np.testing.assert_array_equal(both.values, [np.nan, 5.0])


STRETCHES = [
    (((2, 10.0), (3, 0.0)), [0.0, 10.0, 10.0, 0.0], [0.0, 0.0, 10.0, 0.0]),
    (((0, 4.0),), [4.0] * 4, [4.0] * 4),
    (((1, 8.0), (1.5, 2.0)), [8.0, 8.0, 2.0, 2.0], [0.0, 5.0, 2.0, 2.0]),
    (((-5, 6.0), (1, 0.0)), [6.0, 0.0, 0.0, 0.0], [6.0, 0.0, 0.0, 0.0]),
    ((), [0.0] * 4, [0.0] * 4),
]


@pytest.mark.parametrize("points, largest, mean", STRETCHES)
def test_stretches_have_their_largest_and_their_mean(points: tuple, largest: list[float], mean: list[float]):
    moments = np.array([round(second * NS) for second, _ in points], np.int64)
    one = Track("one", moments, np.array([value for _, value in points], np.float64))
    found = one.stretches(0, 4 * NS, 4)
    np.testing.assert_allclose(found, [largest, mean])


@given(st.lists(st.tuples(st.integers(0, 1_000), st.floats(0, 1e9)), max_size=60), st.integers(1, 50))
def test_no_peak_is_lost_and_the_mean_lies_below_it(points: list[tuple[int, float]], count: int):
    moments, values = (np.array(column) for column in zip(*points, strict=True)) if points else (np.zeros(0),) * 2
    one = Track.of_values("one", moments.astype(np.int64), values)
    largest, mean = one.stretches(0, 1_000, count)
    assert largest.max() == one.largest
    slack = 1e-6 + 1e-12 * one.largest  # sums over time of numbers far larger round so much
    assert (mean <= largest * (1 + 1e-6) + slack).all()
    assert np.isfinite(one.stretches(5, 5, count)).all()


BAD = [([1, 1], [0.0, 0.0]), ([2, 1], [0.0, 0.0]), ([1], [0.0, 0.0])]


@pytest.mark.parametrize("moments, values", BAD)
def test_moments_that_come_twice_or_too_early_are_refused(moments: list[int], values: list[float]):
    with pytest.raises(ValueError, match="track bad"):
        Track("bad", np.array(moments), np.array(values))
