"""The boundary of a guard: figures on both sides of it, and the numbers next to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from arbitrage_core.domain.refusal import Refusal

NAN, INF = float("nan"), float("inf")


def above(value: float) -> float:
    """The next number up."""
    return float(np.nextafter(value, INF))


def below(value: float) -> float:
    """The next number down."""
    return float(np.nextafter(value, -INF))


@dataclass(frozen=True)
class Boundary:
    """A guard asked about one figure: which values of it pass, and which refuse."""

    refusal: Refusal
    of: str
    ask: Callable[[Any], int]
    passing: tuple[Any, ...]
    refused: tuple[Any, ...]
