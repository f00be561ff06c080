"""The fills' suite: each belongs to its order, is booked once and after it, and was charged its fee."""

import numpy as np
import pandas as pd

from arbitrage_core.storage.record.frames import ENUMS
from checks.evidence import Columns, Evidence
from checks.orders import submitted
from checks.rule import between, none_of, unique
from checks.sums import places_by_session, running_sums
from checks.terms import Terms

STYLE = ENUMS["style"]
KEYS = {"fills": ("session_id", "number")}

RULES = (
    none_of("fills: each has its order", "fills", "orderless"),
    none_of("fills: side, market, leg, trade and purpose are those of the order", "fills", "unlike_its_order"),
    between("fills: no more lots than the order asked for", "fills", "lots_beyond_order", None, 0),
    unique(
        "fills: no execution is booked twice", "fills", "session_id", "client_id", "now_ns", "lots", "cost_quote_amount"
    ),
    between("fills: none is booked before its order was sent", "fills", "after_order_ns", 0, None),
    none_of("fills: a fee is charged where the market charges one", "fills", "fee_missing"),
    none_of("fills: no fee has the wrong sign", "fills", "fee_sign_wrong"),
    none_of("fills: cash is the cost, with its sign", "fills", "cash_less_cost"),
)

_REPEATED = ("side", "symbol", "venue", "leg", "trade", "purpose_code")


def frames(evidence: Evidence, terms: Terms) -> dict[str, pd.DataFrame]:
    """The frame `fills`."""
    fills, orders = evidence.tables["fills"], submitted(evidence.tables["orders"])
    at = places_by_session(orders["client_id"], orders["place"], fills["client_id"], fills["place"])
    known = at >= 0
    unlike, beyond = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    after_ns = np.zeros(len(at), np.int64)
    if len(orders["number"]):
        for name in _REPEATED:
            unlike |= (fills[name] != orders[name][at]) & known
        beyond = np.where(known, running_sums(at, fills["lots"]) - orders["lots"][at], 0)
        after_ns = np.where(known, fills["now_ns"] - orders["now_ns"][at], 0)
    fee_amount, cash_amount = fills["fee_amount"], fills["cash_reporting_amount"]
    missing, wrong = _fees(fills, terms)
    reporting = terms.of_market(terms.reporting, fills)
    columns = {
        name: fills[name] for name in ("session_id", "number", "client_id", "now_ns", "lots", "cost_quote_amount")
    }
    frame = pd.DataFrame(
        columns
        | {
            "fee_amount": fee_amount,
            "orderless": (~known).astype(np.int64),
            "unlike_its_order": unlike,
            "lots_beyond_order": beyond,
            "after_order_ns": after_ns,
            "fee_missing": missing.astype(np.int64),
            "fee_sign_wrong": wrong.astype(np.int64),
            "cash_less_cost": np.where(reporting, cash_amount + fills["side"] * fills["cost_quote_amount"], 0),
        },
        copy=False,
    )
    return {"fills": frame}


def _fees(fills: Columns, terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    """Whether a fee is missing, and whether it has the wrong sign. What rounds to nothing may be nothing.

    A resting order may have been dealt as maker, or in part as taker: then either fee will do.
    """
    taker = terms.of_market(terms.taker_fee_bps, fills)
    maker = terms.of_market(terms.maker_fee_bps, fills)
    rested = (fills["style_code"] == STYLE.GTC) | (fills["style_code"] == STYLE.POST_ONLY)
    least = np.where(rested, np.minimum(taker, maker), taker)
    most = np.where(rested, np.maximum(taker, maker), taker)
    same_unit = terms.of_market(terms.same_fee_unit, fills)
    counts = np.where(same_unit, fills["cost_quote_amount"] * np.abs(least) * 1e-4, 0.0) >= 1.0
    fee = fills["fee_amount"]
    missing = counts & (fee == 0) & (least * most > 0)
    wrong = ((least >= 0) & (fee < 0)) | ((most <= 0) & (fee > 0))
    return missing, wrong
