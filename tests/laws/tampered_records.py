"""Tampering with records: FORM, FAULT, I11 and I14."""

import numpy as np

from arbitrage_core.engine.state import Fault
from arbitrage_core.laws import Rerun
from tests.laws.moments import at_rest, halfway
from tests.laws.story import MS
from tests.laws.tampering import Tampering, add, give, put, set_state

LEG = ("symbols", 0, "trades", 0, "legs", 0)

RECORDS: list[Tampering] = [
    Tampering("a fill at a venue that does not exist", at_rest, put("fills", 3, "venue", 2), "FORM"),
    Tampering("a fill of nothing", at_rest, put("fills", 3, "lots", 0), "FORM"),
    Tampering("a fill that closes by buying", at_rest, put("fills", 0, "purpose", 2), "FORM"),
    Tampering("a purchase that opens the sold leg", at_rest, put("orders", 1, "side", 1), "FORM"),
    Tampering("an order of a symbol that does not exist", at_rest, put("orders", 0, "symbol", 1), "FORM"),
    Tampering("an action that does not exist", at_rest, put("orders", 0, "action", 3), "FORM"),
    Tampering("an order of trade 0", at_rest, put("orders", 0, "trade", 0), "FORM"),
    Tampering("a change to a state that does not exist", at_rest, put("changes", 3, "after", 9), "FORM"),
    Tampering("a trade that ended in no phase", at_rest, put("trades", 0, "phase", 2), "FORM"),
    Tampering("an incident of a third leg", at_rest, put("incidents", 0, "leg", 2), "FORM"),
    Tampering("funding of a trade without number", at_rest, put("funding", 0, "trade", -1), "FORM"),
    Tampering("fills that run back in time", at_rest, add("fills", 3, "now_ns", -10_000 * MS), "FORM"),
    Tampering("trades that run back in time", at_rest, add("trades", 1, "ended_ns", -10_000 * MS), "FORM"),
    Tampering("a slot with an order in no state", halfway, set_state(*LEG, "order", 0, "state", 11), "FORM"),
    Tampering("a slot at a venue that does not exist", halfway, set_state(*LEG, "venue", 2), "FORM"),
    Tampering("a slot that bought on the sold leg", halfway, set_state(*LEG, "side", -1), "FORM"),
    Tampering("a slot without a number", halfway, set_state("symbols", 0, "trades", 0, "number", 0), "FORM"),
    Tampering("a ledger of no currency", at_rest, lambda p: setattr(p, "venue_cash_amounts", np.zeros((2, 0))), "FORM"),
    Tampering("an engine that broke off", at_rest, set_state("fault", int(Fault.AMOUNT_MUST_BE_FINITE)), "FAULT"),
    Tampering("a replay that came out otherwise", at_rest, give(reruns=(Rerun("replay", "c0ffee", "c0ffef"),)), "I11"),
    Tampering("a restored state without a hash", at_rest, give(reruns=(Rerun("restore", "", ""),)), "I11"),
    Tampering("a last segment that is missing", at_rest, lambda p: p.keep_segments(0), "I14"),
    Tampering("a first segment that is missing", at_rest, lambda p: p.keep_segments(1), "I14"),
    Tampering("a gap between segments", at_rest, lambda p: p.segment(1, first_sequence=61), "I14"),
    Tampering("a segment numbered twice", at_rest, lambda p: p.segment(1, number=0), "I14"),
    Tampering("a flipped byte", at_rest, lambda p: p.segment(0, computed_checksum="ab"), "I14"),
    Tampering(
        "a segment without a checksum", at_rest, lambda p: p.segment(0, stored_checksum="", computed_checksum=""), "I14"
    ),
    Tampering("a segment left open in the middle", at_rest, lambda p: p.segment(0, sealed=False), "I14"),
    Tampering("a last segment left open", at_rest, lambda p: p.segment(1, sealed=False), "I14"),
    Tampering("a row that was never journalled", at_rest, give(journal_rows=101), "I14"),
]
