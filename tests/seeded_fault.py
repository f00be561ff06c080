"""A seeded fault: a defect planted in the engine, the rows it shows in, and everyone who must notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.session import SessionConfig

REFERENCE, STOPPED, NOT_FLAT = "REFERENCE", "STOPPED", "NOT_FLAT"
"""Witnesses besides the laws: the reference model parts ways, the engine stops itself, something is left open."""

Case = Callable[[], tuple[SessionConfig, np.ndarray]]


@dataclass(frozen=True)
class SeededFault:
    """A defect: what it exchanges, in which rows, and everyone who must notice."""

    replaced: Mapping[str, Compiled]
    case: Case
    witnesses: frozenset[str]


def fault(replaced: dict[str, Compiled], case: Case, *witnesses: str) -> SeededFault:
    """One that these must notice."""
    return SeededFault(replaced, case, frozenset(witnesses))
