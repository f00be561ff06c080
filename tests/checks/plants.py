"""Defects to plant: statements that spoil one session, and the rules that must then fail of it, and no others."""

FIRST = "number = (SELECT min(number) FROM {table} WHERE session_id = :id AND {where})"
LAST = "number = (SELECT max(number) FROM {table} WHERE session_id = :id)"

ONCE_EACH = "fills: no execution is booked twice"
TOO_MANY = "fills: no more lots than the order asked for"
UNLIKE = "fills: side, market, leg, trade and purpose are those of the order"
ORDERLESS = "fills: each has its order"
BY_FILLS = "trades: realised PnL is cash less fees of its fills, with funding"
FEES = "trades: fees are those of its fills"
REALISED = "trades: realised PnL is what its fills realised"
LEFT = "trades: nothing is left of one that ended"
VOID = "trades: void ones never filled, others did"
LEGS = "trades: a closed one filled both legs and left both"
INCIDENTS = "trades: as many incidents as are recorded of it"
FIGURES = "sessions: the document's figures are those of the rows"
COUNTS = "sessions: as many rows are there as were recorded"
LAST_MARK = "sessions: realised at the last mark is what was booked"


def spoil(table: str, change: str, where: str) -> str:
    """Changes the first row of the session's table for which `where` holds."""
    return f"UPDATE {table} SET {change} WHERE session_id = :id AND " + FIRST.format(table=table, where=where)


def spoil_last(table: str, change: str) -> str:
    """Changes the last row of the session's table."""
    return f"UPDATE {table} SET {change} WHERE session_id = :id AND " + LAST.format(table=table)


_TWICE = """INSERT INTO fills ({columns}) SELECT {copied} FROM fills WHERE session_id = :id AND number = 0"""
_FILL = (
    *("session_id", "number", "now_ns", "client_id", "symbol", "venue", "trade", "leg", "attempt", "purpose_code"),
    *("style_code", "side", "lots", "cost_quote_amount", "fee_amount", "cash_reporting_amount"),
    *("fee_reporting_amount", "realised_amount", "slippage_amount"),
)
BOOKED_TWICE = _TWICE.format(
    columns=", ".join(_FILL),
    copied=", ".join(
        "(SELECT max(number) + 1 FROM fills WHERE session_id = :id)" if name == "number" else name for name in _FILL
    ),
)

ENTRY, EXIT = "action_code = 0 AND purpose_code = 0 AND leg = 0", "action_code = 0 AND purpose_code = 2 AND leg = 0"
CLOSED, HELD = "phase_code = 7", "phase_code = 7 AND exit_reason_code = 3"
SECOND_ID = "client_id = (SELECT client_id FROM orders WHERE session_id = :id AND number = 0)"

FIRST_TRADE = "(SELECT symbol, trade FROM trades WHERE session_id = :id AND number = 0)"
FIRST_REFUSAL = "(SELECT min(ctid) FROM refusals WHERE session_id = :id)"

