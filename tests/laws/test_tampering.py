"""Every law fails when what it guards is tampered with: honest evidence, one thing changed, the laws that notice."""

import pytest

from arbitrage_core.laws import LAWS, VIOLATIONS_MAX, log_violations
from tests.laws.moments import alone, at_rest, halfway, in_a_hurry, in_doubt, refused
from tests.laws.tampered_money import MONEY
from tests.laws.tampered_orders import ORDERS
from tests.laws.tampered_records import RECORDS
from tests.laws.tampered_risk import RISK
from tests.laws.tampering import Parts, Tampering, broken_by

TAMPERINGS = [*RECORDS, *MONEY, *ORDERS, *RISK]


@pytest.mark.parametrize("moment", [at_rest, in_a_hurry, refused, halfway, alone, in_doubt])
def test_untampered_evidence_breaks_no_law(moment):
    assert log_violations(moment()) == []


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.words)
def test_tampering_is_noticed_by_the_laws_it_breaks_and_by_no_other(tampering: Tampering):
    assert broken_by(tampering.evidence(), tampering.edit) == set(tampering.laws.split())


def test_every_law_has_a_tampering_that_it_alone_notices_but_those_that_share_their_figures():
    noticed = {tampering.laws for tampering in TAMPERINGS}
    shared = {"I1", "I15"}  # cash is in both: one follows our bookings, the other the counterparties'
    assert {law.id for law in LAWS} - noticed == shared
    assert {law for laws in noticed for law in laws.split()} == {law.id for law in LAWS}


def test_violations_of_a_law_are_few_enough_to_be_read():
    parts = Parts(at_rest())
    parts.orders["approval"] = 77
    parts.orders["limit_px"] = float("nan")
    found = [violation for violation in log_violations(parts.evidence()) if violation.law == "I18"]
    assert len(found) == VIOLATIONS_MAX


def test_a_violation_says_what_was_expected_and_what_was_seen():
    parts = Parts(at_rest())
    parts.state["venues"][1]["reserved_amounts"][0] = 5
    assert str(log_violations(parts.evidence())[0]) == "REST: reserved USDT at west: expected 0, observed 5"
