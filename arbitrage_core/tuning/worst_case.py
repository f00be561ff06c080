"""The worst case: of each figure the worst that a set has over the rows as they are and every scenario.

The worst of every figure by itself, so that they need not be of one scenario: the least profit may be that of dear
fees, the deepest drawdown that of a crash. A scenario under which a set does not trade gives 0.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from arbitrage_core.tuning.figures import MAXIMISED, Figures, upward


def worst_case(figures: Iterable[Figures]) -> Figures:
    """The worst of each figure; of `trades` the fewest."""
    listed = list(figures)
    return {name: (min if MAXIMISED.get(name, True) else max)(one[name] for one in listed) for name in listed[0]}


def worst_scenario(scenarios: Mapping[str, Mapping[str, Any]], objective: str) -> str:
    """The name of that whose objective in sample is worst; of equals the first."""
    return min(scenarios, key=lambda name: upward(scenarios[name]["in_sample"], objective))
