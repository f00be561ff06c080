"""The stationary bootstrap: how sure a mean is when neighbours in the sample share their fate.

Politis & Romano, "The Stationary Bootstrap", Journal of the American Statistical Association 89 (1994): a resample is
made of blocks that begin anywhere and are of geometric length, the sample read as a circle. The mean block length comes
from the data: Politis & White, "Automatic Block-Length Selection for the Dependent Bootstrap", Econometric Reviews 23
(2004), with the correction of Patton, Politis & White, Econometric Reviews 28 (2009).

The interval is studentised: each resample's mean is measured in errors of its own, which its blocks tell. Götze &
Künsch, "Second-order correctness of the blockwise bootstrap for stationary observations", Annals of Statistics 24
(1996). That keeps it honest on skewed results, the many small wins and few large losses of an arbitrage, where a plain
percentile interval is too short at its lower end.

Where it is wrong: it takes the sample for one stretch of a process that goes on alike. What never happened in the
sample does not happen in a resample.
"""

from dataclasses import dataclass
from math import ceil, log10, sqrt

import numpy as np

from arbitrage_core.statistics.draws import chances_and_places

RESAMPLES = 2_000
BLOCKS_AT_ONCE = 2**21
"""Limits the memory: so many blocks are held at a time."""

BLOCKS_MAX = 10_000
"""Of a resample of many values: longer blocks than needed cost little there, and time is bounded."""

DUST = 1e-9
"""What rounding may take off a whole number."""

SIGNIFICANT = 2.0
"""Politis & White's c: an autocorrelation beyond c √(log₁₀ n / n) counts."""


def block_length(values: np.ndarray) -> float:
    """The mean block length for float64[n], between 1 and min(3 √n, n / 3); 1 for a sample without spread or n < 6.

    2004, section 3.2: the lag m after which a run of autocorrelations counts as nothing; a flat-top window of twice
    that gives ĝ(0) = Σ λ R and Ĝ = Σ λ |k| R, and the length (2 Ĝ² / D̂)^⅓ n^⅓ with D̂ = 2 ĝ(0)² (2009). Raises
    ValueError for what is not finite.
    """
    _must_be_finite(values)
    n = len(values)
    if n < 6:
        return 1.0
    centred = values - np.mean(values)
    variance = float(np.mean(centred**2))
    if not variance > 1e-24 * float(np.mean(values**2)):
        return 1.0
    run = max(5, ceil(sqrt(log10(n))))
    lag_most = min(ceil(sqrt(n)) + run, n - 1)
    covariances = np.array([float(centred[: n - lag] @ centred[lag:]) / n for lag in range(lag_most + 1)])
    # a correlation over the n − k pairs there are, each side by its own spread
    squares = np.concatenate(([0.0], np.cumsum(centred**2)))
    lags = np.arange(1, lag_most + 1)
    spreads = np.sqrt(squares[n - lags] * (squares[n] - squares[lags]))
    correlations = np.divide(covariances[1:] * n, spreads, out=np.zeros(lag_most), where=spreads > 0)
    counts = np.abs(correlations) >= SIGNIFICANT * sqrt(log10(n) / n)
    last = _last_before_a_quiet_run(counts, run)
    bandwidth = min(2 * max(last, 1), lag_most)
    ratio = np.arange(bandwidth + 1) / bandwidth
    window = np.where(ratio <= 0.5, 1.0, 2.0 * (1.0 - ratio))
    weighted = window * covariances[: bandwidth + 1]
    long_run = float(weighted[0] + 2.0 * np.sum(weighted[1:]))
    slope = 2.0 * float(np.sum(np.arange(bandwidth + 1) * weighted))
    most = min(3.0 * sqrt(n), n / 3.0)
    if long_run == 0.0:
        return most
    return float(min(max((slope**2 / long_run**2 * n) ** (1.0 / 3.0), 1.0), most))


def _last_before_a_quiet_run(counts: np.ndarray, run: int) -> int:
    """The smallest m such that lags m + 1 … m + `run` do not count (bool[k], lag 1 first), else the last that does."""
    for lag in range(len(counts) - run + 1):
        if not counts[lag : lag + run].any():
            return lag
    found = np.flatnonzero(counts)
    return int(found[-1]) + 1 if len(found) else 1


