"""The trades' suite: both legs in and out, PnL made up anew from fills, holding times, their ends; and incidents."""

import numpy as np
import pandas as pd

from arbitrage_core.storage.record.frames import ENUMS
from checks.evidence import NOTHING, Columns, Evidence
from checks.rule import between, equal, none_of, unique
from checks.sums import Groups, trade_keys
from checks.terms import Terms

PHASE, EXIT_REASON, PURPOSE = ENUMS["phase"], ENUMS["exit_reason"], ENUMS["purpose"]
KEYS = {"trades": ("session_id", "number"), "incidents": ("session_id", "number")}

RULES = (
    unique("trades: each ends once", "trades", "session_id", "symbol", "trade"),
    none_of("trades: each names a symbol of its session", "trades", "unknown_symbol"),
    none_of("trades: each ended VOID, UNWOUND or CLOSED", "trades", "phase_not_final"),
    none_of("trades: a reason to leave stands with the closed ones, and only there", "trades", "reason_misplaced"),
    none_of("trades: a closed one filled both legs and left both", "trades", "closed_without_a_leg"),
    none_of("trades: nothing is left of one that ended", "trades", "lots_left"),
    none_of("trades: void ones never filled, others did", "trades", "void_misplaced"),
    equal("trades: realised PnL is cash less fees of its fills, with funding", "trades", "realised_amount", "by_fills"),
    equal("trades: fees are those of its fills", "trades", "fees_amount", "fees_by_fills"),
    equal("trades: realised PnL is what its fills realised", "trades", "realised_amount", "realised_by_fills"),
    between("trades: those that left by HOLD_TIME held so long", "trades", "beyond_hold_ns", 0, None),
    between("trades: those that left by HOLD_TIME waited no longer than allowed", "trades", "late_ns", None, 0),
    equal("trades: as many incidents as are recorded of it", "trades", "incidents", "incidents_recorded"),
    equal("trades: the cost of its incidents is theirs", "trades", "incident_amount", "incident_cost_recorded"),
    between("incidents: none ends before it began", "incidents", "lasted_ns", 0, None),
)


def frames(evidence: Evidence, terms: Terms) -> dict[str, pd.DataFrame]:
    """The frames `trades` and `incidents`."""
    trades, incidents = evidence.tables["trades"], evidence.tables["incidents"]
    keys = trade_keys(trades, len(evidence.symbols))
    dealt, phase = _Dealt(evidence, keys), trades["phase_code"]
    closed, void = phase == PHASE.CLOSED, phase == PHASE.VOID
    filled = dealt.legs_in > 0
    recorded = Groups(trade_keys(incidents, len(evidence.symbols)))
    columns = {
        name: trades[name]
        for name in ("session_id", "number", "trade", "realised_amount", "fees_amount", "incidents", "incident_amount")
    }
    made = {
        "symbol": trades["symbol"].astype(np.int64),
        "unknown_symbol": (trades["symbol"] < 0).astype(np.int64),
        "phase_not_final": (~closed & ~void & (phase != PHASE.UNWOUND)).astype(np.int64),
        "reason_misplaced": (closed != (trades["exit_reason_code"] != EXIT_REASON.NONE)).astype(np.int64),
        "closed_without_a_leg": (closed & ((dealt.legs_in < 2) | (dealt.legs_out < 2))).astype(np.int64),
        "lots_left": dealt.lots_left,
        "void_misplaced": (void == filled).astype(np.int64),
        "by_fills": dealt.cash_amount - dealt.fees_amount + dealt.funding_amount,
        "fees_by_fills": dealt.fees_amount,
        "realised_by_fills": dealt.realised_amount + dealt.funding_amount,
        "incidents_recorded": recorded.sums(np.ones(len(incidents["trade"]), np.int64), keys),
        "incident_cost_recorded": recorded.sums(incidents["cost_amount"], keys),
    }
    lasted = {name: incidents[name] for name in ("session_id", "number")}
    lasted["lasted_ns"] = incidents["ended_ns"] - incidents["began_ns"]
    return {
        "trades": pd.DataFrame(columns | made | _holding(trades, terms), copy=False),
        "incidents": pd.DataFrame(lasted, copy=False),
    }


class _Dealt:
    """What the fills and funding of each trade come to, int64[n] in the order of `keys`."""

    def __init__(self, evidence: Evidence, keys: np.ndarray) -> None:
        fills, funding = evidence.tables["fills"], evidence.tables["funding"]
        fill_keys = trade_keys(fills, len(evidence.symbols))
        groups = Groups(fill_keys)
        opens = (fills["purpose_code"] == PURPOSE.ENTRY) | (fills["purpose_code"] == PURPOSE.COMPLETE)
        signed = np.where(opens, fills["lots"], -fills["lots"])
        first = fills["leg"] == 0
        into = [groups.sums(opens & mask, keys) > 0 for mask in (first, ~first)]
        out = [groups.sums(~opens & mask, keys) > 0 for mask in (first, ~first)]
        self.legs_in, self.legs_out = into[0].astype(np.int64) + into[1], out[0].astype(np.int64) + out[1]
        left = [groups.sums(np.where(mask, signed, 0), keys) for mask in (first, ~first)]
        self.lots_left = np.abs(left[0]) + np.abs(left[1])
        self.cash_amount = groups.sums(fills["cash_reporting_amount"], keys)
        self.fees_amount = groups.sums(fills["fee_reporting_amount"], keys)
        self.realised_amount = groups.sums(fills["realised_amount"], keys)
        self.funding_amount = Groups(trade_keys(funding, len(evidence.symbols))).sums(funding["amount"], keys)


def _holding(trades: Columns, terms: Terms) -> dict[str, np.ndarray]:
    """How far beyond its holding time a trade ended, and how much later than allowed its first exit order was sent:
    at most the wait for fresh books after the holding time, or after both legs stood, whichever was later."""
    held = (trades["exit_reason_code"] == EXIT_REASON.HOLD_TIME) & (trades["opened_ns"] != NOTHING)
    due_ns = trades["opened_ns"] + terms.of_symbol(terms.hold_max_ns, trades).astype(np.int64)
    from_ns = np.maximum(due_ns, trades["hedged_ns"])
    wait_ns = terms.of_symbol(terms.exit_wait_max_ns, trades).astype(np.int64)
    return {
        "beyond_hold_ns": np.where(held, trades["ended_ns"] - due_ns, 0),
        "late_ns": np.where(held, trades["leaving_ns"] - from_ns - wait_ns, 0),
    }
