"""The quote rules: what a recorded quote must satisfy, on reading and on writing alike.

The first level is whole: positive prices, quantities not negative. A deeper level is whole too, and worse than the one
above it, or absent: price and quantity 0, and nothing below it. Whether bid lies below ask is not asked here: a
crossed book is something that happens, and the engine's to refuse.
"""

import numpy as np

_SIDES = (("bid", np.less), ("ask", np.greater))


def first_unsound(rows: np.ndarray) -> tuple[int, str] | None:
    """The first row of QUOTE ROW[n] that breaks a rule, and what is wrong with it; None when all are sound."""
    found: list[tuple[int, str]] = []
    for side, worse in _SIDES:
        for level in range(rows["bid_px"].shape[1]):
            px, qty = rows[f"{side}_px"][:, level], rows[f"{side}_qty"][:, level]
            absent = (px == 0.0) & (qty == 0.0) if level else np.zeros(len(rows), bool)
            name = f"of level {level}" if level else "of the first level"
            _note(found, absent | ((px > 0.0) & (px < np.inf)), px, f"{side}_px {name} must be a positive number")
            _note(found, (qty >= 0.0) & (qty < np.inf), qty, f"{side}_qty {name} must be a number, not negative")
            if level:
                above = rows[f"{side}_px"][:, level - 1]
                ordered = absent | ((above > 0.0) & worse(px, above))
                _note(found, ordered, px, f"{side}_px {name} must be worse than the level above")
    return min(found, key=lambda finding: finding[0], default=None)


def _note(found: list[tuple[int, str]], good: np.ndarray, values: np.ndarray, rule: str) -> None:
    if not good.all():
        at = int(np.argmin(good))
        found.append((at, f"{rule}, not {values[at]:g}"))
