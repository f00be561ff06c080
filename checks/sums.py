"""Sums of whole numbers by key, exact, and the places of keys among others."""

import numpy as np

from checks.evidence import Columns

TRADES_MAX = 1 << 40
"""Numbers of trades stay below, so that a key holds a session, a symbol and a trade."""


def trade_keys(rows: Columns, symbols: int) -> np.ndarray:
    """One number for (session, symbol, trade), int64[n]; rows of an unknown symbol share the key of none."""
    market = rows["place"].astype(np.int64) * (symbols + 1) + rows["symbol"] + 1
    return market * TRADES_MAX + rows["trade"]


class Groups:
    """Rows grouped by a key, int64[n]: sums of int64 columns for keys asked for, 0 where a key has no row."""

    def __init__(self, keys: np.ndarray) -> None:
        self._order = np.argsort(keys, kind="stable")
        ordered = keys[self._order]
        self._starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(keys) else keys
        self.keys = ordered[self._starts]

    def sums(self, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """The sum of the values of each wanted key; amounts stay below 2⁵³, so sums of thousands of them are exact."""
        if not len(self.keys):
            return np.zeros(len(wanted), np.int64)
        summed = np.add.reduceat(values[self._order].astype(np.int64), self._starts)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, summed[at], 0)


def running_sums(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of each row the sum of its key's values up to and with it, int64[n], rows taken in their order."""
    order = np.argsort(keys, kind="stable")
    ordered, totals = keys[order], np.cumsum(values[order])
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(keys) else keys
    before = np.concatenate([[0], totals])[starts] if len(keys) else totals
    result = np.empty(len(keys), np.int64)
    result[order] = totals - np.repeat(before, np.diff(np.append(starts, len(keys))))
    return result


def places_by_session(ids: np.ndarray, places: np.ndarray, wanted: np.ndarray, wanted_places: np.ndarray) -> np.ndarray:
    """The row of `ids` that has each wanted id in the same session, −1 without one. Both are in order of sessions."""
    found = np.full(len(wanted), -1)
    for place in np.unique(wanted_places).tolist():
        start, end = np.searchsorted(places, [place, place + 1])
        first, last = np.searchsorted(wanted_places, [place, place + 1])
        if start == end:
            continue
        order = np.argsort(ids[start:end], kind="stable")
        ordered = ids[start:end][order]
        at = np.minimum(np.searchsorted(ordered, wanted[first:last]), end - start - 1)
        found[first:last] = np.where(ordered[at] == wanted[first:last], order[at] + start, -1)
    return found
