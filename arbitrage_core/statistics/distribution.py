"""The distribution: how a sample of figures is spread, in few numbers.

Percentiles interpolate linearly between order statistics, rank `q × (n − 1)` counted from 0: type 7 of Hyndman & Fan,
"Sample Quantiles in Statistical Packages", The American Statistician 50 (1996). An empty sample has None everywhere.
"""

import numpy as np

from arbitrage_core.statistics.amounts import figure

ROUNDING_DUST = 1e-12
"""A deviation below this share of the mean is the rounding of equal figures, not a spread."""


def distribution(values: np.ndarray, scale: float = 1.0) -> dict[str, int | float | None]:
    """`count, min, median, mean, p95, max` of a finite sample [n], divided by `scale` (1e6: ns become ms)."""
    if len(values) == 0:
        return {"count": 0, "min": None, "median": None, "mean": None, "p95": None, "max": None}
    lowest, median, high, highest = np.percentile(values, (0, 50, 95, 100))
    return {
        "count": len(values),
        "min": figure(lowest / scale),
        "median": figure(median / scale),
        "mean": figure(np.mean(values) / scale),
        "p95": figure(high / scale),
        "max": figure(highest / scale),
    }


def percentiles(values: np.ndarray, points: tuple[int, ...], scale: float = 1.0) -> dict[str, float | None]:
    """The given percentiles of a sample [n], divided by `scale`, named `p1, p5, …`."""
    if len(values) == 0:
        return {f"p{point}": None for point in points}
    found = np.percentile(values, points)
    return {f"p{point}": figure(value / scale) for point, value in zip(points, found, strict=True)}


def deviation(values: np.ndarray) -> float:
    """Sample standard deviation (n − 1) of float64[n]; 0.0 for fewer than two figures and for equal ones."""
    if len(values) < 2:
        return 0.0
    spread = float(np.std(values, ddof=1))
    return spread if spread > ROUNDING_DUST * abs(float(np.mean(values))) else 0.0
