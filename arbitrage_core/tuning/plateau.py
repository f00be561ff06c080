"""The plateau: whether the neighbours of the best set are good, too. A best that stands alone is luck, or a defect.

Neighbours are the best set with one number a step up or a step down. They are evaluated like sets and choose nothing:
no sampler is told of them, they are no trials, and the best stays the best whatever they bring.

Where it is wrong: one number at a time is moved, so a ridge that runs across two of them looks narrower than it is; and
of a space of choices alone there are no neighbours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from arbitrage_core.tuning.figures import MAXIMISED, Figures
from arbitrage_core.tuning.space import Params, Range, constraint_holds

STEPS_A_RANGE = 10
"""A range without steps is crossed in so many: of numbers evenly, of a range by magnitude by equal factors."""

PLATEAU_SHARE = 0.5
"""Of what the best brings, the worst of its neighbours brings so much at least."""


@dataclass(frozen=True)
class Neighbour:
    """A set beside the best, and what it brought; `failure` says why it was stopped, and then it brought nothing."""

    params: Params
    in_sample: Figures | None
    out_of_sample: Figures | None
    failure: str | None = None


@dataclass(frozen=True)
class Plateau:
    """What the neighbours say of the best set.

    objective    the figure in sample that is compared: the study's first
    best         what the best set brings of it
    worst        which neighbour brings least, or was stopped
    worst_share  what it brings, of the best; None when it was stopped, or the best is not above 0
    holds        the best is above 0, and the worst brings `PLATEAU_SHARE` of it at least
    """

    trial: int
    objective: str
    best: float
    neighbours: tuple[Neighbour, ...]
    worst: Params
    worst_share: float | None
    holds: bool


def neighbours_of(space: Mapping[str, Range], params: Params, constraints: Sequence[str] = ()) -> list[Params]:
    """The sets beside this one, a number a step up or down in each, as far as the ranges go; those that break a
    constraint are left out. Choices stay as they are."""
    found = []
    for name, one in space.items():
        for way in (-1, 1) if not one.choices else ():
            value = _moved(one, params[name], way)
            beside = {**params, name: value}
            if value != params[name] and all(constraint_holds(each, beside) for each in constraints):
                found.append(beside)
    return found


def _moved(one: Range, value: float, way: int) -> float:
    """A step up (1) or down (−1); the value itself where the range ends."""
    low, high = float(one.low or 0.0), float(one.high or 0.0)
    if one.step is not None:
        moved = low + (round((value - low) / one.step) + way) * one.step
        if not low <= moved <= high + 1e-9 * one.step:
            return value
        return int(moved) if one.whole else moved
    moved = value * (high / low) ** (way / STEPS_A_RANGE) if one.log else value + way * (high - low) / STEPS_A_RANGE
    if one.whole:
        moved = value + way * max(1, round(abs(moved - value)))
    moved = min(max(moved, low), high)
    return int(moved) if one.whole else moved


def plateau_of(trial: int, objective: str, best: Mapping[str, Any], neighbours: Sequence[Neighbour]) -> Plateau | None:
    """What they say of the best set, whose figures in sample are `best`; None when there are none of them."""
    if not neighbours:
        return None
    value = float(best[objective])
    share_of = _share_upward if MAXIMISED[objective] else _share_downward
    shares = [_share(one, objective, value, share_of) for one in neighbours]
    share, at = min((-inf if share is None else share, at) for at, share in enumerate(shares))
    return Plateau(
        trial=trial,
        objective=objective,
        best=value,
        neighbours=tuple(neighbours),
        worst=neighbours[at].params,
        worst_share=shares[at],
        holds=shares[at] is not None and share >= PLATEAU_SHARE,
    )


def _share(
    one: Neighbour, objective: str, best: float, share_of: Callable[[float, float], float | None]
) -> float | None:
    return None if one.in_sample is None else share_of(float(one.in_sample[objective]), best)


def _share_upward(value: float, best: float) -> float | None:
    return value / best if best > 0.0 else None


def _share_downward(value: float, best: float) -> float:
    """Of a figure that is better the less it is, and never below 0: turned round, so that less is better, too."""
    return best / value if value > 0.0 else 1.0
