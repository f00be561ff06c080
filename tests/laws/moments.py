"""The moments: honest evidence to tamper with. Each is made once; tampering works on copies."""

from functools import cache

from arbitrage_core.domain.order import OrderState
from arbitrage_core.laws import Evidence
from tests.laws.story import Story
from tests.laws.tales import coarse, crowded, day, resting, round_trip, stubborn, told, unwound
from tests.laws.told_evidence import evidence_of


@cache
def at_rest() -> Evidence:
    """A day's trades, all ended."""
    return evidence_of(told(day))


@cache
def in_a_hurry() -> Evidence:
    """Two entries at work at once, 100 ms apart; both came to nothing."""
    return evidence_of(told(crowded))


@cache
def refused() -> Evidence:
    """A leg whose way out was refused nine times, with pauses."""
    return evidence_of(told(stubborn))


@cache
def with_a_rest() -> Evidence:
    """A trade that left a lot at one venue and two at the other for a while."""
    return evidence_of(told(coarse))


@cache
def halfway() -> Evidence:
    """The first entry filled in part; the second in full, which we have not been told."""
    return _after(round_trip, 3)


@cache
def alone() -> Evidence:
    """A leg that stands alone, at rest."""
    return _after(unwound, 2)


@cache
def in_doubt() -> Evidence:
    """Two resting entries past their time: one canceled, one UNKNOWN."""
    story = Story()
    for _ in resting(story):
        if any(order.state == OrderState.UNKNOWN for order in story.orders.values()):
            break
    return evidence_of(story, ended=False)


def _after(tale, pauses: int) -> Evidence:
    story = Story()
    telling = tale(story)
    for _ in range(pauses):
        next(telling)
    return evidence_of(story, ended=False)
