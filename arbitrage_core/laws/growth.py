"""The growth: which change of an order first tells of each of its fills.

Changes carry cumulative lots, fills what was added. A fill is *told* by the first change of its order that knows at
least as many lots; usually both are of one report. A partially filled order that fills further changes no state: such a
fill is told by a later change, or by none yet.
"""

import numpy as np

from arbitrage_core.laws.groups import ABSENT, Groups


def told_by(changes: np.ndarray, by_id: Groups, fills: np.ndarray, fills_by_id: Groups) -> np.ndarray:
    """The change (its row in the log) that tells of each fill (by its row in the log), or `ABSENT`; int64 [fills]."""
    known = changes["filled_lots"][by_id.rows]
    grew = known > by_id.previous(known, 0)
    booked = fills_by_id.running(fills["lots"][fills_by_id.rows])
    of_fill = np.repeat(by_id.find(fills_by_id.keys), fills_by_id.counts)
    told = np.full(len(fills), ABSENT)
    if not len(known):
        return told
    # the k-th growth tells of the k-th fill: so it is, unless an order filled without changing
    growths = np.flatnonzero(grew)
    before = np.concatenate([[0], np.cumsum(grew)])
    first, count = before[by_id.starts], before[by_id.starts + by_id.counts] - before[by_id.starts]
    there = (of_fill != ABSENT) & (fills_by_id.rank < count[of_fill])
    guess = growths[first[of_fill[there]] + fills_by_id.rank[there]]
    level = np.zeros(len(fills), bool)
    level[there] = known[guess] == booked[there]
    told[fills_by_id.rows[there]] = by_id.rows[guess]
    uneven = fills_by_id.sums((~level).astype(np.int64)) > 0
    for group in np.flatnonzero(uneven & (by_id.find(fills_by_id.keys) != ABSENT)).tolist():
        of_changes = by_id.find(fills_by_id.keys[group : group + 1])[0]
        mine = slice(fills_by_id.starts[group], fills_by_id.starts[group] + fills_by_id.counts[group])
        theirs = slice(by_id.starts[of_changes], by_id.starts[of_changes] + by_id.counts[of_changes])
        knows = np.maximum.accumulate(known[theirs])
        at = np.searchsorted(knows, booked[mine])
        rows = by_id.rows[theirs]
        told[fills_by_id.rows[mine]] = np.where(at < len(rows), rows[np.minimum(at, len(rows) - 1)], ABSENT)
    return told