PLANTS: list[tuple[str, set[str]]] = [
    (spoil("orders", "venue = 'nowhere'", ENTRY), {"orders: each names a market of its session", UNLIKE}),
    (
        spoil("orders", SECOND_ID, f"{ENTRY} AND number > 0"),
        {"orders: a client order id is sent once in a session", ORDERLESS},
    ),
    (
        spoil("orders", "attempt = 1", "action_code = 0 AND attempt = 2"),
        {"orders: one order per trade, leg and attempt"},
    ),
    (spoil("orders", "lots = 0", ENTRY), {"orders: lots are positive", TOO_MANY}),
    (spoil("orders", "sell_received_ns = NULL", ENTRY), {"orders: entries cite both books, others their own"}),
    (
        spoil("orders", "buy_received_ns = now_ns - 1500000000", ENTRY),
        {"orders: what opens was decided on fresh books"},
    ),
    (spoil("orders", "sell_received_ns = now_ns + 1", ENTRY), {"orders: what opens was decided on fresh books"}),
    (spoil("orders", "buy_ask_px = buy_bid_px", ENTRY), {"orders: what opens was decided on uncrossed books"}),
    (spoil("orders", "sell_bid_px = NULL", ENTRY), {"orders: what opens was decided on uncrossed books"}),
    (
        spoil("orders", "buy_received_ns = now_ns - 1500000000", f"{EXIT} AND NOT stale"),
        {"orders: a reduction on an old or crossed book is flagged"},
    ),
    (spoil("orders", "stale = true", ENTRY), {"orders: what opens is never flagged stale"}),
    (spoil("orders", "limit_px = NULL", ENTRY), {"orders: limit orders have a limit, market orders none"}),
    (
        spoil("orders", "limit_px = limit_px * 1.0001", ENTRY),
        {"orders: the limit is within its bound of the touch it meant to take"},
    ),
    (
        spoil("orders", "limit_px = limit_px * 0.9999", ENTRY),
        {"orders: the limit is within its bound of the touch it meant to take"},
    ),
    (
        spoil("order_changes", "before_code = 0", "before_code = 1 AND after_code = 2"),
        {"orders: only legal changes of state"},
    ),
    (
        spoil("order_changes", "after_code = 3", "before_code = 2 AND after_code = 5"),
        {"sessions: every order ended"},
    ),
    (spoil("fills", "client_id = 77", "leg = 0"), {ORDERLESS}),
    (spoil("fills", "purpose_code = 1", "purpose_code = 0"), {UNLIKE}),
    (spoil("orders", "lots = lots - 1", ENTRY), {TOO_MANY}),
    (BOOKED_TWICE, {ONCE_EACH, TOO_MANY, LEFT, BY_FILLS, FEES, REALISED, FIGURES, COUNTS, LAST_MARK}),
    (
        spoil("fills", "now_ns = now_ns - 10000000000", "leg = 0"),
        {"fills: none is booked before its order was sent"},
    ),
    (spoil("fills", "fee_amount = 0", "leg = 0"), {"fills: a fee is charged where the market charges one"}),
    (spoil("fills", "fee_amount = -fee_amount", "leg = 0"), {"fills: no fee has the wrong sign"}),
    (
        spoil("fills", "cost_quote_amount = cost_quote_amount + 1", "leg = 0"),
        {"fills: cash is the cost, with its sign"},
    ),
    (
        spoil("trades", "symbol = 'none', trade = 1", CLOSED),
        {"trades: each names a symbol of its session", VOID, LEGS, BY_FILLS, FEES, REALISED, FIGURES},
    ),
    (
        spoil("trades", f"(symbol, trade) = {FIRST_TRADE}", "number = 1"),
        {"trades: each ends once", BY_FILLS, FEES, REALISED, FIGURES},
    ),
    (
        spoil("trades", "phase_code = 3, exit_reason_code = 0", CLOSED),
        {"trades: each ended VOID, UNWOUND or CLOSED", FIGURES},
    ),
    (
        spoil("trades", "exit_reason_code = 0", CLOSED),
        {"trades: a reason to leave stands with the closed ones, and only there"},
    ),
    (spoil("trades", "phase_code = 7, exit_reason_code = 1", "phase_code = 6"), {LEGS, FIGURES}),
    (spoil("fills", "lots = lots - 1", "purpose_code = 2"), {LEFT}),
    (spoil("trades", "phase_code = 5, exit_reason_code = 0", CLOSED), {VOID, FIGURES}),
    (
        spoil(
            "fills",
            "cost_quote_amount = cost_quote_amount + 1, cash_reporting_amount = cash_reporting_amount - side",
            "leg = 0",
        ),
        {BY_FILLS},
    ),
    (spoil("trades", "fees_amount = fees_amount + 1", CLOSED), {FEES}),
    (spoil("trades", "realised_amount = realised_amount + 1", CLOSED), {BY_FILLS, REALISED}),
    (spoil("fills", "realised_amount = realised_amount + 1", "leg = 0"), {REALISED, FIGURES, LAST_MARK}),
    (
        spoil("trades", "opened_ns = opened_ns + 9000000000", HELD),
        {"trades: those that left by HOLD_TIME held so long"},
    ),
    (
        spoil("trades", "leaving_ns = leaving_ns + 60000000000", HELD),
        {"trades: those that left by HOLD_TIME waited no longer than allowed"},
    ),
    (spoil("trades", "incidents = incidents + 1", CLOSED), {INCIDENTS}),
    (spoil("trades", "incident_amount = incident_amount + 1", CLOSED), {"trades: the cost of its incidents is theirs"}),
    (spoil("incidents", "ended_ns = began_ns - 1", "true"), {"incidents: none ends before it began"}),
    ("UPDATE sessions SET status = 'abandoned' WHERE id = :id", {"sessions: each is complete"}),
    ("UPDATE sessions SET state_hash = NULL WHERE id = :id", {"sessions: each has its state hash"}),
    ("UPDATE sessions SET document = NULL WHERE id = :id", {"sessions: each has its document"}),
    ("DELETE FROM equity WHERE session_id = :id AND " + LAST.format(table="equity"), {COUNTS}),
    (spoil_last("equity", "number = number + 5"), {"sessions: no log has a gap"}),
    (
        f"UPDATE refusals SET refused = refused + 1 WHERE session_id = :id AND ctid = {FIRST_REFUSAL}",
        {FIGURES},
    ),
    (
        "UPDATE sessions SET document = jsonb_set(document, '{per_symbol,BTC/USDT,pnl_amount}', '1') WHERE id = :id",
        {FIGURES},
    ),
    (spoil_last("equity", "realised_amount = realised_amount + 1, equity_amount = equity_amount + 1"), {LAST_MARK}),
    (spoil("equity", "now_ns = now_ns - 1000000000000", "number = 5"), {"equity: marks are in the order of time"}),
    (
        spoil("equity", "unrealised_amount = unrealised_amount + 1", "number = 5"),
        {"equity: equity is start, realised, unrealised and revaluation"},
    ),
]
