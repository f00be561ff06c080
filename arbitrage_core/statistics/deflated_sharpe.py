"""The deflated Sharpe ratio: what remains of the best of many trials when the number of trials is counted in.

The best of N strategies without any skill has a Sharpe ratio well above 0, by selection alone. Bailey & López de Prado,
"The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting and Non-Normality", Journal of Portfolio
Management 40 (2014), ask whether the best one beats what that would be.

Where it is wrong: it takes the trials for independent, and Sharpe ratios for normal. Trials that resemble each other
count for fewer than they are, so that it errs on the side of caution.
"""

from math import e, isfinite, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
EULER = 0.5772156649015329


def expected_maximum(trials: int) -> float:
    """The mean of the highest of so many independent standard normals, approximately: 0 for one.

    (1 − γ) Φ⁻¹(1 − 1/N) + γ Φ⁻¹(1 − 1/(N e)), 2014, equation 1. Raises ValueError for none.
    """
    if trials < 1:
        raise ValueError(f"{trials} trials")
    if trials == 1:
        return 0.0
    high, higher = _NORMAL.inv_cdf(1.0 - 1.0 / trials), _NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    return (1.0 - EULER) * high + EULER * higher


def deflated_sharpe(
    sharpe: float,
    *,
    observations: int,
    trials: int,
    trials_variance: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
) -> float | None:
    """The probability, in [0, 1], that the true Sharpe ratio of the best trial is above what selection alone gives.

    sharpe           of the best trial, per observation: not annualised
    observations     how many returns it was measured on
    trials           how many were tried, that one included
    trials_variance  of the Sharpe ratios of all trials, per observation
    skewness, kurtosis  of its returns; 0 and 3 for normal ones

    Φ((S − S₀) √(n − 1) / √(1 − γ₃ S + (γ₄ − 1)/4 S²)) with S₀ = √variance × `expected_maximum`. None when the formula
    has no answer: fewer than two observations, or a variance that is not positive. Raises ValueError for NaN and for a
    negative variance of the trials.
    """
    if not all(isfinite(given) for given in (sharpe, trials_variance, skewness, kurtosis)):
        raise ValueError("a deflated Sharpe ratio needs finite figures")
    if trials_variance < 0.0:
        raise ValueError(f"a variance of {trials_variance}")
    benchmark = sqrt(trials_variance) * expected_maximum(trials)
    variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    if observations < 2 or not variance > 0.0:
        return None
    return _NORMAL.cdf((sharpe - benchmark) * sqrt(observations - 1) / sqrt(variance))
