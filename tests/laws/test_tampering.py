"""Every law fails when what it guards is tampered with: honest evidence, one thing changed, the laws that notice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.laws import LAWS, VIOLATIONS_MAX, log_violations
from tests.laws.log_table import DTYPES
from tests.laws.moments import alone, at_rest, halfway, in_a_hurry, in_doubt, refused, with_a_rest
from tests.laws.tampered_money import MONEY
from tests.laws.tampered_orders import ORDERS
from tests.laws.tampered_records import RECORDS
from tests.laws.tampered_risk import RISK
from tests.laws.tampering import Parts, Tampering, broken_by

TAMPERINGS = [*RECORDS, *MONEY, *ORDERS, *RISK]


@pytest.mark.parametrize("moment", [at_rest, in_a_hurry, refused, with_a_rest, halfway, alone, in_doubt])
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


WILD = st.sampled_from([0, -1, 1, 2, 2**31, 2**62, -(2**63), 2**63 - 1])


@settings(max_examples=60)
@given(st.data())
def test_nothing_in_a_record_makes_a_law_raise(data: st.DataObject):
    parts = Parts(data.draw(st.sampled_from([at_rest, alone, in_doubt]))())
    for _ in range(data.draw(st.integers(1, 3))):
        rows = data.draw(st.sampled_from([getattr(parts, log) for log in DTYPES if len(getattr(parts, log))]))
        field = data.draw(st.sampled_from(rows.dtype.names))
        _spoil(rows[field], data.draw(st.integers(0, len(rows) - 1)), data.draw(WILD))
    for violation in log_violations(parts.evidence()):
        assert str(violation)


@settings(max_examples=60)
@given(st.data())
def test_nothing_in_a_state_makes_a_law_raise(data: st.DataObject):
    parts = Parts(data.draw(st.sampled_from([alone, in_doubt]))())
    target = parts.state
    while target.dtype.names:
        target = target[data.draw(st.sampled_from(target.dtype.names))].view(np.ndarray)
        if target.dtype.names and target.ndim:
            target = target.reshape(-1)[data.draw(st.integers(0, target.size - 1))]
    flat = target.reshape(-1)
    _spoil(flat, data.draw(st.integers(0, flat.size - 1)), data.draw(WILD))
    for violation in log_violations(parts.evidence()):
        assert str(violation)


def _spoil(values: np.ndarray, place: int, value: int) -> None:
    """Puts an integer where it fits, and NaN instead where floats are."""
    if values.dtype.kind == "f":
        values[place] = np.nan if value < 0 else value
    else:
        bounds = np.iinfo(values.dtype)
        values[place] = min(max(value, bounds.min), bounds.max)
