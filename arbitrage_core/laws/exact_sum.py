"""The exact sum: int64 totals by index. Floats would lose units: a session's turnover passes 2⁵³."""

import numpy as np


def summed_at(shape: tuple[int, ...], *entries: tuple[tuple[np.ndarray, ...], np.ndarray]) -> np.ndarray:
    """int64 array of `shape`; each entry is (indices, values): `values` are added at `indices`, repeats included."""
    total = np.zeros(shape, np.int64)
    for indices, values in entries:
        np.add.at(total, tuple(np.asarray(index, np.int64) for index in indices), np.asarray(values, np.int64))
    return total
