"""Streaks are what counting one by one would find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.streaks import streaks

KEYS = ("longest_wins", "longest_losses", "current_wins", "current_losses")


@pytest.mark.parametrize(
    "outcomes, expected",
    [
        ([], (0, 0, 0, 0)),
        ([5], (1, 0, 1, 0)),
        ([-5], (0, 1, 0, 1)),
        ([0], (0, 0, 0, 0)),
        ([1, 2, 3], (3, 0, 3, 0)),
        ([-1, -2, -3], (0, 3, 0, 3)),
        ([1, 1, -1, -1, -1, 1], (2, 3, 1, 0)),
        ([1, 1, 0, 1], (2, 0, 1, 0)),  # nothing won breaks a streak
        ([-1, -1, 0], (0, 2, 0, 0)),
    ],
)
def test_streaks_of_a_table(outcomes: list[int], expected: tuple[int, ...]):
    assert streaks(np.array(outcomes, np.int64)) == dict(zip(KEYS, expected, strict=True))


@given(st.lists(st.integers(-2, 2), max_size=60))
def test_streaks_equal_counting_one_by_one(outcomes: list[int]):
    wins = losses = most_wins = most_losses = 0
    for outcome in outcomes:
        wins, losses = (wins + 1 if outcome > 0 else 0), (losses + 1 if outcome < 0 else 0)
        most_wins, most_losses = max(most_wins, wins), max(most_losses, losses)
    expected = dict(zip(KEYS, (most_wins, most_losses, wins, losses), strict=True))
    assert streaks(np.array(outcomes, np.int64)) == expected


@given(st.lists(st.integers(-2, 2), max_size=60))
def test_turning_wins_into_losses_turns_the_streaks(outcomes: list[int]):
    found, turned = streaks(np.array(outcomes, np.int64)), streaks(-np.array(outcomes, np.int64))
    assert (found["longest_wins"], found["current_wins"]) == (turned["longest_losses"], turned["current_losses"])
