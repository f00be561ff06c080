"""The groups: rows of a log gathered by a key, keeping the log's order within each; the laws' only join."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

ABSENT = -1
"""The place of a key that is not there."""
TRADE_BITS = 47
DENSE = 16
"""Keys up to so many times the rows are looked up in a table; larger ones are searched for."""


@dataclass(frozen=True, eq=False)
class Groups:
    """n rows in g groups. `rows` [n]: the log's rows, group after group; `keys` [g], ascending and different; `starts`
    [g]: where in `rows` each group begins; `counts` [g]."""

    rows: np.ndarray
    keys: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @cached_property
    def group(self) -> np.ndarray:
        """The group of each place in `rows`, int64 [n]."""
        return np.repeat(np.arange(len(self.keys)), self.counts)

    @cached_property
    def rank(self) -> np.ndarray:
        """How many of its group stand before each place in `rows`, int64 [n]."""
        return np.arange(len(self.rows)) - np.repeat(self.starts, self.counts)

    @cached_property
    def last(self) -> np.ndarray:
        """Where in `rows` each group ends, inclusive, int64 [g]."""
        return self.starts + self.counts - 1

    def running(self, values: np.ndarray) -> np.ndarray:
        """Sums of `values` (one for each place in `rows`) within each group, up to and with each place."""
        total = np.cumsum(values)
        before = total[self.starts] - values[self.starts]
        return total - np.repeat(before, self.counts)

    def previous(self, values: np.ndarray, first: object) -> np.ndarray:
        """The value one place earlier in the group; `first` at each group's beginning."""
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.starts] = first
        return shifted

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of `values` (one for each place in `rows`) of each group, [g]."""
        return np.add.reduceat(values, self.starts) if len(self.keys) else np.zeros(0, values.dtype)

    @cached_property
    def _places(self) -> np.ndarray:
        """The group of each key from 0 up."""
        places = np.full(int(self.keys[-1]) + 2, ABSENT)  # one more: it is where what is not there is looked up
        places[self.keys] = np.arange(len(self.keys))
        return places

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The group of each key, or `ABSENT`; int64, shape of `keys`."""
        if not len(self.keys) or self.keys[0] < 0 or self.keys[-1] > DENSE * len(self.rows):
            return places_of(self.keys, keys)
        beyond = len(self._places) - 1
        return self._places[np.where((keys < 0) | (keys > beyond), beyond, keys)]


def grouped(keys: np.ndarray, among: np.ndarray | None = None) -> Groups:
    """The rows 0 … n−1 of a log, gathered by `keys` (int64 [n]); `among`, a mask [n], leaves others out."""
    if among is not None and not among.all():
        kept = np.flatnonzero(among)
        groups = grouped(keys[kept])
        return Groups(kept[groups.rows], groups.keys, groups.starts, groups.counts)
    rows = np.argsort(keys, kind="stable")
    ordered = keys[rows]
    begins = np.ones(len(rows), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(begins)
    return Groups(rows, ordered[starts], starts, np.diff(starts, append=len(rows)))


def places_of(ascending: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Where each of `keys` stands in `ascending` (all different), or `ABSENT`; int64, shape of `keys`."""
    if not len(ascending):
        return np.full(keys.shape, ABSENT)
    at = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    return np.where(ascending[at] == keys, at, ABSENT)


def trade_key(symbol: np.ndarray, number: np.ndarray) -> np.ndarray:
    """One int64 for a trade; numbers stay below 2**TRADE_BITS (`form` sees to it)."""
    return (np.asarray(symbol, np.int64) << TRADE_BITS) | np.asarray(number, np.int64)


def leg_key(symbol: np.ndarray, number: np.ndarray, leg: np.ndarray) -> np.ndarray:
    """One int64 for a leg of a trade; `leg_key // 2` is the trade's key."""
    return 2 * trade_key(symbol, number) + leg


def trade_name(key: int) -> str:
    """A trade's key in words."""
    return f"symbol {key >> TRADE_BITS} trade {key & ((1 << TRADE_BITS) - 1)}"


def leg_name(key: int) -> str:
    """A leg's key in words."""
    return f"{trade_name(key // 2)} leg {key % 2}"
