"""The probability of backtest overfitting: how often the best in sample is below the middle out of sample.

Combinatorially symmetric cross-validation: Bailey, Borwein, López de Prado & Zhu, "The Probability of Backtest
Overfitting", Journal of Computational Finance 20 (2017; SSRN 2015). The periods are cut into S groups; each choice of
S/2 of them is once the sample in which the best trial is chosen, the rest being where it is ranked.

Where it is wrong: periods are cut from each other without purging, so trades that last over a cut are in both. With
trials that are all alike it says one half, since then nothing was chosen.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from arbitrage_core.statistics.distribution import ROUNDING_DUST

GROUPS = 10
GROUPS_MAX = 16


@dataclass(frozen=True, eq=False)
class Overfitting:
    """What the splits found.

    probability     share of splits in which the trial chosen ranked at or below the middle out of sample
    loss_probability  share in which it lost there
    logits          float64[splits], log odds of its relative rank out of sample
    in_sample, out_of_sample  float64[splits], the chosen trial's mean over deviation
    """

    probability: float
    loss_probability: float
    logits: np.ndarray
    in_sample: np.ndarray
    out_of_sample: np.ndarray


def overfitting(results: np.ndarray, groups: int = GROUPS) -> Overfitting:
    """Splits float64[periods, trials], what each trial earned in each period, into every half and its other half.

    `groups`: even, 2 … 16; periods beyond a multiple of it are left out at the beginning. Each half is judged by mean
    over deviation of its periods. Raises ValueError for fewer than two trials, fewer than two periods a group, another
    number of groups, and for what is not finite.
    """
    _must_be_splittable(results, groups)
    length = len(results) // groups
    cut = results[len(results) - groups * length :].reshape(groups, length, -1)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    halves = np.array(list(combinations(range(groups), groups // 2)))
    chosen = np.zeros((len(halves), groups), bool)
    np.put_along_axis(chosen, halves, True, axis=1)
    inside, outside = (_ratios(mask @ sums, mask @ squares, length * groups // 2) for mask in (1 * chosen, 1 * ~chosen))
    splits, best = np.arange(len(halves)), np.argmax(inside, axis=1)
    reached = outside[splits, best]
    trials = results.shape[1]
    below = (outside < reached[:, None]).sum(axis=1)
    equal = (outside == reached[:, None]).sum(axis=1)
    rank = (below + (equal + 1) / 2) / (trials + 1)  # relative, of equals the middle, never 0 or 1
    logits = np.log(rank / (1.0 - rank))
    return Overfitting(
        float(np.mean(logits <= 0.0)), float(np.mean(reached < 0.0)), logits, inside[splits, best], reached
    )


def _ratios(sums: np.ndarray, squares: np.ndarray, count: int) -> np.ndarray:
    """Mean over deviation, float64[splits, trials]; 0 where there is no deviation."""
    mean = sums / count
    variance = squares / count - mean**2
    spread = variance > ROUNDING_DUST * squares / count
    return np.divide(mean, np.sqrt(np.where(spread, variance, 1.0)), out=np.zeros_like(mean), where=spread)


def _must_be_splittable(results: np.ndarray, groups: int) -> None:
    if groups % 2 or not 2 <= groups <= GROUPS_MAX:
        raise ValueError(f"{groups} groups: an even number of them, 2 to {GROUPS_MAX}")
    if results.ndim != 2 or results.shape[1] < 2:
        raise ValueError("overfitting is a matter of choosing: at least two trials, as [periods, trials]")
    if len(results) < 2 * groups:
        raise ValueError(f"{len(results)} periods do not make {groups} groups of two")
    if not np.all(np.isfinite(results)):
        raise ValueError("results with NaN or an infinity among them tell nothing")
