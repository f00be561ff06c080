"""The stationary bootstrap: block lengths and errors as other sources give them, intervals that mean what they say."""

from math import ceil, log10, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.statistics.stationary_bootstrap import MeanBootstrap, block_length, resampled_order
from tests.statistics.known_markets import independent, jumps, regimes, skewed


def drawn(seed: int, trades: int = 500) -> np.ndarray:
    return independent(np.random.default_rng(seed), trades)


def autoregression(seed: int, coefficient: float, count: int) -> np.ndarray:
    innovations = drawn(seed, count)
    values = innovations.copy()
    for at in range(1, count):
        values[at] = coefficient * values[at - 1] + innovations[at]
    return values


# --------------------------------------------------------------------------------------------------- length of blocks


@pytest.mark.parametrize("seed, count, length", [(1, 500, 3.1897088592453056), (6, 30, 1.0272504627583314)])
def test_the_length_of_blocks_is_that_of_the_arch_package(seed: int, count: int, length: float):
    """arch 8.0, `optimal_block_length`; on dependent samples it takes one lag more than the paper does."""
    assert block_length(drawn(seed, count)) == pytest.approx(length, rel=1e-12)


def plain_length(values: np.ndarray) -> float:
    """Politis & White (2004, section 3.2) with the 2009 correction, a sum at a time."""
    n = len(values)
    centred = [float(value - np.mean(values)) for value in values]
    run = max(5, ceil(sqrt(log10(n))))
    most = ceil(sqrt(n)) + run

    def covariance(lag: int) -> float:
        return sum(centred[at] * centred[at + lag] for at in range(n - lag)) / n

    def counts(lag: int) -> bool:
        early, late = centred[: n - lag], centred[lag:]
        spread = sqrt(sum(one * one for one in early) * sum(one * one for one in late))
        return abs(covariance(lag) * n / spread) >= 2.0 * sqrt(log10(n) / n)

    found = next(
        (m for m in range(most - run + 1) if not any(counts(m + k) for k in range(1, run + 1))),
        max((lag for lag in range(1, most + 1) if counts(lag)), default=1),
    )
    band = min(2 * max(found, 1), most)
    long_run = slope = 0.0
    for lag in range(-band, band + 1):
        window = 1.0 if abs(lag) <= band / 2 else 2.0 * (1.0 - abs(lag) / band)
        long_run += window * covariance(abs(lag))
        slope += window * abs(lag) * covariance(abs(lag))
    length = (2.0 * slope**2 / (2.0 * long_run**2)) ** (1 / 3) * n ** (1 / 3)
    return min(max(length, 1.0), 3.0 * sqrt(n), n / 3.0)


