"""The output: what a fold writes for others, besides its state; never part of the state hash.

One record holding a log of each kind, each with its count. The runner drains them between compiled calls; a fold
returns early, saying how many rows it consumed, when one is nearly full. All amounts are int64 in booking units; those
named `_amount` are in the reporting currency unless the name says `quote` or `fee`.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.record import record
from arbitrage_core.domain.row import row_dtype

LOG_SLOTS = 16_384
"""Length of each log, and of all together between two drains."""

ORDER_OUT = record(
    now_ns="i8",
    client_id="i8",
    trade="i8",
    attempt="i8",
    lots="i8",
    limit_px="f8",  # 0: market
    decision_px="f8",  # the touch it meant to take, own currency
    buy_received_ns="i8",  # the two books it cites; entries cite both, others their own (the other is 0)
    sell_received_ns="i8",
    buy_bid_px="f8",
    buy_ask_px="f8",
    sell_bid_px="f8",
    sell_ask_px="f8",
    sequence="i8",  # per symbol
    approval="i8",  # Approval: by which list it passed
    worst_exposure_quote="f8",  # of the symbol, this order and its sibling in full (entries)
    action="i2",
    symbol="i2",
    venue="i2",
    leg="i2",
    side="i2",
    style="i2",
    purpose="i2",
    stale="i2",  # 1: a reduction on a book that was not fresh
)
"""An action asked of a venue: submit, cancel or query."""

CHANGE_OUT = record(
    now_ns="i8", client_id="i8", filled_lots="i8", lots="i8", symbol="i2", before="i2", after="i2", venue="i2"
)
"""A change of an order's state."""

FILL_OUT = record(
    now_ns="i8",
    client_id="i8",
    trade="i8",
    attempt="i8",
    lots="i8",
    cost_quote_amount="i8",  # booked growth, quote currency units, positive
    fee_amount="i8",  # booked growth, fee currency units
    cash_reporting_amount="i8",  # converted signed cash: −side × cost
    fee_reporting_amount="i8",
    realised_amount="i8",  # net of the fee
    slippage_amount="i8",  # worse than the decision price is positive; reporting currency
    symbol="i2",
    venue="i2",
    leg="i2",
    side="i2",
    purpose="i2",
    style="i2",
)
"""A booking of executed lots."""

TRADE_OUT = record(
    number="i8",
    decided_ns="i8",
    opened_ns="i8",  # first fill; 0 for VOID
    hedged_ns="i8",  # first time OPEN; 0 if never
    leaving_ns="i8",  # first exit order; 0 if none
    ended_ns="i8",
    leg_gap_ns="i8",  # between the two legs' first fills; −1 when only one filled
    initial_lots="i8",
    entry_notional_amount="i8",  # mean of both legs' opening cost
    realised_amount="i8",  # net
    fees_amount="i8",
    funding_amount="i8",
    slippage_amount="i8",
    incident_amount="i8",  # cost of its incidents
    risk_amount="i8",  # one R; 0 when there is no stop
    spread_bps="f8",  # gross, at decision
    net_edge_bps="f8",
    unhedged_quote_s="f8",  # notional × seconds with unequal legs
    partial_closes="i4",
    incidents="i4",
    symbol="i2",
    buy_venue="i2",
    sell_venue="i2",
    phase="i2",  # VOID, UNWOUND or CLOSED
    exit_reason="i2",  # 0 for VOID and UNWOUND
    stale="i2",
    flagged="i2",
    slot="i2",
)
"""A trade that ended."""

INCIDENT_OUT = record(
    trade="i8",
    began_ns="i8",
    ended_ns="i8",
    lots="i8",  # unequal lots when it was found
    cost_amount="i8",
    unhedged_quote_s="f8",
    attempts="i4",
    symbol="i2",
    venue="i2",  # of the leg left alone
    leg="i2",
    resolution="i2",  # Purpose of the last order that worked at it
    phase="i2",  # the trade's phase when it was found
    forced="i2",  # 1: its deadline passed
)
"""A leg that stood alone, and what it cost."""

EQUITY_OUT = record(
    now_ns="i8",
    equity_amount="i8",
    realised_amount="i8",
    unrealised_amount="i8",
    revaluation_amount="i8",
)
"""A mark of the session's equity."""

FUNDING_OUT = record(now_ns="i8", trade="i8", amount="i8", symbol="i2", venue="i2", leg="i2", pad="i2")
"""Funding booked to one leg, reporting currency."""


GUARD_OUT = record(
    now_ns="i8",
    release_ns="i8",  # of a trip that time releases; 0: a new day or the operator
    observed="f8",  # in the guard's own unit
    limit="f8",  # in the same; 0 where there is none
    guard="i2",  # Refusal
    kind="i2",  # GuardEvent
    cause="i2",  # GuardCause
    symbol="i2",  # -1: of the whole session, or of a venue
    venue="i8",  # -1: of none
)
"""A guard with memory, or a switch, that tripped, went further or was released."""


def output_dtype(levels: int) -> np.dtype:
    """The output of engines for books of `levels` levels; about 14 MB."""
    return record(
        applied="i8",  # stream rows applied so far, without reports
        order_count="i8",
        order_sent="i8",  # how many of the orders were handed to the venue
        change_count="i8",
        fill_count="i8",
        trade_count="i8",
        incident_count="i8",
        equity_count="i8",
        funding_count="i8",
        guard_count="i8",
        report_count="i8",
        written="i8",  # entries of all logs together since the last drain
        orders=(ORDER_OUT, (LOG_SLOTS,)),
        changes=(CHANGE_OUT, (LOG_SLOTS,)),
        fills=(FILL_OUT, (LOG_SLOTS,)),
        trades=(TRADE_OUT, (LOG_SLOTS,)),
        incidents=(INCIDENT_OUT, (LOG_SLOTS,)),
        equity=(EQUITY_OUT, (LOG_SLOTS,)),
        funding=(FUNDING_OUT, (LOG_SLOTS,)),
        guards=(GUARD_OUT, (LOG_SLOTS,)),
        report_positions=("i8", (LOG_SLOTS,)),  # how many stream rows had been applied when the report was delivered
        reports=(row_dtype(levels), (LOG_SLOTS,)),
    )


@dataclass(frozen=True)
class SessionLog:
    """All that a session wrote, in order: one structured array of each `*_OUT` dtype.

    `reports[i]` (rows of kind REPORT) was delivered when `report_positions[i]` stream rows had been applied.
    """

    orders: np.ndarray
    changes: np.ndarray
    fills: np.ndarray
    trades: np.ndarray
    incidents: np.ndarray
    equity: np.ndarray
    funding: np.ndarray
    guards: np.ndarray
    reports: np.ndarray
    report_positions: np.ndarray
