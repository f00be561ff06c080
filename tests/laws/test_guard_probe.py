"""The probe of law I18: guards that refuse what they cannot read pass it, guards that let it through do not."""

import math

import numpy as np
import pytest

from arbitrage_core.domain.compiled import python_of
from arbitrage_core.domain.record import one, record
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.engine.guards import edge_refusal
from arbitrage_core.laws import guard_violations

LIMITS = record(age_ns="i8", limit_quote="f8", prices=("f8", (2,)))


def limits() -> np.record:
    found = one(LIMITS)[0]
    found["limit_quote"], found["prices"] = 10.0, (1.0, 2.0)
    return found


def careful(limits: np.record, exposure_quote: float, lots: int) -> int:
    """Allows only what is provably inside."""
    worth = exposure_quote + lots * (limits["prices"][0] + limits["prices"][1])
    return Refusal.NONE if worth <= limits["limit_quote"] else Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE


def careless(limits: np.record, exposure_quote: float, lots: int) -> int:
    """Refuses only what is provably outside: `nan > limit` is False."""
    worth = exposure_quote + lots * (limits["prices"][0] + limits["prices"][1])
    return Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE if worth > limits["limit_quote"] else Refusal.NONE


def brittle(limits: np.record, exposure_quote: float, lots: int) -> int:
    """Raises where it should refuse."""
    return careful(limits, float(math.floor(exposure_quote)), lots)


def narrow(limits: np.record, exposure_quote: float, lots: int) -> int:
    """Refuses everything."""
    return Refusal.SIZE_MUST_BE_TRADABLE


def test_a_guard_that_allows_only_what_is_provably_inside_passes():
    assert guard_violations("careful", careful, limits(), 1.0, 2) == []


@pytest.mark.parametrize(
    "guard, subjects",
    [
        (careless, ["argument 0.limit_quote", "argument 0.prices[0]", "argument 0.prices[1]", "argument 1"]),
        (brittle, ["argument 1"]),
    ],
)
def test_a_guard_that_lets_nan_through_or_raises_is_found(guard, subjects):
    found = guard_violations(guard.__name__, guard, limits(), 1.0, 2)
    assert [violation.subject for violation in found] == [f"{guard.__name__}: {name} is NaN" for name in subjects]
    assert {violation.law for violation in found} == {"I18"}


def test_a_guard_that_refuses_sound_arguments_proves_nothing():
    assert len(guard_violations("narrow", narrow, limits(), 1.0, 2)) == 1


def test_the_edge_guard_refuses_what_it_cannot_read():
    terms = one(record(entry_net_edge_bps="f8", spread_max_bps="f8"))[0]
    terms["spread_max_bps"] = 500.0
    refuse = python_of(edge_refusal)
    assert refuse is not None
    assert guard_violations("edge", refuse, terms, 30.0, 10.0) == []
