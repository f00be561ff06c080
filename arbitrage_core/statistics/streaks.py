"""The streak: trades won, or lost, one after the other.

A trade that ended at exactly nothing is neither and breaks both.
"""

import numpy as np


def streaks(outcomes: np.ndarray) -> dict[str, int]:
    """Longest and current runs of wins (> 0) and losses (< 0) in `outcomes`, int64[n], in the order they ended.

    Returns `longest_wins, longest_losses, current_wins, current_losses`; the current run is the one the sample ends in.
    """
    signs = np.sign(outcomes)
    if len(signs) == 0:
        return {"longest_wins": 0, "longest_losses": 0, "current_wins": 0, "current_losses": 0}
    starts = np.concatenate(([0], np.flatnonzero(signs[1:] != signs[:-1]) + 1))
    lengths = np.diff(np.append(starts, len(signs)))
    kinds = signs[starts]
    return {
        "longest_wins": int(np.max(lengths[kinds > 0], initial=0)),
        "longest_losses": int(np.max(lengths[kinds < 0], initial=0)),
        "current_wins": int(lengths[-1]) if kinds[-1] > 0 else 0,
        "current_losses": int(lengths[-1]) if kinds[-1] < 0 else 0,
    }
