"""Ratios of return to risk, on equity sampled at fixed intervals.

**Sampling.** Equity is read at whole multiples of the interval in UTC: at each the last mark at or before it. The
first sample is the initial capital, at the last multiple before the first mark; the last lies at or after the last
mark, so that the returns compound exactly to final over initial equity. The interval is one minute when the session
spans more than 30 minutes, else one second (a day when a minute would make more than ten million samples).

**Returns.** r_k = (E_k − E_{k−1}) / E_{k−1}, simple, on the whole equity; the risk-free rate is taken as 0. A session
has no figure when it has fewer than 30 returns, when equity was ever not positive, or when the denominator is 0:
None says "not enough to tell", never "infinitely good".

**Cautions.** Annualising multiplies by √(intervals a year of 365.25 days), which assumes independent returns: Lo, "The
Statistics of Sharpe Ratios", Financial Analysts Journal 58 (2002), shows how far off that is when they are not, and
arbitrage returns are mostly zero with rare steps. A ratio from hours of data is an estimate with an enormous error;
read it with `sharpe_error` and `probabilistic_sharpe`. The best of many tried parameter sets is higher by selection
alone: Bailey & López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40 (2014).
"""

from math import erf, sqrt

import numpy as np

from arbitrage_core.statistics.amounts import figure, quotient
from arbitrage_core.statistics.distribution import deviation
from arbitrage_core.statistics.drawdown import NS_PER_S, Drawdowns, marked_amounts

YEAR_S = 365.25 * 86_400
RETURNS_MIN = 30
SAMPLES_MAX = 10_000_000
INTERVALS_S = (1, 60, 86_400)


def interval_of(began_ns: int, ended_ns: int) -> int:
    """The sampling interval in seconds of a session that spans these times (module docstring)."""
    second, minute, day = INTERVALS_S
    if ended_ns - began_ns <= RETURNS_MIN * minute * NS_PER_S:
        return second
    return minute if ended_ns - began_ns <= SAMPLES_MAX * minute * NS_PER_S else day


def sampled_equity(equity: np.ndarray, start_amount: int, interval_s: int) -> np.ndarray:
    """Equity at whole UTC multiples of `interval_s`, int64[k]; only `start_amount` when there is no mark.

    `equity`: EQUITY_OUT[n] in time order. Of marks at one instant the last counts.
    """
    start = np.array([start_amount], np.int64)
    if len(equity) == 0:
        return start
    step_ns = interval_s * NS_PER_S
    now_ns = np.ascontiguousarray(equity["now_ns"])
    first, last = (int(now_ns[0]) - 1) // step_ns, -(-int(now_ns[-1]) // step_ns)
    times = np.arange(first + 1, last + 1, dtype=np.int64) * step_ns
    found = np.searchsorted(now_ns, times, side="right") - 1
    return np.concatenate((start, marked_amounts(equity, start_amount)[found]))


def returns_of(samples: np.ndarray) -> np.ndarray:
    """Simple returns float64[k − 1] of equity int64[k]; empty when equity was ever not positive."""
    if not samples.min() > 0:
        return np.empty(0)
    return np.diff(samples) / samples[:-1]


def sharpe(returns: np.ndarray) -> float | None:
    """Mean over sample deviation of the returns of one interval (not annualised).

    Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), with a benchmark of 0.
    """
    return quotient(float(np.mean(returns)), deviation(returns)) if _enough(returns) else None


def sortino(returns: np.ndarray) -> float | None:
    """Mean over downside deviation √(Σ min(r, 0)² / n), all n returns counted (not annualised).

    Sortino & Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3 (1994), target 0.
    """
    if not _enough(returns):
        return None
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return quotient(float(np.mean(returns)), downside)


def sharpe_variance(returns: np.ndarray) -> float | None:
    """n − 1 times the squared error of `sharpe`: 1 − γ₃ S + (γ₄ − 1)/4 S², with skewness γ₃ and kurtosis γ₄.

    Mertens, "Comments on Variance of the IID Estimator in Lo (2002)"; Bailey & López de Prado, "The Sharpe Ratio
    Efficient Frontier", Journal of Risk 15 (2012).
    """
    ratio = sharpe(returns)
    if ratio is None:
        return None
    centred = returns - np.mean(returns)
    variance = float(np.mean(centred**2))
    skewness = float(np.mean(centred**3)) / variance**1.5
    kurtosis = float(np.mean(centred**4)) / variance**2
    return figure(1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2)


def probabilistic_sharpe(returns: np.ndarray) -> float | None:
    """Probability that the true Sharpe ratio is above 0: Φ(S √(n − 1) / √variance), in [0, 1].

    Bailey & López de Prado (2012), as in `sharpe_variance`.
    """
    ratio, variance = sharpe(returns), sharpe_variance(returns)
    if ratio is None or variance is None or not variance > 0:
        return None
    return 0.5 * (1.0 + erf(ratio * sqrt(len(returns) - 1) / sqrt(variance) / sqrt(2.0)))


def calmar(samples: np.ndarray, interval_s: int, max_drawdown_pct: float | None) -> float | None:
    """Return a year over maximum drawdown, both in per cent.

    Young, "Calmar Ratio: A Smoother Tool", Futures (1991). He compounds over 36 months; here the session's return is
    scaled linearly to a year, since compounding an hour 8,766 times says nothing.
    """
    if len(samples) - 1 < RETURNS_MIN or not samples.min() > 0 or max_drawdown_pct is None:
        return None
    return_pct = float(samples[-1] - samples[0]) / float(samples[0]) * 100.0
    return quotient(return_pct * YEAR_S / ((len(samples) - 1) * interval_s), max_drawdown_pct)


def ratio_figures(equity: np.ndarray, start_amount: int) -> dict[str, int | float | None]:
    """The ratios of a session, from its marks EQUITY_OUT[n] and its initial capital in booking units.

    interval_s, returns    how equity was sampled and how many returns that made
    return_pct             final over initial equity − 1, in per cent
    return_mean, _deviation of one interval
    sharpe, sortino        annualised by √(intervals a year)
    sharpe_error           standard error of the annualised Sharpe ratio
    probabilistic_sharpe   probability that the true one is above 0
    calmar                 return a year over maximum drawdown
    """
    interval_s = interval_of(int(equity["now_ns"][0]), int(equity["now_ns"][-1])) if len(equity) else INTERVALS_S[0]
    samples = sampled_equity(equity, start_amount, interval_s)
    returns = returns_of(samples)
    yearly = sqrt(YEAR_S / interval_s)
    variance = sharpe_variance(returns)
    growth = quotient(float(samples[-1] - samples[0]), float(samples[0]))
    return {
        "interval_s": interval_s,
        "returns": len(returns),
        "return_pct": None if growth is None else growth * 100.0,
        "return_mean": figure(np.mean(returns)) if len(returns) else None,
        "return_deviation": deviation(returns) if len(returns) > 1 else None,
        "sharpe": _scaled(sharpe(returns), yearly),
        "sharpe_error": None if variance is None else _scaled(sqrt(max(variance, 0.0) / (len(returns) - 1)), yearly),
        "probabilistic_sharpe": probabilistic_sharpe(returns),
        "sortino": _scaled(sortino(returns), yearly),
        "calmar": calmar(samples, interval_s, Drawdowns.of(equity, start_amount).largest_pct),
    }


def _enough(returns: np.ndarray) -> bool:
    return len(returns) >= RETURNS_MIN


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else figure(value * factor)
