"""The judgement: all laws over a state, or over a whole evidence."""

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import Evidence, VenueTruth
from arbitrage_core.laws.form import log_form, state_form
from arbitrage_core.laws.law import LAWS, Law
from arbitrage_core.laws.slots import Slots, slots_of
from arbitrage_core.laws.terms import Terms, terms_of
from arbitrage_core.laws.violation import VIOLATIONS_MAX, Violation


def state_violations(config: SessionConfig | Terms, state: np.record, venue_truth: VenueTruth) -> list[Violation]:
    """What one instant shows: a state (record of `state_dtype`) against itself and the venues' ledgers.

    Costs about a millisecond; hand over `terms_of(config)` instead of the configuration when asking after every
    step. At most `VIOLATIONS_MAX` violations a law; none raises.
    """
    terms = terms_of(config)
    with np.errstate(all="ignore"):  # what is wrong may overflow or be NaN; comparisons are written to fail then
        ill_formed = state_form(terms, state, venue_truth)
        if ill_formed:
            return ill_formed[:VIOLATIONS_MAX]
        slots = slots_of(terms, state)
        return [violation for law in LAWS for violation in _of_state(law, terms, state, slots, venue_truth)]


def log_violations(evidence: Evidence) -> list[Violation]:
    """What a whole evidence shows, its state included. At most `VIOLATIONS_MAX` violations a law; none raises.

    Time and memory grow with the log: a few seconds and 2 GB for a million fills with all that belongs to them.
    """
    case = Case(evidence)
    terms, state, truth = case.terms, evidence.state, evidence.venue_truth
    with np.errstate(all="ignore"):
        ill_formed = state_form(terms, state, truth) or log_form(terms, evidence.log)
        if ill_formed:
            return ill_formed[:VIOLATIONS_MAX]
        found = []
        for law in LAWS:
            of_law = _of_state(law, terms, state, case.slots, truth)
            of_law += [violation for check in law.on_log for violation in check(case)]
            found += of_law[:VIOLATIONS_MAX]
    return found


def _of_state(law: Law, terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    found = [violation for check in law.on_state for violation in check(terms, state, slots, truth)]
    return found[:VIOLATIONS_MAX]


def unexamined(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Law id → the fields of the evidence that were not given, without which it was judged in part or not at all."""
    missing = {law.id: tuple(name for name in law.needs if not _given(getattr(evidence, name))) for law in LAWS}
    return {law: names for law, names in missing.items() if names}


def _given(value: object) -> bool:
    return not (value is None or value is False or (isinstance(value, tuple) and not value))
