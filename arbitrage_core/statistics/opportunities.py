"""The opportunity: how many there were, how many were taken, and which rule made the others be missed.

An opportunity is a stretch of looks during which one pair's net edge is above the threshold; it ends taken, or missed
by the first refusal it met. A *refusal* is counted at each look with a candidate spread, so refusals are many and
opportunities few. Both are counters of the engine's state (docs/engine.md §5).
"""

import numpy as np

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.statistics.amounts import quotient


def named_refusals(counts: np.ndarray) -> dict[str, int]:
    """`{refusal name: count}` of int64[REFUSAL_SLOTS], those above 0, NONE left out: being allowed is no refusal.

    ValueError when a slot counts that no refusal has.
    """
    return {Refusal(slot).name: int(counts[slot]) for slot in np.flatnonzero(counts).tolist() if slot}


def opportunity_figures(symbols: np.ndarray) -> dict[str, object]:
    """Counts of the given symbols' states, `symbol_dtype[n]`.

    seen, taken, missed (total), standing (at the end, not taken yet), taken_share = taken / seen, missed_by refusal.
    """
    seen, taken = int(symbols["seen"].sum()), int(symbols["taken"].sum())
    missed = symbols["missed"].sum(axis=0)
    return {
        "seen": seen,
        "taken": taken,
        "missed": int(missed.sum()),
        "standing": int(np.count_nonzero(symbols["opportunity"] == 1)),
        "taken_share": quotient(taken, seen),
        "missed_by": named_refusals(missed),
    }
