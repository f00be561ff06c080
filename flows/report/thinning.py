"""Thinning: of a long series only what its pixels can show. No peak and no trough is lost."""

import numpy as np


def extremes(places: np.ndarray, values: np.ndarray, stretches: int) -> np.ndarray:
    """Indices int64[k], ascending, of first, lowest, highest and last of each of so many equal stretches of places.

    `places` float64[n] ascending, `values` float64[n], both finite; k ≤ 4 × `stretches` + 1. A series that is short
    enough stays whole.
    """
    if len(values) <= 4 * stretches:
        return np.arange(len(values))
    span = float(places[-1]) - float(places[0])
    if span <= 0:
        return np.unique([0, int(np.argmin(values)), int(np.argmax(values)), len(values) - 1])
    stretch = np.minimum((places - places[0]) / span * stretches, stretches - 1).astype(np.int64)
    begins = np.flatnonzero(np.diff(stretch, prepend=-1))
    ends = np.append(begins[1:], len(values))
    kept = {len(values) - 1}
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        part = values[begin:end]
        kept |= {begin, begin + int(np.argmin(part)), begin + int(np.argmax(part)), end - 1}
    return np.array(sorted(kept), np.int64)
