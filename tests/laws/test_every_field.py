"""Every field of the logs is held by a law, but those listed here: what they say, no law can prove or none has to."""

import numpy as np
import pytest

from arbitrage_core.laws import log_violations
from tests.laws.log_table import DTYPES
from tests.laws.moments import at_rest
from tests.laws.tampering import Parts

UNBOUND = {
    "orders": {"buy_bid_px", "sell_ask_px"},  # the sides nothing was decided on need only not cross
    "trades": {  # what statistics are made of
        "decided_ns", "hedged_ns", "leaving_ns", "leg_gap_ns", "initial_lots", "risk_amount", "spread_bps",
        "net_edge_bps", "partial_closes", "exit_reason", "stale", "flagged", "slot",
    },
    "incidents": {
        "ended_ns", "lots", "unhedged_quote_s", "attempts", "venue", "leg", "resolution", "phase", "forced",
    },
    "funding": {"pad"},
    "reports": {  # a row's other fields, and other kinds' payloads
        "received_ns", "venue_ns", "kind", "bid_px", "bid_qty", "ask_px", "ask_qty", "px", "qty", "side", "rate",
        "mark_px", "currency", "amount", "argument",
    },
}  # fmt: skip


@pytest.mark.parametrize("log", [log for log in DTYPES if log != "guards"])  # those: test_guard_events.py
def test_the_fields_of_a_log_are_held_by_laws_but_for_those_listed(log: str):
    unnoticed = {field for field in DTYPES[log].names or () if not _noticed(log, field)}
    assert unnoticed == UNBOUND.get(log, set()) & set(DTYPES[log].names or ())


def _noticed(log: str, field: str) -> bool:
    """Whether one more in the field is noticed, in any of a few rows."""
    rows = len(getattr(at_rest().log, log))
    for row in np.unique(np.linspace(0, rows - 1, 6).astype(int)):
        parts = Parts(at_rest())
        values = getattr(parts, log)[field]
        values[row] = np.nan_to_num(values[row], nan=0) + 1
        if log_violations(parts.evidence()):
            return True
    return False
