"""Law I2, the marks: equity is start + realised + unrealised + revaluation, to the unit, at each of them.

Also: realised at a mark is the sum of the bookings up to it; with nothing held, unrealised is 0; the state's equity is
the last mark's, its peak and deepest drawdown those of all marks.

Not provable: unrealised and revaluation while something is held, for the prices of a mark are in no log. `state_profit`
holds the bookings beneath them. With inventory or a currency that has to be converted, start grows when a first price
comes; then each such market and venue may raise it once.
"""

import numpy as np

from arbitrage_core.domain.session import REPORTING_CURRENCY
from arbitrage_core.laws.case import Case, opens
from arbitrage_core.laws.groups import ABSENT, places_of
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I2"


def log_marks(case: Case) -> list[Violation]:
    """Every mark of the log, and the state's figures of them."""
    marks = case.evidence.log.equity
    return [*_identity(case, marks), *_bookings(case, marks), *_extremes(case, marks)]


def _identity(case: Case, marks: np.ndarray) -> list[Violation]:
    start_amount = int(case.evidence.state["start_amount"])
    started = (
        marks["equity_amount"] - marks["realised_amount"] - marks["unrealised_amount"] - marks["revaluation_amount"]
    )
    wrong = started != start_amount
    config = case.terms.config
    abroad = [venue for venue in config.venues if config.home_currency(venue.name) != REPORTING_CURRENCY]
    raises = int((case.terms.initial_lots > 0).sum()) + len(abroad)
    if raises:
        steps = np.diff(started)
        risen = np.flatnonzero(steps != 0)
        if len(risen) <= raises and (steps[risen] > 0).all():
            wrong = np.zeros(len(marks), bool)
            wrong[-1:] = started[-1:] > start_amount
    return violations_where(
        LAW, wrong, lambda n: f"mark {n}: equity − realised − unrealised − revaluation", start_amount, started
    )


def _bookings(case: Case, marks: np.ndarray) -> list[Violation]:
    """The last mark of an instant knows all bookings up to and at it; a mark follows each booking."""
    log = case.evidence.log
    fills, funding = log.fills, log.funding
    last = np.ones(len(marks), bool)
    last[:-1] = marks["now_ns"][1:] != marks["now_ns"][:-1]
    seen = marks[last]
    realised = _sum_until(seen, fills, fills["realised_amount"]) + _sum_until(seen, funding, funding["amount"])
    found = unequal(
        LAW,
        lambda n: f"mark at {seen['now_ns'][n]}: realised, by the bookings until then",
        realised,
        seen["realised_amount"],
    )
    held = _sum_until(seen, fills, np.where(opens(fills["purpose"]), 1, -1) * fills["lots"])
    found += violations_where(
        LAW,
        (held == 0) & (seen["unrealised_amount"] != 0),
        lambda n: f"mark at {seen['now_ns'][n]}: unrealised with nothing held",
        0,
        seen["unrealised_amount"],
    )
    booked_ns = np.concatenate([fills["now_ns"], funding["now_ns"]])
    unmarked = places_of(seen["now_ns"], booked_ns) == ABSENT
    return found + violations_where(
        LAW, unmarked, lambda n: f"booking at {booked_ns[n]}: a mark after it", "at its instant", "none"
    )


def _sum_until(marks: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0], np.cumsum(values)])
    return total[np.searchsorted(rows["now_ns"], marks["now_ns"], side="right")]


def _extremes(case: Case, marks: np.ndarray) -> list[Violation]:
    """Equity, peak and drawdown, counted from the start: a start that is raised raises them all."""
    state = case.evidence.state
    gains = marks["realised_amount"] + marks["unrealised_amount"] + marks["revaluation_amount"]
    gains = np.concatenate([[0], gains])  # the start is the first peak
    peaks = np.maximum.accumulate(gains)
    start_amount = int(state["start_amount"])
    expected = (start_amount + int(gains[-1]), start_amount + int(peaks[-1]), int((peaks - gains).max()))
    observed = (int(state["equity_amount"]), int(state["peak_amount"]), int(state["drawdown_amount"]))
    if observed == expected:
        return []
    return [Violation(LAW, "equity, peak and drawdown of the state, by the marks", expected, observed)]
