"""The state: all the engine knows, as one record. Its bytes are its snapshot, their hash its identity.

The sizes (venues, symbols, levels, trades a symbol) are capacities and part of the type; a session's are rounded up to
one of a few, since each shape compiles once. Amounts are int64 in booking units, of the reporting currency unless the
name says otherwise. `NEVER_NS` is a due time that does not come.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from arbitrage_core.domain.record import record
from arbitrage_core.domain.refusal import REFUSAL_SLOTS
from arbitrage_core.domain.trade import ExitReason

SCHEMA_VERSION = 6
AWAITING_QUOTE = 3
"""A book's feed after FEED UP, until its next quote."""
NEVER_NS = np.iinfo(np.int64).max
LONG_AGO_NS = -(2**62)
EXIT_REASON_SLOTS = max(ExitReason) + 1
CURRENCY_SLOTS = 8
RATE_RING_SLOTS = 256
SLIPPAGE_FILLS = 16
"""So many fills of a symbol are judged together for their slippage."""
LEGS = 2

VENUE_CAPACITIES = (2, 4, 8)
SYMBOL_CAPACITIES = (1, 4, 64)
LEVEL_CAPACITIES = (1, 10, 20)
TRADE_CAPACITIES = (4, 16)

TOUCH = record(bid="f8", ask="f8")
"""Best prices of a market in the reporting currency; bid 0 and ask inf while unknown. All the hot path reads."""

STOP_WATCH = record(loss_px="f8", sell_out="f8", buy_back="f8")
"""Of trades bought here and sold there: worth a look when the fee-laden difference of ask and bid exceeds loss_px."""

ORDER = record(
    client_id="i8",
    lots="i8",
    filled_lots="i8",
    cost_amount="i8",  # cumulative, quote currency units
    fee_amount="i8",  # cumulative, fee currency units
    sent_ns="i8",
    due_ns="i8",  # when silence turns into doubt, or the next query goes out
    cancel_ns="i8",  # when a resting order is canceled
    reserved_amount="i8",  # still held for it, quote currency units
    reserved_full_amount="i8",  # when it was sent
    limit_px="f8",  # NO_LIMIT_PX: market
    decision_px="f8",
    worst_px="f8",  # own currency; the price its exposure is reckoned at
    state="i8",  # OrderState
    purpose="i8",
    style="i8",
    side="i8",
    queries="i8",
    canceling="i8",
)
"""The working (or last) order of a leg."""

LEG = record(
    order=(ORDER, (1,)),
    lots="i8",  # held, unsigned
    basis_amount="i8",  # signed cash of what is held: negative when bought
    opened_lots="i8",  # sum of opening fills
    opened_cost_amount="i8",  # their cost, own currency units
    opened_reporting_amount="i8",  # the same, converted
    unwind_reserved_amount="i8",  # quote currency units
    first_fill_ns="i8",
    decision_px="f8",  # of the entry
    exit_px="f8",  # of the last exit, at its decision
    attempts="i8",
    venue="i8",
    side="i8",  # of its entry
)
"""One side of a trade: leg 0 bought, leg 1 sold."""

TRADE = record(
    legs=(LEG, (LEGS,)),
    number="i8",
    phase="i8",
    exit_reason="i8",
    decided_ns="i8",
    opened_ns="i8",
    hedged_ns="i8",
    leaving_ns="i8",
    hold_due_ns="i8",
    hold_timer_ns="i8",  # the same until it has been looked at
    wait_due_ns="i8",  # a due exit that waits for fresh books goes anyway
    exit_retry_ns="i8",  # the next exit not before; NEVER: at once
    exit_vain_tries="i8",
    fix_retry_ns="i8",  # the next try at a leg alone not before; NEVER: at once
    fix_vain_tries="i8",
    deadline_ns="i8",  # of a leg alone
    imbalance_ns="i8",  # when the legs last became unequal; NEVER while equal
    measured_ns="i8",  # until when unhedged_quote_s is summed
    initial_lots="i8",
    realised_amount="i8",
    fees_amount="i8",
    funding_amount="i8",
    slippage_amount="i8",
    incident_amount="i8",
    spread_bps="f8",
    net_edge_bps="f8",
    unhedged_quote_s="f8",
    incident_began_ns="i8",  # NEVER when none stands
    incident_cost_start_amount="i8",
    incident_lots="i8",
    incident_leg="i8",
    incident_phase="i8",
    incident_attempts="i8",
    incident_forced="i8",
    incident_unhedged_start="f8",  # unhedged_quote_s when the legs last became unequal
    last_fix="i8",
    incidents="i8",
    partial_closes="i8",
    round_kind="i8",  # Round: what the working orders are for
    round_lots="i8",  # lots held on both legs when the last orders went out, to tell a try in vain
    round_goal_lots="i8",  # what those orders should leave
    stale="i8",
    flagged="i8",
    told="i8",  # non-zero: REDUCE told it to leave
)


