"""The judgement: all laws over a state, or over a whole evidence."""

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import Evidence, VenueTruth
from arbitrage_core.laws.form import log_form, state_form
from arbitrage_core.laws.law import LAWS
from arbitrage_core.laws.slots import slots_of
from arbitrage_core.laws.terms import Terms, terms_of
from arbitrage_core.laws.violation import VIOLATIONS_MAX, Violation


def state_violations(config: SessionConfig | Terms, state: np.record, venue_truth: VenueTruth) -> list[Violation]:
    """What one instant shows: a state (record of `state_dtype`) against itself and the venues' ledgers.

    Costs about a millisecond; hand over `terms_of(config)` instead of the configuration when asking after every
    step. At most `VIOLATIONS_MAX` violations a law; none raises.
    """
    terms = terms_of(config)
    ill_formed = state_form(terms, state, venue_truth)
    if ill_formed:
        return ill_formed[:VIOLATIONS_MAX]
    slots = slots_of(terms, state)
    found = []
    for law in LAWS:
        of_law = [violation for check in law.on_state for violation in check(terms, state, slots, venue_truth)]
        found += of_law[:VIOLATIONS_MAX]
    return found


def log_violations(evidence: Evidence) -> list[Violation]:
    """What a whole evidence shows, its state included. At most `VIOLATIONS_MAX` violations a law; none raises.

    Time and memory grow with the log: about two seconds for a million fills.
    """
    case = Case(evidence)
    terms = case.terms
    ill_formed = state_form(terms, evidence.state, evidence.venue_truth) or log_form(terms, evidence.log)
    if ill_formed:
        return ill_formed[:VIOLATIONS_MAX]
    found = []
    for law in LAWS:
        of_law = [
            violation
            for check in law.on_state
            for violation in check(terms, evidence.state, case.slots, evidence.venue_truth)
        ]
        of_law += [violation for check in law.on_log for violation in check(case)]
        found += of_law[:VIOLATIONS_MAX]
    return found


def unexamined(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Law id → the fields of the evidence that were not given, without which it was judged in part or not at all."""
    missing = {law.id: tuple(name for name in law.needs if not _given(getattr(evidence, name))) for law in LAWS}
    return {law: names for law, names in missing.items() if names}


def _given(value: object) -> bool:
    return not (value is None or value is False or (isinstance(value, tuple) and not value))
