"""The laws keep up with long sessions: sums that pass 2⁵³, and tampering found among hundreds of thousands of fills."""

import pytest

from arbitrage_core.laws import log_violations
from tests.laws.long_days import long_day
from tests.laws.tampering import Parts

TURNOVER_PAST_DOUBLES = 20_000


def test_hundreds_of_days_are_lawful_and_one_unit_among_them_is_found():
    evidence = long_day(300)
    assert log_violations(evidence) == []
    parts = Parts(evidence)
    parts.fills["fee_amount"][len(parts.fills) // 2] += 1
    assert {violation.law for violation in log_violations(parts.evidence())} == {"I1", "I2", "I4"}


@pytest.mark.slow
def test_sums_past_the_reach_of_doubles_are_exact():
    evidence = long_day(TURNOVER_PAST_DOUBLES)
    assert evidence.log.fills["cost_quote_amount"].sum() > 2**53
    assert log_violations(evidence) == []
