"""What venues tell of their orders is read alike from records and mappings, and may be less than all."""

from dataclasses import replace

import numpy as np
import pytest

from arbitrage_core.domain.record import record
from arbitrage_core.laws import VENUE_ORDER, VenueTruth, log_violations
from tests.laws.moments import at_rest, halfway
from tests.laws.tampering import Parts

LEDGER = (np.zeros((2, 1), np.int64), np.zeros((1, 2), np.int64))
RICHER = record(state="i8", client_id="i8", filled_lots="i8", lots="i8", cost_amount="i8", fee_amount="i8")


@pytest.mark.parametrize(
    "orders",
    [
        np.array([(7, 1, 2, 3), (5, 4, 5, 6)], VENUE_ORDER),
        np.array([[(1, 7, 1, 9, 2, 3)], [(1, 5, 4, 9, 5, 6)], [(0, 0, 0, 0, 0, 0)]], RICHER),
        {7: (1, 2, 3), 5: (4, 5, 6)},
    ],
    ids=["records", "slots of richer records", "a mapping"],
)
def test_figures_are_found_by_client_id(orders):
    truth = VenueTruth(*LEDGER, orders)
    figures = truth.figures_of(np.array([[5, 0], [6, 7]]))
    assert figures["client_id"].tolist() == [[5, 0], [0, 7]]
    assert figures["filled_lots"].tolist() == [[4, 0], [0, 1]]
    assert figures["fee_amount"].tolist() == [[6, 0], [0, 3]]
    assert sorted(truth.table["client_id"].tolist()) == [5, 7]


def test_venues_that_do_not_tell_are_not_asked():
    with pytest.raises(ValueError, match="do not tell"):
        VenueTruth(*LEDGER).figures_of(np.array([1]))


def test_orders_a_venue_has_forgotten_are_not_missed_unless_it_claims_to_know_all():
    parts = Parts(at_rest())
    parts.venue_orders = parts.venue_orders[:0]
    parts.given["venue_orders_complete"] = False
    assert log_violations(parts.evidence()) == []
    parts.given["venue_orders_complete"] = True
    assert {violation.law for violation in log_violations(parts.evidence())} == {"I4", "I15"}


def test_venues_that_do_not_tell_are_compared_where_nothing_is_at_work():
    assert log_violations(replace(halfway(), venue_orders=None, venue_orders_complete=False)) == []
    parts = Parts(at_rest())
    parts.venue_position_lots[0, 1] += 1
    silent = replace(parts.evidence(), venue_orders=None, venue_orders_complete=False)
    assert {violation.law for violation in log_violations(silent)} == {"I1"}