GUARD = record(
    level="i8",  # GuardLevel
    release_ns="i8",  # NEVER: by a new day, by what is seen, or by the operator
    trips="i8",
)
"""A guard with memory."""


class SymbolGuard(IntEnum):
    """Places of a symbol's guards with memory."""

    SLIPPAGE = 0
    LOSSES = 1
    DAILY_LOSS = 2
    EXPOSURE = 3


class SessionGuard(IntEnum):
    """Places of the session's guards with memory."""

    DAILY_LOSS = 0
    DRAWDOWN = 1
    EXPOSURE = 2


def book_dtype(levels: int) -> np.dtype:
    """The book of a market: prices in its own currency, quantities in base currency."""
    return record(
        received_ns="i8",
        moved_ns="i8",  # row time at which its best prices last changed
        mark_bid_px="f8",  # the last bid and ask to reckon with, when a side is empty or the book crossed; 0: none yet
        mark_ask_px="f8",
        feed="i8",  # FeedStatus, or AWAITING_QUOTE
        bid_px=("f8", (levels,)),
        bid_qty=("f8", (levels,)),
        ask_px=("f8", (levels,)),
        ask_qty=("f8", (levels,)),
    )


def symbol_dtype(venues: int, levels: int, trades: int) -> np.dtype:
    """All of one symbol, the fields that most rows read before those that few do: they share cache lines."""
    return record(
        touches=(TOUCH, (venues,)),
        entry_factor="f8",  # of the cheap edge test
        rates=("f8", (venues,)),  # of the market's quote currency; 0: no such market
        restless="i8",  # non-zero: the next quote gets a full look, whatever it shows
        cost_factors=("f8", (venues * venues,)),  # [bought at × venues + sold at]: worth a look when ask < bid × this
        stops="i8",  # non-zero: some trade watches its loss
        above_floor="i8",
        awaits_look="i8",  # non-zero: a quote of the instant that goes on asks for a look at its end
        attention="i8",  # non-zero: every row looks at its trades
        inventories_unpriced="i8",  # starting inventories that await their first quote
        books=(book_dtype(levels), (venues,)),
        doubts=("i8", (venues,)),
        free_from_ns="i8",
        off="i8",  # non-zero: the operator, or FLATTEN, switched the symbol off
        reducing="i8",  # non-zero: REDUCE was answered and is still to be carried out
        opportunity="i8",  # stands: 1; and was taken: 2
        opportunity_refusal="i8",
        in_use="i8",  # slots
        counter="i8",  # trades sent so far
        refusals=("i8", (REFUSAL_SLOTS,)),
        missed=("i8", (REFUSAL_SLOTS,)),
        stop_watches=(STOP_WATCH, (venues * venues,)),
        cooldown_due_ns="i8",
        sequence="i8",  # actions sent so far
        entries="i8",
        closed="i8",
        unwound="i8",
        voids="i8",
        wins="i8",
        seen="i8",
        taken="i8",
        realised_amount="i8",
        fees_amount="i8",
        position_lots=("i8", (venues,)),
        initial_lots=("i8", (venues,)),
        inventory_basis_amounts=("i8", (venues,)),  # initial_lots at the first quote
        exposure_lots=("i8", (venues,)),
        selling_lots=("i8", (venues,)),  # of working spot sales that open
        exits=("i8", (EXIT_REASON_SLOTS,)),
        guards=(GUARD, (len(SymbolGuard),)),
        losses_in_a_row="i8",
        day_start_amount="i8",  # realised when the day's losses began to count
        slippage_count="i8",  # fills since the guard was last released
        slippage_excesses=("i8", (SLIPPAGE_FILLS,)),  # of the last fills, in turn: slippage beyond the expected
        slippage_notionals=("i8", (SLIPPAGE_FILLS,)),
        trades=(TRADE, (trades,)),
    )


