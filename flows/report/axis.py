"""The axis: which values a chart shows, where its ticks stand, and how they read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flows.report.quantity import number

VALUE_MAX = 1e18
"""What lies beyond is drawn here: no money does, and differences of such values stay finite."""
FINEST = 1e-9
"""Narrower ranges, and rounding, are taken for nothing."""
FLAT = 1e-6
"""So is a range that is so small a share of its values: its ticks could not be told apart."""
STEPS = (1.0, 2.0, 5.0, 10.0)


def drawable(values: Iterable[float]) -> np.ndarray:
    """float64[k] of the finite values, cut to ±VALUE_MAX."""
    found = np.asarray(values, np.float64)
    return np.clip(found[np.isfinite(found)], -VALUE_MAX, VALUE_MAX)


def tick_step(span: float, count: int) -> float:
    """The smallest of 1, 2, 5 × 10ⁿ that needs no more than about `count` ticks for `span` > 0."""
    power = 10.0 ** math.floor(math.log10(span / count))
    return next(step * power for step in STEPS if step * power * count >= span * (1 - FINEST))


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` on the pixels from `begin` to `end` (`end` < `begin` when it points up)."""

    low: float
    high: float
    begin: float
    end: float
    step: float

    @classmethod
    def of(
        cls,
        values: Iterable[float],
        begin: float,
        end: float,
        *,
        ticks: int = 5,
        margin: float = 0.05,
        holds: tuple = (),
    ) -> "Axis":
        """Spans the finite values, those it must `holds` besides, and a margin on both sides as a share of them."""
        found = np.concatenate((drawable(values), drawable(holds)))
        low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
        if high - low < max(FINEST, FLAT * max(abs(low), abs(high))):
            room = max(0.05 * abs(low), 1.0)
        else:
            room = (high - low) * margin
        low, high = low - room, high + room
        return cls(low, high, begin, end, tick_step(high - low, ticks))

    @classmethod
    def exact(cls, low: float, high: float, begin: float, end: float, *, ticks: int = 5) -> "Axis":
        """From `low` to `high` > `low`, with no margin."""
        return cls(low, high, begin, end, tick_step(high - low, ticks))

    def at(self, values: np.ndarray | float) -> np.ndarray:
        """Pixels of values, none outside; NaN stays NaN."""
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def holds(self, value: float) -> bool:
        """Whether a value is shown where it is, not cut to the edge."""
        return self.low <= value <= self.high

    def ticks(self) -> list[float]:
        """The round values inside."""
        first, last = math.ceil(self.low / self.step - FINEST), math.floor(self.high / self.step + FINEST)
        return [min(max(place * self.step, self.low), self.high) for place in range(first, last + 1)]

    def label(self, value: float) -> str:
        """A tick as text, with no more decimals than its steps need; thousands and millions in short."""
        largest = max(abs(self.low), abs(self.high))
        if largest >= 1e12 or self.step < 1e-6:
            return f"{value:.6g}".replace("-", "−")
        for scale, letter in ((1e6, "M"), (1e3, "k")):
            if largest >= scale * 100 and self.step >= scale / 100:
                return f"{number(value / scale, _decimals(self.step / scale))}{letter if round(value, 9) else ''}"
        return number(value, _decimals(self.step))


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + FINEST))
