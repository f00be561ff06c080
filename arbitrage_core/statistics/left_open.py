"""What was left open: the trades that a session ended with, and why each is still there."""

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, Phase

LISTED_MAX = 20


def left_open(config: SessionConfig, state: np.record) -> list[dict[str, object]]:
    """Of the trades with a fill that did not end, by symbol and number, at most LISTED_MAX: symbol, trade, phase, what
    is held by venue (base currency, signed), orders sent, and `because`, in words.

    config  the session's configuration
    state   its state record (`state_dtype`)
    """
    found: list[dict[str, object]] = []
    for s, name in enumerate(config.symbols):
        symbol, lot_base = state["symbols"][s], config.lot_base(name)
        trades = [trade for trade in symbol["trades"] if trade["phase"] != Phase.FREE and trade["opened_ns"] != 0]
        for trade in sorted(trades, key=lambda trade: int(trade["number"])):
            legs = trade["legs"]
            found.append(
                {
                    "symbol": name,
                    "trade": int(trade["number"]),
                    "phase": Phase(int(trade["phase"])).name,
                    "held_base": {
                        config.venues[leg["venue"]].name: int(leg["side"]) * int(leg["lots"]) * lot_base for leg in legs
                    },
                    "orders": int(legs["attempts"].sum()),
                    "because": _because(config, symbol, trade),
                }
            )
    return found[:LISTED_MAX]


def _because(config: SessionConfig, symbol: np.record, trade: np.record) -> str:
    """The gravest thing in its way."""
    orders = [leg["order"][0] for leg in trade["legs"]]
    if trade["flagged"]:
        return "it was flagged: an order's fate is not known, or a leg cannot be set right"
    if any(OrderState.NONE < order["state"] < FIRST_FINAL_STATE for order in orders):
        return "an order of it still works"
    if trade["exit_reason"] < FIRST_STICKY_REASON and trade["phase"] == Phase.OPEN:
        return "nothing told it to leave"
    held = [(leg, leg["order"][0]) for leg in trade["legs"] if leg["lots"]]
    if any(order["state"] == OrderState.REJECTED for _, order in held):
        venues = {config.venues[leg["venue"]].name for leg, order in held if order["state"] == OrderState.REJECTED}
        return f"{' and '.join(sorted(venues))} rejected its last order"
    thin = [config.venues[leg["venue"]].name for leg, _ in held if not _may_deal(symbol, leg)]
    if thin:
        return f"the last book of {' and '.join(thin)} had no price to deal at"
    venues = [config.venues[leg["venue"]].name for leg, _ in held]
    return f"the last books of {' and '.join(venues)} had no more to deal in at its price"


def _may_deal(symbol: np.record, leg: np.record) -> bool:
    """Whether the leg's book shows somebody to close it with, uncrossed."""
    book = symbol["books"][leg["venue"]]
    bid_px, ask_px = book["bid_px"][0], book["ask_px"][0]
    return bool((bid_px if leg["side"] > 0 else ask_px) > 0.0 and not 0.0 < ask_px <= bid_px)