VENUE = record(
    cash_amounts=("i8", (CURRENCY_SLOTS,)),
    basis_amounts=("i8", (CURRENCY_SLOTS,)),  # the same as it was converted when booked
    reserved_amounts=("i8", (CURRENCY_SLOTS,)),
    start_amounts=("i8", (CURRENCY_SLOTS,)),
    realised_amount="i8",
    exposure_guard=(GUARD, (1,)),
    sent_ns=("i8", (RATE_RING_SLOTS,)),
    sent_count="i8",
)
"""What is held at a venue, by currency index."""


class SessionPhase(IntEnum):
    """Whether entries are allowed. ENDING: FLATTEN was ordered. HALTED: a fault, nothing more is done."""

    ACTIVE = 0
    PAUSED = 1
    ENDING = 2
    HALTED = 3


class Fault(IntEnum):
    """A broken invariant. The fold stops, the session is sealed."""

    NONE = 0
    AMOUNT_MUST_BE_FINITE = 1
    ORDER_MUST_BE_APPROVED = 2
    FILL_MUST_NOT_EXCEED_ORDER = 3
    TIME_MUST_NOT_RUN_BACK = 4
    EVENTS_MUST_BE_BOUNDED = 5
    ROW_MUST_NAME_A_MARKET = 6
    ORDER_STATE_CHANGE_MUST_BE_LEGAL = 7


class Round(IntEnum):
    """What a trade's last orders were for: an exit, or setting a leg right that stood alone."""

    NONE = 0
    EXIT = 1
    FIX = 2


class Approval(IntEnum):
    """By which list of rules an order passed. REDUCE is the shorter, reduce-only one."""

    NONE = 0
    ENTRY = 1
    COMPLETE = 2
    REDUCE = 3


@dataclass(frozen=True)
class Shape:
    """Capacities of an engine: what it is compiled for."""

    venues: int
    symbols: int
    levels: int
    trades: int

    def __str__(self) -> str:
        return f"v{self.venues}s{self.symbols}l{self.levels}t{self.trades}"

    @classmethod
    def holding(cls, venues: int, symbols: int, levels: int, trades: int) -> "Shape":
        """The smallest shape that holds these; ValueError past the largest."""
        return cls(
            _capacity("venues", venues, VENUE_CAPACITIES),
            _capacity("symbols", symbols, SYMBOL_CAPACITIES),
            _capacity("levels", levels, LEVEL_CAPACITIES),
            _capacity("open trades a symbol", trades, TRADE_CAPACITIES),
        )


def _capacity(noun: str, wanted: int, capacities: tuple[int, ...]) -> int:
    for capacity in capacities:
        if wanted <= capacity:
            return capacity
    raise ValueError(f"at most {capacities[-1]} {noun}, not {wanted}")


def state_dtype(shape: Shape) -> np.dtype:
    """The whole state."""
    return record(
        due_ns="i8",  # earliest of all symbols' and the next mark
        now_ns="i8",
        restless="i8",  # non-zero: the next row is applied in full, whatever it is
        instant_open="i8",  # non-zero: the last quote said that more of its instant follow
        looks_owed="i8",  # symbols that await a look at the end of the instant
        mark_due_ns="i8",
        rows="i8",
        phase="i8",  # SessionPhase
        killed="i8",  # non-zero: the kill switch is on, until released
        stores_silent="i8",  # non-zero: what should keep the record or show the state does not answer
        fault="i8",
        approval="i8",  # one-use: what the guards granted and send has not yet consumed
        approvals_left="i8",
        foreign_reports="i8",
        start_amount="i8",
        realised_amount="i8",
        fees_amount="i8",
        equity_amount="i8",
        peak_amount="i8",
        drawdown_amount="i8",
        guards=(GUARD, (len(SessionGuard),)),
        reducing="i8",  # non-zero: some symbol is
        day_end_ns="i8",
        day_start_amount="i8",
        guard_peak_amount="i8",  # highest equity since the drawdown guard was last released
        due_by_symbol_ns=("i8", (shape.symbols,)),  # earliest timer of each symbol's trades and cooldown
        rates=("f8", (CURRENCY_SLOTS,)),
        rate_received_ns=("i8", (CURRENCY_SLOTS,)),
        venues=(VENUE, (shape.venues,)),
        symbols=(symbol_dtype(shape.venues, shape.levels, shape.trades), (shape.symbols,)),
    )