@dataclass(frozen=True, eq=False)
class MeanBootstrap:
    """The mean of a sample in the order of time, its error, and how its resamples strayed, float64[resamples], sorted.

    `strayed` are (mean* − mean) / error*: the resample's mean from the sample's, in its own errors.
    """

    mean: float
    error: float
    block: float
    strayed: np.ndarray

    @classmethod
    def of(
        cls, values: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES, block: float | None = None
    ) -> "MeanBootstrap":
        """Resamples float64[n], n ≥ 2, in blocks of a mean length (default: `block_length`, or BLOCKS_MAX of them).

        Raises ValueError for fewer than two values, for what is not finite and a block shorter than 1.
        """
        _must_be_finite(values)
        if len(values) < 2:
            raise ValueError("a mean of fewer than two values has no error that can be told")
        block = max(block_length(values), len(values) / BLOCKS_MAX) if block is None else block
        if not block >= 1.0:
            raise ValueError(f"a block of {block} values")
        mean = float(np.mean(values))
        means, errors = _resampled(values - mean, block, seed, resamples)
        strayed = np.divide(means, errors, out=np.copysign(np.inf, means), where=errors > 0)
        strayed[(errors == 0) & (means == 0)] = 0.0
        return cls(mean, float(np.std(means)), block, np.sort(strayed))

    def interval(self, confidence: float) -> tuple[float, float]:
        """The two-sided interval of the mean at a confidence in (0, 1); an end may be infinite when blocks are few."""
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"a confidence of {confidence}")
        if self.error == 0.0:
            return self.mean, self.mean
        beyond = int(len(self.strayed) * (1.0 - confidence) / 2.0 + DUST)  # resamples outside, at either end
        lowest, highest = float(self.strayed[beyond]), float(self.strayed[-1 - beyond])
        return self.mean - highest * self.error, self.mean - lowest * self.error

    def probability_above(self, mean: float) -> float:
        """The confidence that the true mean lies above `mean`, in [0, 1]: the complement of the one-sided test's p."""
        if self.error == 0.0:
            return float(self.mean > mean)
        distance = (self.mean - mean) / self.error
        below = int(np.searchsorted(self.strayed, distance, side="left"))
        return below / len(self.strayed)


def resampled_order(n: int, block: float, seed: int, number: int) -> np.ndarray:
    """The order of resample `number`: indices int64[n] of a sample of n, in blocks of this mean length."""
    chances, places = chances_and_places(seed, n * number, (n,), n)
    begins = chances < 1.0 / block
    begins[0] = True
    starts = np.flatnonzero(begins)
    lengths = np.diff(np.append(starts, n))
    return (np.repeat(places[starts] - starts, lengths) + np.arange(n)) % n


def _resampled(centred: np.ndarray, block: float, seed: int, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of resamples of a sample with mean 0, and the error each one's blocks tell; float64[resamples] each."""
    n = len(centred)
    sums = np.concatenate(([0.0], np.cumsum(np.concatenate((centred, centred)))))
    most = _blocks_needed(n, block)
    at_once = max(1, BLOCKS_AT_ONCE // most)
    means, errors = np.empty(resamples), np.empty(resamples)
    for first in range(0, resamples, at_once):
        count = min(at_once, resamples - first)
        chances, starts = chances_and_places(seed, most * first, (count, most), n)
        lengths = _lengths(chances, block, n)
        blocks = sums[starts + lengths] - sums[starts]
        mean = np.sum(blocks, axis=1) / n
        spread = blocks - lengths * mean[:, None]
        means[first : first + count] = mean
        errors[first : first + count] = np.sqrt(np.sum(spread**2, axis=1)) / n
    return means, errors


def _blocks_needed(n: int, block: float) -> int:
    """So many blocks fill a resample but for a chance of about 1e-9; where they do not, the last one is longer."""
    expected = n / block
    return min(n, ceil(expected + 6.0 * sqrt(expected) + 10.0))


def _lengths(chances: np.ndarray, block: float, n: int) -> np.ndarray:
    """Geometric lengths int64[resamples, blocks] that add up to n in each row; 0 for blocks past the end."""
    if block == 1.0:
        return np.ones(chances.shape, np.int64)
    lengths = 1 + (np.log(chances) / np.log1p(-1.0 / block)).astype(np.int64)
    ends = np.minimum(np.cumsum(lengths, axis=1), n)
    ends[:, -1] = n
    return np.diff(ends, axis=1, prepend=0)


def _must_be_finite(values: np.ndarray) -> None:
    if not np.all(np.isfinite(values)):
        raise ValueError("a sample with NaN or an infinity in it tells nothing")
