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
    level = np.zeros(len(booked), bool)
    level[there] = known[guess] == booked[there]
    told[fills_by_id.rows[there]] = by_id.rows[guess]
    uneven = fills_by_id.sums((~level).astype(np.int64)) > 0
    if uneven.any():
        _match_by_lots(told, by_id, known, fills_by_id, booked, uneven)
    return told


def _match_by_lots(
    told: np.ndarray, by_id: Groups, known: np.ndarray, fills_by_id: Groups, booked: np.ndarray, uneven: np.ndarray
) -> None:
    """For the `uneven` orders, writes into `told` the first change that knows at least as many lots as were booked."""
    wanted = np.flatnonzero(np.repeat(uneven, fills_by_id.counts))
    order = by_id.find(fills_by_id.keys[fills_by_id.group[wanted]])
    involved = np.zeros(len(by_id.keys) + 1, bool)  # the last one stands for the orders without a change
    involved[order] = True
    offered = np.flatnonzero(involved[by_id.group])
    groups = np.concatenate([order, by_id.group[offered]])
    lots = np.concatenate([booked[wanted], known[offered]])
    is_change = np.repeat([False, True], [len(wanted), len(offered)])
    merged = np.lexsort((is_change, lots, groups))
    ahead = np.where(is_change[merged], np.arange(len(merged)), len(merged))
    ahead = np.minimum.accumulate(ahead[::-1])[::-1][np.argsort(merged)][: len(wanted)]
    found = merged[np.minimum(ahead, len(merged) - 1)]
    there = (ahead < len(merged)) & (order != ABSENT) & (groups[found] == order)
    rows = by_id.rows[offered[np.where(there, found - len(wanted), 0)]] if len(offered) else np.zeros(len(wanted), int)
    told[fills_by_id.rows[wanted]] = np.where(there, rows, ABSENT)
