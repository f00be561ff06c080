"""The violation: a law that did not hold, of what, and the figures that show it. A value; nothing here raises."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

VIOLATIONS_MAX = 20
"""How many violations of one law are kept: the first tell enough, and a report stays readable."""


@dataclass(frozen=True)
class Violation:
    """One law broken by one subject; `expected` and `observed` are ints, floats or text."""

    law: str
    subject: str
    expected: object
    observed: object

    def __str__(self) -> str:
        return f"{self.law}: {self.subject}: expected {self.expected}, observed {self.observed}"


def violations_where(
    law: str, wrong: np.ndarray, subject: Callable[..., str], expected: object, observed: object
) -> list[Violation]:
    """A violation for each of the first `VIOLATIONS_MAX` places where `wrong` (bool, any shape) is true.

    `subject` names a place, given its indices. `expected` and `observed` are arrays of the shape of `wrong`, or one
    value for all.
    """
    if not wrong.any():
        return []
    return [
        Violation(law, subject(*place), _at(expected, place), _at(observed, place))
        for place in map(tuple, np.argwhere(wrong)[:VIOLATIONS_MAX].tolist())
    ]


def unequal(law: str, subject: Callable[..., str], expected: np.ndarray, observed: np.ndarray) -> list[Violation]:
    """A violation wherever two arrays of one shape differ; NaN differs from everything."""
    return violations_where(law, ~(np.asarray(expected) == np.asarray(observed)), subject, expected, observed)


def _at(value: object, place: tuple[int, ...]) -> object:
    found = value[place] if isinstance(value, np.ndarray) and value.ndim else value
    return found.item() if isinstance(found, np.generic | np.ndarray) else found
