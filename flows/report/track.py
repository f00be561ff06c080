"""The track: a figure over time that stands until it changes, of a symbol, a venue or the whole session."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from flows.report.axis import VALUE_MAX

NS_PER_S = 1e9


@dataclass(frozen=True, eq=False)
class Track:
    """From `moments_ns[k]` on `values[k]` stands; before the first moment 0.

    Shapes and units: `moments_ns` int64[n], ascending, each once; `values` float64[n] in the unit its reader states.
    `limit`: what it may be at most, in the same unit; inf where there is none. Raises ValueError when lengths differ or
    a moment comes twice or too early.
    """

    name: str
    moments_ns: np.ndarray
    values: np.ndarray
    limit: float = inf

    def __post_init__(self) -> None:
        if len(self.moments_ns) != len(self.values) or not (np.diff(self.moments_ns) > 0).all():
            raise ValueError(f"track {self.name}: {len(self.moments_ns)} moments, {len(self.values)} values, or a jump")

    @classmethod
    def of_values(cls, name: str, moments_ns: np.ndarray, values: np.ndarray) -> "Track":
        """From values in any order, [n]; of those of one instant the last one stands. Cut to ±VALUE_MAX."""
        order = np.argsort(moments_ns, kind="stable")
        moments = moments_ns[order].astype(np.int64)
        found = np.clip(values[order].astype(np.float64), -VALUE_MAX, VALUE_MAX)
        last = np.append(moments[1:] != moments[:-1], True) if len(moments) else np.zeros(0, bool)
        return cls(name, moments[last], found[last])

    @classmethod
    def of_steps(cls, name: str, moments_ns: np.ndarray, steps: np.ndarray) -> "Track":
        """From steps int64[n] in any order, each of which adds to the value: added up exactly, floats in the end."""
        order = np.argsort(moments_ns, kind="stable")
        return cls.of_values(name, moments_ns[order], np.cumsum(steps[order]))

    @property
    def last(self) -> float:
        """The value in the end; 0 when it never changed."""
        return float(self.values[-1]) if len(self.values) else 0.0

    @property
    def largest(self) -> float:
        """The largest value it ever had, NaN left out."""
        return float(np.max(self.values, initial=0.0, where=~np.isnan(self.values)))

    def at(self, moments_ns: np.ndarray) -> np.ndarray:
        """Its values at moments int64[m], float64[m]."""
        places = np.searchsorted(self.moments_ns, moments_ns, side="right")
        return np.concatenate(([0.0], self.values))[places]

    def stretches(self, begin_ns: int, end_ns: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """(largest, mean over time), float64[count] each, of so many equal stretches from `begin_ns` to `end_ns`.

        What is not a number counts as 0 in both. Whatever `count` is, no peak is lost.
        """
        values = np.concatenate(([0.0], np.nan_to_num(self.values, nan=0.0)))
        seconds = np.concatenate(([0.0], (self.moments_ns - begin_ns) / NS_PER_S))
        edges = np.linspace(0.0, max((end_ns - begin_ns) / NS_PER_S, 1e-9), count + 1)
        lasted = np.diff(np.maximum(seconds, 0.0))
        sums = np.concatenate(([0.0], np.cumsum(values[:-1] * lasted)))
        places = np.searchsorted(seconds[1:], edges, side="right")
        held = sums[places] + values[places] * np.maximum(edges - np.maximum(seconds[places], 0.0), 0.0)
        largest = [float(values[places[k] : places[k + 1] + 1].max()) for k in range(count)]
        return np.array(largest), np.diff(held) / np.diff(edges)


def combined(name: str, tracks: Sequence[Track], *, limit: float = inf) -> Track:
    """The sum of tracks; not a number while one of them is not."""
    moments = np.unique(np.concatenate([np.zeros(0, np.int64), *(track.moments_ns for track in tracks)]))
    return Track(name, moments, sum((track.at(moments) for track in tracks), np.zeros(len(moments))), limit)
