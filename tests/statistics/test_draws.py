"""The draws: SplitMix64 as published, any part of the sequence by itself, and even enough to resample with."""

import numpy as np
import pytest

from arbitrage_core.statistics.draws import chances_and_places

MASK, GOLDEN = 2**64 - 1, 0x9E3779B97F4A7C15


def split_mix(state: int, count: int) -> list[int]:
    """SplitMix64 in plain integers."""
    numbers = []
    for _ in range(count):
        state = (state + GOLDEN) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        numbers.append(z ^ (z >> 31))
    return numbers


def test_the_plain_generator_is_the_published_one():
    assert split_mix(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_each_draw_is_split_in_two_halves(seed: int):
    numbers = split_mix(split_mix(seed, 1)[0], 12)
    chances, places = chances_and_places(seed, 0, (3, 4), 1000)
    assert chances.ravel().tolist() == [((one & 0xFFFFFFFF) + 0.5) / 2**32 for one in numbers]
    assert places.ravel().tolist() == [(one >> 32) * 1000 >> 32 for one in numbers]


def test_a_part_of_the_sequence_is_had_without_the_rest():
    whole, part = (chances_and_places(7, first, (count,), 50) for first, count in ((0, 100), (40, 60)))
    assert np.array_equal(whole[0][40:], part[0])
    assert np.array_equal(whole[1][40:], part[1])


def test_places_are_even_and_chances_know_nothing_of_them():
    chances, places = chances_and_places(3, 0, (100_000,), 10)
    counts = np.bincount(places, minlength=10)
    assert np.sum((counts - 10_000) ** 2 / 10_000) < 27.9  # chi-squared, 9 degrees of freedom, 0.1 %
    assert abs(float(np.mean(chances)) - 0.5) < 3.3 * np.sqrt(1 / 12 / 100_000)
    assert abs(float(np.corrcoef(chances, places)[0, 1])) < 0.0105
