"""The logs of the engine: one table each, one row an entry, in the engine's own order.

`number` counts a session's entries of a log from 0 on, so (session_id, number) names an entry whoever writes it, and a
log comes back in order. `session_id` is no foreign key here: checking it row by row makes a load three times as slow.
Writers hold their session's row while they write, and a trigger removes the entries of a session that is deleted. Nor
are there more indexes than shown: each would double the time of a load, and a query of one session reads its range of
the primary key.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text, text

from arbitrage_core.domain.order import Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.refusal import GuardCause, GuardEvent
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.state import Approval
from arbitrage_core.storage.record.tables.columns import (
    amount,
    coded,
    codes_of,
    finite,
    moment,
    number,
    real,
    rule,
    small,
    time_ns,
)
from arbitrage_core.storage.record.tables.columns import text as text_column
from arbitrage_core.storage.record.tables.metadata import METADATA

SIDE = "side of the order: 1 buys, -1 sells"
LEG = "0: the leg bought at entry, 1: the leg sold"
QUOTE = "the market's quote currency"
FEE = "the market's fee currency"


def _entry() -> tuple[Column, Column]:
    return (
        Column("session_id", BigInteger, nullable=False, comment="sessions.id"),
        number("number", "place in the session's log, from 0 on"),
    )


def _market() -> tuple[Column, Column]:
    return text_column("symbol", "what is traded"), text_column("venue", "where")


def _flag(name: str, comment: str) -> Column:
    return Column(name, Boolean, nullable=False, comment=comment)


def _table(name: str, comment: str, *parts: object) -> Table:
    """A log's table. Wide columns stand first, then narrow ones, texts and at last the virtual: in this order a row is
    laid out by offsets known beforehand, which saves a tenth of the time of a load."""
    columns = sorted((part for part in parts if isinstance(part, Column)), key=_width)
    rules = [part for part in parts if not isinstance(part, Column)]
    key = PrimaryKeyConstraint("session_id", "number")
    return Table(name, METADATA, *_entry(), *columns, *rules, key, comment=comment)


def _width(column: Column) -> int:
    if column.computed is not None:
        return 4
    kinds = {SmallInteger: 1, Boolean: 2, Text: 3}
    return next((rank for kind, rank in kinds.items() if isinstance(column.type, kind)), 0)


ORDERS = _table(
    "orders",
    "Actions asked of venues: submit, cancel, query",
    time_ns("now_ns", "when it was decided"),
    moment("now_at", "now_ns"),
    number("client_id", "client order id, 63 bits, derived"),
    *_market(),
    number("trade", "number of the trade, counted per symbol"),
    small("leg", LEG),
    number("attempt", "counts the orders of one leg, from 1"),
    number("sequence", "counts what is asked for one symbol, from 1"),
    *coded("action", Action, "SUBMIT, CANCEL or QUERY"),
    *coded("purpose", Purpose, "ENTRY and COMPLETE open, EXIT and REVERSE close"),
    *coded("style", OrderStyle, "how it works: IOC, MARKET, GTC, POST_ONLY"),
    *coded("approval", Approval, "by which list of rules it passed"),
    small("side", SIDE),
    number("lots", "quantity in lots of the symbol"),
    real("limit_px", "limit in the quote currency; none: market", nullable=True),
    real("decision_px", "the touch it meant to take, quote currency"),
    real("worst_exposure_quote", "of the symbol, this order and its sibling in full, reporting currency; entries only"),
    time_ns("buy_received_ns", "receipt of the book cited where it buys; none: not cited", nullable=True),
    real("buy_bid_px", "best bid of that book", nullable=True),
    real("buy_ask_px", "best ask of that book", nullable=True),
    time_ns("sell_received_ns", "receipt of the book cited where it sells; none: not cited", nullable=True),
    real("sell_bid_px", "best bid of that book", nullable=True),
    real("sell_ask_px", "best ask of that book", nullable=True),
    _flag("stale", "a reduction on a book that was not fresh"),
    rule(
        "codes_must_be_known",
        "side BETWEEN -1 AND 1",
        "side <> 0",
        "leg BETWEEN 0 AND 1",
        f"action_code {codes_of(Action)}",
        f"purpose_code {codes_of(Purpose)}",
        f"style_code {codes_of(OrderStyle)}",
        f"approval_code {codes_of(Approval)}",
    ),
    rule(
        "figures_must_fit",
        "number >= 0",
        "now_ns > 0",
        "client_id > 0",
        "trade > 0",
        "attempt > 0",
        "sequence > 0",
        "lots > 0",
        "limit_px > 0",
        "decision_px > 0",
        "worst_exposure_quote >= 0",
        *finite("limit_px", "decision_px", "worst_exposure_quote"),
    ),
    rule("submits_must_be_approved", "action_code <> 0 OR approval_code <> 0"),
    Index("orders_sent_once", "session_id", "client_id", unique=True, postgresql_where=text("action_code = 0")),
)

ORDER_CHANGES = _table(
    "order_changes",
    "Changes of an order's state",
    time_ns("now_ns", "when it changed"),
    moment("now_at", "now_ns"),
    number("client_id", "client order id"),
    *_market(),
    *coded("before", OrderState, "state it left"),
    *coded("after", OrderState, "state it is in now"),
    number("filled_lots", "lots filled so far"),
    number("lots", "lots ordered"),
    rule(
        "codes_must_be_known",
        f"before_code {codes_of(OrderState)}",
        f"after_code {codes_of(OrderState)}",
        "before_code <> after_code",
    ),
    rule("figures_must_fit", "number >= 0", "now_ns > 0", "client_id > 0", "filled_lots BETWEEN 0 AND lots"),
)

FILLS = _table(
    "fills",
    "Executed lots, booked once",
    time_ns("now_ns", "when it was booked"),
    moment("now_at", "now_ns"),
    number("client_id", "client order id"),
    *_market(),
    number("trade", "number of the trade, counted per symbol"),
    small("leg", LEG),
    number("attempt", "which order of the leg"),
    *coded("purpose", Purpose, "ENTRY and COMPLETE open, EXIT and REVERSE close"),
    *coded("style", OrderStyle, "how the order works"),
    small("side", SIDE),
    number("lots", "executed lots of the symbol"),
    amount("cost_quote_amount", "cost, positive", unit=QUOTE),
    amount("fee_amount", "fee, a rebate is negative", unit=FEE),
    amount("cash_reporting_amount", "signed cash, -side x cost, converted when booked"),
    amount("fee_reporting_amount", "the fee, converted when booked"),
    amount("realised_amount", "PnL realised by this fill, net of its fee"),
    amount("slippage_amount", "worse than the decision price is positive"),
    rule(
        "codes_must_be_known",
        "side BETWEEN -1 AND 1",
        "side <> 0",
        "leg BETWEEN 0 AND 1",
        f"purpose_code {codes_of(Purpose)}",
        f"style_code {codes_of(OrderStyle)}",
    ),
    rule(
        "figures_must_fit",
        "number >= 0",
        "now_ns > 0",
        "client_id > 0",
        "trade > 0",
        "attempt > 0",
        "lots > 0",
        "cost_quote_amount >= 0",
    ),
)

TRADES = _table(
    "trades",
    "Round trips that ended: closed, unwound or void",
    text_column("symbol", "what is traded"),
    number("trade", "number of the trade, counted per symbol"),
    text_column("buy_venue", "where it bought at entry"),
    text_column("sell_venue", "where it sold at entry"),
    *coded("phase", Phase, "how it ended: VOID, UNWOUND or CLOSED"),
    *coded("exit_reason", ExitReason, "why it left; NONE for VOID and UNWOUND"),
    time_ns("decided_ns", "when its entry was decided"),
    moment("decided_at", "decided_ns"),
    time_ns("opened_ns", "first fill; none: it never filled", nullable=True),
    moment("opened_at", "opened_ns"),
    time_ns("hedged_ns", "when both legs first stood; none: never", nullable=True),
    time_ns("leaving_ns", "first exit order; none: it sent none", nullable=True),
    time_ns("ended_ns", "when it ended"),
    moment("ended_at", "ended_ns"),
    number("leg_gap_ns", "between the two legs' first fills; none: not both filled; nanoseconds", nullable=True),
    number("initial_lots", "lots meant to be held on each leg"),
    amount("entry_notional_amount", "mean of both legs' opening cost"),
    amount("realised_amount", "PnL, net of fees, with funding"),
    amount("fees_amount", "fees"),
    amount("funding_amount", "funding received (positive) or paid"),
    amount("slippage_amount", "worse than the decision prices is positive"),
    amount("incident_amount", "what its incidents cost"),
    amount("risk_amount", "one R, the loss its stop stands at; 0 without a stop"),
    real("spread_bps", "gross entry spread at decision, bps"),
    real("net_edge_bps", "net edge at decision, bps"),
    real("unhedged_quote_s", "notional x seconds with unequal legs, reporting currency"),
    number("partial_closes", "exits before the last"),
    number("incidents", "legs left alone"),
    small("slot", "place in the engine's state"),
    _flag("stale", "one of its reductions was sent on a book that was not fresh"),
    _flag("flagged", "an order of it was never answered"),
    rule(
        "codes_must_be_known",
        f"phase_code BETWEEN {Phase.VOID.value} AND {Phase.CLOSED.value}",
        f"exit_reason_code {codes_of(ExitReason)}",
    ),
    rule(
        "figures_must_fit",
        "number >= 0",
        "trade > 0",
        "leg_gap_ns >= 0",
        "initial_lots >= 0",
        "entry_notional_amount >= 0",
        "risk_amount >= 0",
        "partial_closes >= 0",
        "incidents >= 0",
        "slot >= 0",
        "unhedged_quote_s >= 0",
        *finite("spread_bps", "net_edge_bps", "unhedged_quote_s"),
    ),
    rule(
        "times_must_be_in_order",
        "decided_ns > 0",
        "opened_ns >= decided_ns",
        "hedged_ns >= opened_ns",
        "ended_ns >= decided_ns",
    ),
    Index("trades_end_once", "session_id", "symbol", "trade", unique=True),
)

INCIDENTS = _table(
    "incidents",
    "Legs left alone for a while, and what that cost",
    *_market(),
    number("trade", "number of the trade, counted per symbol"),
    small("leg", LEG + "; the one left alone"),
    *coded("phase", Phase, "the trade's phase when it was found"),
    *coded("resolution", Purpose, "purpose of the last order that worked at it; none: none did", nullable=True),
    time_ns("began_ns", "when the legs became unequal"),
    moment("began_at", "began_ns"),
    time_ns("ended_ns", "when they were equal again, or gone"),
    number("lots", "unequal lots when it was found"),
    amount("cost_amount", "what it cost"),
    real("unhedged_quote_s", "notional x seconds with unequal legs, reporting currency"),
    number("attempts", "orders sent to end it"),
    _flag("forced", "its deadline passed"),
    rule(
        "codes_must_be_known",
        "leg BETWEEN 0 AND 1",
        f"phase_code {codes_of(Phase)}",
        f"resolution_code {codes_of(Purpose)}",
    ),
    rule(
        "figures_must_fit",
        "number >= 0",
        "trade > 0",
        "lots > 0",
        "attempts >= 0",
        "began_ns > 0",
        "ended_ns >= began_ns",
        "unhedged_quote_s >= 0",
        *finite("unhedged_quote_s"),
    ),
)

EQUITY = _table(
    "equity",
    "Marks of the session's equity: after bookings and at full seconds",
    time_ns("now_ns", "when it was marked"),
    moment("now_at", "now_ns"),
    amount("equity_amount", "start + realised + unrealised + revaluation"),
    amount("realised_amount", "realised so far, net of fees"),
    amount("unrealised_amount", "what closing at the touch would add"),
    amount("revaluation_amount", "change in worth of starting inventory and foreign cash"),
    rule("figures_must_fit", "number >= 0", "now_ns > 0"),
)

FUNDING = _table(
    "funding",
    "Funding booked to the legs of trades",
    time_ns("now_ns", "when it was booked"),
    moment("now_at", "now_ns"),
    *_market(),
    number("trade", "number of the trade, counted per symbol"),
    small("leg", LEG),
    amount("amount", "received is positive, paid negative"),
    rule("figures_must_fit", "number >= 0", "now_ns > 0", "trade > 0", "leg BETWEEN 0 AND 1"),
)

GUARD_EVENTS = _table(
    "guard_events",
    "Guards with memory, and switches, that tripped, went further or were released",
    time_ns("now_ns", "row time"),
    moment("now_at", "now_ns"),
    time_ns("release_ns", "when time releases it; none: a new day or the operator does", nullable=True),
    real("observed", "what was seen, in the guard's own unit; 0: nothing is measured"),
    real("limit_value", "what it may be at most, in the same unit"),
    *coded("kind", GuardEvent, "TRIPPED or RELEASED; REDUCED: open trades leave; FLATTENED: for good"),
    *coded("cause", GuardCause, "ENGINE: what happened, or time; OPERATOR"),
    text_column("guard", "the rule"),
    text_column("symbol", "of one symbol; none: of the whole session, or of a venue", nullable=True),
    text_column("venue", "of one venue; none: of no one venue", nullable=True),
    rule(
        "codes_must_be_known", f"kind_code {codes_of(GuardEvent)}", f"cause_code {codes_of(GuardCause)}", "guard <> ''"
    ),
    rule("figures_must_fit", "number >= 0", "now_ns > 0", "release_ns > now_ns"),
)

LOG_TABLES = {
    "orders": ORDERS,
    "changes": ORDER_CHANGES,
    "fills": FILLS,
    "trades": TRADES,
    "incidents": INCIDENTS,
    "equity": EQUITY,
    "funding": FUNDING,
    "guards": GUARD_EVENTS,
}
"""Table by the log's name in `SessionLog`."""
