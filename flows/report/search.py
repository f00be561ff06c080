"""The search of a study: every set that was tried and what it brought, as plain arrays that a chart can draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arbitrage_core.storage.record.studies import TrialResult
from arbitrage_core.tuning.importance import importance_of
from arbitrage_core.tuning.pruning import is_pruned
from arbitrage_core.tuning.space import Range
from flows.report.axis import VALUE_MAX


@dataclass(frozen=True, eq=False)
class SearchedParameter:
    """A parameter that is a number: its values, float64[n], and whether its range goes by magnitude."""

    name: str
    values: np.ndarray
    by_magnitude: bool

    @property
    def places(self) -> np.ndarray:
        """Where its values lie in their range, float64[n]: their logarithms where that goes by magnitude."""
        return np.log10(self.values) if self.by_magnitude else self.values


@dataclass(frozen=True, eq=False)
class Search:
    """The sets that were judged, none that was given up.

    `inside` and `outside` float64[n]: the objective in and out of sample. `best` is the place of the set that was
    chosen, `parameters` those that are numbers, the most important first, `importance` the share of each of all
    parameters, the largest first.
    """

    objective: str
    inside: np.ndarray
    outside: np.ndarray
    best: int
    parameters: tuple[SearchedParameter, ...]
    importance: dict[str, float]

    @classmethod
    def of(
        cls, space: Mapping[str, Range], objective: str, results: Sequence[TrialResult], best_trial: int
    ) -> "Search | None":
        """Of a study's sets by number; None where none was judged."""
        judged = [one for one in results if one.figures is not None and not is_pruned(one.figures)]
        if not any(one.trial == best_trial for one in judged):
            return None
        inside, outside = (
            np.clip(np.array([one.figures[part][objective] for one in judged], np.float64), -VALUE_MAX, VALUE_MAX)
            for part in ("in_sample", "out_of_sample")
        )
        importance = importance_of(space, [one.params for one in judged], inside.tolist())
        numbers = [name for name, one in space.items() if not one.choices]
        ranked = sorted(numbers, key=lambda name: -importance.get(name, 0.0))
        parameters = tuple(
            SearchedParameter(name, np.array([one.params[name] for one in judged], np.float64), space[name].log)
            for name in ranked
        )
        best = next(place for place, one in enumerate(judged) if one.trial == best_trial)
        return cls(objective, inside, outside, best, parameters, importance)

    def over(self, across: np.ndarray, up: np.ndarray) -> np.ndarray:
        """What the sets brought in sample over the two most important parameters: float64[len(up), len(across)] at
        places of them. Between sets the mean of all by the inverse of their distance to the fourth power, each range
        taken as 1, so that near a set it is that set's own."""
        first, second = self.parameters[:2]
        scaled = [_scaled(one.places, one.places) for one in (first, second)]
        x, y = _scaled(across, first.places), _scaled(up, second.places)
        squares = (x[None, :, None] - scaled[0]) ** 2 + (y[:, None, None] - scaled[1]) ** 2
        weights = 1.0 / np.maximum(squares, 1e-9) ** 2
        return (weights * self.inside).sum(axis=2) / weights.sum(axis=2)


def _scaled(values: np.ndarray, within: np.ndarray) -> np.ndarray:
    low, high = float(within.min()), float(within.max())
    return (values - low) / (high - low) if high > low else np.zeros(len(values))
