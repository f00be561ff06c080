"""Luck: of studies among whose sets none has any skill, hardly one says of its best that it holds up.

The plateau is left out here, so what is counted is more than would be said to hold up.
"""

from collections.abc import Callable

import numpy as np
import pytest

from arbitrage_core.storage.record.studies import TrialResult
from arbitrage_core.tuning.outcome import outcome_of
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.space import range_of
from arbitrage_core.tuning.splits import PERIODS_A_PIECE
from tests.statistics.binomial_bound import upper_bound

DEFINITION = Definition(space=dict([range_of("a=0:1")]))
PERIODS, STUDIES, SETS = DEFINITION.walk_forward.periods, 400, 32
NEIGHBOURS = "its neighbours were not tried"
DIGEST = "0" * 64
Draw = Callable[[np.random.Generator], np.ndarray]


def independent(chance: np.random.Generator) -> np.ndarray:
    """Sets that know nothing of each other."""
    return chance.standard_normal((SETS, PERIODS))


def alike(chance: np.random.Generator) -> np.ndarray:
    """Sets that trade nearly the same."""
    return 0.95 * chance.standard_normal(PERIODS) + 0.31 * independent(chance)


def heavy(chance: np.random.Generator) -> np.ndarray:
    """Now and then a very large result."""
    return chance.standard_t(4, (SETS, PERIODS))


def mostly_losing(chance: np.random.Generator) -> np.ndarray:
    """A quarter has no edge, the others plainly lose: a search that takes in bad settings."""
    profits = independent(chance)
    profits[SETS // 4 :] -= 2.0
    return profits


def result(trial: int, profits: np.ndarray) -> TrialResult:
    """A set with these profits by period."""
    inside, outside = profits[:-PERIODS_A_PIECE], profits[-PERIODS_A_PIECE:]
    parts = [
        {"pnl_quote": float(part.sum()), "sharpe": float(part.mean() / part.std(ddof=1)), "trades": 100}
        for part in (inside, outside)
    ]
    figures = {"in_sample": parts[0], "out_of_sample": parts[1], "splits": [parts] * DEFINITION.walk_forward.count}
    figures["period_pnl_quote"] = profits.tolist()
    return TrialResult(trial, {"a": trial / SETS}, parts[0]["pnl_quote"], 0.0, figures, *(DIGEST,) * 4)


def objections(profits: np.ndarray) -> tuple[str, ...]:
    """What speaks against the best of these sets, float64[sets, periods]."""
    results = [result(trial, one) for trial, one in enumerate(profits)]
    return outcome_of("luck", 1, DEFINITION, results, param_rows=1, evaluated_s=1.0, elapsed_s=1.0).objections


@pytest.mark.parametrize("draw", [independent, alike, heavy, mostly_losing], ids=lambda draw: draw.__name__)
def test_sets_without_skill_hardly_ever_hold_up(draw: Draw) -> None:
    held = sum(objections(draw(np.random.default_rng(seed))) == (NEIGHBOURS,) for seed in range(STUDIES))
    assert upper_bound(held, STUDIES) <= 0.05, f"{held} of {STUDIES}"


def test_a_set_with_skill_among_them_holds_up() -> None:
    held = 0
    for seed in range(40):
        profits = independent(np.random.default_rng(seed))
        profits[7] += 1.5
        held += objections(profits) == (NEIGHBOURS,)
    assert held >= 36
