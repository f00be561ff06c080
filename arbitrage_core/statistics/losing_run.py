"""The losing run to expect: how many trades may be lost one after the other before something must be wrong.

From resamples of the trades in blocks (stationary_bootstrap.py), so that losses that come together stay together. For
independent trades Schilling, "The Longest Run of Heads", College Mathematics Journal 21 (1990), gives about
log(n (1 − q)) / log(1/q) for a share q of losses.
"""

import numpy as np

from arbitrage_core.statistics.stationary_bootstrap import block_length, resampled_order
from arbitrage_core.statistics.streaks import streaks

RESAMPLES = 400


def losing_run(nets: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES) -> dict[str, int | None]:
    """`seen`, the longest in float64[n] in the order of time; `median` and `p95` of as many trades again.

    A result of exactly 0 ends a run. None for the latter two when there is no trade.
    """
    seen = streaks(nets)["longest_losses"]
    if len(nets) == 0:
        return {"seen": seen, "median": None, "p95": None}
    block = block_length(nets)
    orders = (resampled_order(len(nets), block, seed, number) for number in range(resamples))
    found = np.sort([streaks(nets[order])["longest_losses"] for order in orders])
    return {"seen": seen, "median": int(found[len(found) // 2]), "p95": int(found[-(-len(found) * 95 // 100) - 1])}