@pytest.mark.parametrize("coefficient", [-0.5, 0.0, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("count", [40, 300])
def test_the_length_of_blocks_is_that_of_the_paper(coefficient: float, count: int):
    values = autoregression(11, coefficient, count)
    assert block_length(values) == pytest.approx(plain_length(values), rel=1e-9)


def test_blocks_are_longer_where_neighbours_are_alike():
    lengths = [block_length(autoregression(5, coefficient, 2_000)) for coefficient in (0.0, 0.5, 0.9)]
    assert lengths == sorted(lengths)
    assert lengths[0] < 6 < 20 < lengths[2]


@pytest.mark.parametrize("values", [[], [1.0] * 4, [2.5] * 50, [0.1] * 50])
def test_without_spread_a_block_is_one_value(values: list[float]):
    assert block_length(np.array(values, float)) == 1.0


# --------------------------------------------------------------------------------------------------- resampling


@pytest.mark.parametrize("block", [1.0, 4.0, 25.0])
def test_the_error_is_that_of_the_closed_form(block: float):
    """Politis & Romano (1994), lemma 1: the variance of the resampled mean, with circular autocovariances."""
    values = autoregression(2, 0.7, 300)
    centred, n = values - np.mean(values), len(values)
    circular = [float(centred @ np.roll(centred, lag)) / n for lag in range(n)]
    weights = [(1.0 - lag / n) * (1.0 - 1.0 / block) ** lag for lag in range(n)]
    variance = (circular[0] + 2.0 * sum(w * c for w, c in zip(weights[1:], circular[1:], strict=True))) / n
    found = MeanBootstrap.of(values, block=block, resamples=20_000)
    assert found.error == pytest.approx(sqrt(variance), rel=0.025)


@given(count=st.integers(1, 200), block=st.floats(1.0, 30.0), seed=st.integers(0, 2**63 - 1))
def test_a_resampled_order_is_of_the_sample_in_blocks(count: int, block: float, seed: int):
    order = resampled_order(count, block, seed, 3)
    assert len(order) == count
    assert set(order.tolist()) <= set(range(count))
    if block == 1.0:
        return
    follows = np.mean(np.diff(order) % count == 1) if count > 1 else 0.0
    assert follows >= 1.0 - 1.0 / block - 5.0 / sqrt(count)


def test_resamples_differ_and_the_same_seed_gives_the_same():
    values = drawn(1, 120)
    first, again, other = (MeanBootstrap.of(values, seed=seed).strayed for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(resampled_order(120, 3.0, 1, 0), resampled_order(120, 3.0, 1, 1))


# --------------------------------------------------------------------------------------------------- the interval


def test_of_independent_normal_values_it_is_the_textbook_interval():
    values = drawn(8, 2_000)
    found = MeanBootstrap.of(values, block=1.0, resamples=8_000)
    low, high = found.interval(0.95)
    reach = 1.959964 * float(np.std(values)) / sqrt(len(values))
    assert (low, high) == pytest.approx((found.mean - reach, found.mean + reach), abs=0.06 * reach)


def held(market, block: float | None, samples: int = 300, trades: int = 300) -> float:
    """How often the 90 % interval holds the true mean, 0."""
    ends = [
        MeanBootstrap.of(market(np.random.default_rng(seed), trades), seed=seed, resamples=400, block=block).interval(
            0.90
        )
        for seed in range(samples)
    ]
    return sum(low <= 0.0 <= high for low, high in ends) / samples


@pytest.mark.parametrize("market", [independent, skewed, jumps, regimes])
def test_the_interval_holds_the_truth_as_often_as_it_says(market):
    assert held(market, None) == pytest.approx(0.90, abs=0.06)


@pytest.mark.parametrize("market", [jumps, regimes])
def test_taking_trades_for_independent_would_not(market):
    assert held(market, 1.0) < 0.80


def test_on_skewed_results_a_plain_percentile_interval_would_be_too_sure():
    """19 of 20 win: a lower end meant to be passed by 5 % of samples whose mean is 0."""
    plain = studentised = 0
    for seed in range(300):
        values = skewed(np.random.default_rng([seed, 7]), 150)
        means = [np.mean(values[resampled_order(150, 1.0, seed, number)]) for number in range(200)]
        plain += bool(np.quantile(means, 0.05) > 0)
        studentised += MeanBootstrap.of(values, seed=seed, resamples=400, block=1.0).interval(0.9)[0] > 0
    assert studentised / 300 <= 0.05 < 0.08 < plain / 300


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), power=st.integers(-30, 30), shift=st.floats(-5, 5))
def test_it_scales_and_turns_with_the_values(seed: int, power: int, shift: float):
    values = drawn(seed, 60) + shift
    low, high = MeanBootstrap.of(values, resamples=200).interval(0.9)
    scale = 2.0**power
    assert MeanBootstrap.of(values * scale, resamples=200).interval(0.9) == pytest.approx((low * scale, high * scale))
    assert MeanBootstrap.of(-values, resamples=200).interval(0.9) == pytest.approx((-high, -low))


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_it_shrinks_with_more_values_and_grows_with_confidence(seed: int):
    few = drawn(seed, 80)
    many = np.tile(few, 4)
    width = {
        (name, confidence): np.subtract(*MeanBootstrap.of(values, block=1.0).interval(confidence)[::-1])
        for name, values in (("few", few), ("many", many))
        for confidence in (0.8, 0.98)
    }
    assert width["many", 0.98] < 0.7 * width["few", 0.98]
    assert width["few", 0.8] < width["few", 0.98]


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), confidence=st.sampled_from([0.8, 0.9, 0.98]))
def test_probability_and_interval_say_the_same(seed: int, confidence: float):
    found = MeanBootstrap.of(drawn(seed, 80) + 0.1)
    low, high = found.interval(confidence)
    tail = (1.0 - confidence) / 2.0
    assert found.probability_above(low - 1e-9) >= 1.0 - tail - 1e-9
    assert found.probability_above(high + 1e-9) <= tail + 1e-3
    assert found.probability_above(1e9) <= found.probability_above(0.0) <= found.probability_above(-1e9)


def test_of_very_many_values_blocks_are_longer_and_say_the_same(monkeypatch):
    values = drawn(4, 4_000)
    needed = MeanBootstrap.of(values)
    monkeypatch.setattr("arbitrage_core.statistics.stationary_bootstrap.BLOCKS_MAX", 400)
    longer = MeanBootstrap.of(values)
    assert needed.block < 5 < longer.block == 10.0
    assert longer.interval(0.9) == pytest.approx(needed.interval(0.9), abs=0.2 * needed.error)


def test_equal_values_have_no_error_and_a_known_mean():
    found = MeanBootstrap.of(np.full(50, 2.0))
    assert found.interval(0.98) == (2.0, 2.0)
    assert (found.probability_above(1.9), found.probability_above(2.0)) == (1.0, 0.0)


def test_few_long_blocks_tell_no_end():
    low, high = MeanBootstrap.of(np.arange(6.0), block=6.0).interval(0.98)
    assert (low, high) == (-np.inf, np.inf)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad: float):
    values = np.append(drawn(1, 20), bad)
    for refusing in (block_length, MeanBootstrap.of):
        with pytest.raises(ValueError, match="NaN"):
            refusing(values)


@pytest.mark.parametrize("values, block, words", [([1.0], None, "fewer than two"), ([1.0, 2.0], 0.5, "block of 0.5")])
def test_too_few_values_and_impossible_blocks_are_refused(values, block, words: str):
    with pytest.raises(ValueError, match=words):
        MeanBootstrap.of(np.array(values), block=block)


@pytest.mark.parametrize("confidence", [0.0, 1.0, np.nan, 95.0])
def test_an_impossible_confidence_is_refused(confidence: float):
    with pytest.raises(ValueError, match="confidence"):
        MeanBootstrap.of(np.arange(5.0)).interval(confidence)
