"""The stretched axis: one on which doubling takes the same room wherever it begins, so that 5 and 5,000 both show."""

from dataclasses import dataclass

import numpy as np

from flows.report.axis import Axis
from flows.report.quantity import number


@dataclass(frozen=True)
class StretchedAxis(Axis):
    """From `low` to `high`, as the logarithm of value + `shift` > 0; `marks` are its ticks. `step` says nothing."""

    shift: float
    marks: tuple[float, ...]

    @classmethod
    def over(
        cls, low: float, high: float, begin: float, end: float, *, shift: float, marks: tuple[float, ...]
    ) -> "StretchedAxis":
        """From `low` to `high`, and to twice as much where they are the same."""
        high = high if high > low else low + max(abs(low), 1.0)
        return cls(low, high, begin, end, 0.0, shift, marks)

    def at(self, values: np.ndarray | float) -> np.ndarray:
        """Pixels of values, none outside; NaN stays NaN."""
        least = np.log(self.low + self.shift)
        share = (np.log(np.clip(values, self.low, self.high) + self.shift) - least) / (
            np.log(self.high + self.shift) - least
        )
        return self.begin + share * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """Those marks that lie on it."""
        return [mark for mark in self.marks if self.holds(mark)]

    def label(self, value: float) -> str:
        """A mark as text, with no more decimals than it has, of two."""
        text = number(value, 2)
        return text.rstrip("0").rstrip(".") if "." in text else text
