"""The laws: what must hold in every mode, after every step and every fault, as pure checks.

A check takes values and returns the violations it finds; none raises, reads a clock or does I/O. Sessions judge their
whole evidence at their end, tests every step. Two levels: `state_violations` reads one instant off a state and the
venues' ledgers, `log_violations` needs the log. Each law recomputes what it speaks of from the records it names, along
another path than the engine's, and says what it cannot prove in the docstring of its module.
"""

from arbitrage_core.laws.approvals import guard_violations
from arbitrage_core.laws.evidence import VENUE_ORDER, Bound, Evidence, Rerun, Segment, VenueTruth
from arbitrage_core.laws.exposure import entry_exposure
from arbitrage_core.laws.judgement import log_violations, state_violations, unexamined
from arbitrage_core.laws.law import LAWS, Law
from arbitrage_core.laws.terms import Terms, terms_of
from arbitrage_core.laws.violation import VIOLATIONS_MAX, Violation

__all__ = [
    "LAWS",
    "VENUE_ORDER",
    "VIOLATIONS_MAX",
    "Bound",
    "Evidence",
    "Law",
    "Rerun",
    "Segment",
    "Terms",
    "VenueTruth",
    "Violation",
    "entry_exposure",
    "guard_violations",
    "log_violations",
    "state_violations",
    "terms_of",
    "unexamined",
]
