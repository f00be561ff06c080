"""Seeded faults: an engine broken on purpose, one way at a time, and who has to notice.

`FAULTS` names each defect, the engine functions it exchanges, rows in which it matters, and its witnesses: ids of laws,
`REFERENCE` (the reference model parts from it), `STOPPED` (the engine stops itself) or `NOT_FLAT` (something is open
after its end). A defect calls the sound function
by its name with `sound_` before it: only functions under their own names are exchanged.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import Command
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.book import book_refusal as sound_book_refusal
from arbitrage_core.engine.entry import open_trade as sound_open_trade
from arbitrage_core.engine.exits import consider_exit as sound_consider_exit
from arbitrage_core.engine.fills import book_fill as sound_book_fill
from arbitrage_core.engine.guards import exposure_refusal as sound_exposure_refusal
from arbitrage_core.engine.ledger import book_realised, converted, move_cash
from arbitrage_core.engine.orders import cancel as sound_cancel
from arbitrage_core.engine.orders import change_state as sound_change_state
from arbitrage_core.engine.orders import find_order as sound_find_order
from arbitrage_core.engine.orders import prepare as sound_prepare
from arbitrage_core.engine.orders import send as sound_send
from arbitrage_core.engine.state import LONG_AGO_NS, NEVER_NS, Approval
from tests.engine.small_market import WEST, Tape, pulses, small_config
from tests.seeded_fault import NOT_FLAT, REFERENCE, STOPPED, SeededFault, fault
from tests.seeded_guard_faults import GUARD_FAULTS

# ------------------------------------------------------------------------------------------------------------- money


@compiled
def fee_skipped(state, params, s, trade, leg, fee_amount):
    """`book_fee` that books nothing."""
    return np.int64(0)


@compiled
def fee_at_the_other_venue(state, params, s, trade, leg, fee_amount):
    """`book_fee` that charges the trade's other venue."""
    symbol, venue = state.symbols[s], state.venues[trade.legs[0].venue + trade.legs[1].venue - leg.venue]
    currency = params.symbols[s].markets[leg.venue].fee_currency
    reporting_amount = converted(state, params, fee_amount, currency)
    move_cash(state, venue, currency, -fee_amount, -reporting_amount)
    book_realised(state, symbol, venue, trade, -reporting_amount)
    trade.fees_amount += reporting_amount
    symbol.fees_amount += reporting_amount
    state.fees_amount += reporting_amount
    return reporting_amount


@compiled
def fill_booked_twice(state, params, out, s, trade, leg_index, row):
    """`book_fill` that forgets what it knew and books the same report again."""
    order = trade.legs[leg_index].order[0]
    lots, cost_amount, fee_amount = order.filled_lots, order.cost_amount, order.fee_amount
    sound_book_fill(state, params, out, s, trade, leg_index, row)
    order.filled_lots, order.cost_amount, order.fee_amount = lots, cost_amount, fee_amount
    sound_book_fill(state, params, out, s, trade, leg_index, row)


@compiled
def position_of_the_wrong_sign(state, params, out, s, trade, leg_index, row):
    """`book_fill` after which a purchase has lowered the position and a sale raised it."""
    order = trade.legs[leg_index].order[0]
    lots = row.filled_lots - order.filled_lots
    sound_book_fill(state, params, out, s, trade, leg_index, row)
    state.symbols[s].position_lots[trade.legs[leg_index].venue] -= 2 * order.side * lots


@compiled
def basis_released_in_full(state, symbol, trade, leg, lots, cash_reporting_amount):
    """`book_closing` that gives a partial close the basis of the whole leg."""
    released_amount = leg.basis_amount
    leg.basis_amount -= released_amount
    leg.lots -= lots
    gained_amount = released_amount + cash_reporting_amount
    book_realised(state, symbol, state.venues[leg.venue], trade, gained_amount)
    return gained_amount


@compiled
def realised_missing_at_the_venue(state, symbol, venue, trade, amount):
    """`book_realised` that forgets one of the four sums."""
    trade.realised_amount += amount
    symbol.realised_amount += amount
    state.realised_amount += amount


@compiled
def no_slippage(state, params, s, order, venue, lots, cost_amount):
    """`slippage_of` that finds none."""
    return np.int64(0)


@compiled
def nothing_unrealised(state, params, s, leg):
    """`leg_value_amount` that values nothing held."""
    return np.int64(0)


@compiled
def unwind_reserve_kept(state, params, s, trade):
    """`release_unwind` that releases nothing."""
    return


@compiled
def order_reserve_kept(state, params, s, leg):
    """`settle_order` that leaves a final order's reserve and exposure standing."""
    leg.order[0].due_ns, leg.order[0].cancel_ns = NEVER_NS, NEVER_NS


# ------------------------------------------------------------------------------------------------------------ guards


@compiled
def capital_unlimited(state, params, s, venue, need_amount):
    """`capital_refusal` that lends without end."""
    return Refusal.NONE


@compiled
def stale_books_pass(book, now_ns, quote_age_max_ns):
    """`book_refusal` that asks for no age."""
    return sound_book_refusal(book, book.received_ns, quote_age_max_ns)


@compiled
def crossed_books_pass(book, now_ns, quote_age_max_ns):
    """`book_refusal` that takes a crossed book for a sound one."""
    refusal = sound_book_refusal(book, now_ns, quote_age_max_ns)
    return Refusal.NONE if refusal == Refusal.BOOK_MUST_BE_UNCROSSED else refusal


@compiled
def exposure_off_by_a_lot(state, params, s, buy_venue, buy_lots, buy_px, sell_venue, sell_lots, sell_px):
    """`exposure_refusal` that counts one lot too few."""
    return sound_exposure_refusal(state, params, s, buy_venue, buy_lots - 1, buy_px, sell_venue, sell_lots, sell_px)


@compiled
def any_edge_will_do(terms, spread_bps, net_edge_bps):
    """`edge_refusal` that refuses nothing."""
    return Refusal.NONE


@compiled
def any_pace_will_do(state, params, venue, now_ns):
    """`order_rate_refusal` that refuses nothing."""
    return Refusal.NONE


@compiled
def no_cooldown(symbol, terms, now_ns):
    """`cool_down` that sets none."""
    symbol.free_from_ns, symbol.cooldown_due_ns = LONG_AGO_NS, NEVER_NS


@compiled
def nothing_approved(state, approval, orders):
    """`approve` that grants nothing."""
    return


@compiled
def sent_without_approval(state, params, out, s, trade, leg_index, now_ns, stale):
    """`send` that helps itself to the approval nobody gave."""
    state.approval, state.approvals_left = Approval.REDUCE, 1
    sound_send(state, params, out, s, trade, leg_index, now_ns, stale)
    out.orders[out.order_count - 1].approval = Approval.NONE


# ------------------------------------------------------------------------------------------------- orders and slots


@compiled
def attempt_not_counted(state, params, s, trade, leg_index, side, style, purpose, lots, limit_px, decision_px):
    """`prepare` that always makes the first attempt, and so the same id again."""
    trade.legs[leg_index].attempts = 0
    sound_prepare(state, params, s, trade, leg_index, side, style, purpose, lots, limit_px, decision_px)


@compiled
def order_sent_twice(state, params, out, s, trade, leg_index, now_ns, stale):
    """`send` that puts the same order into the outbox a second time."""
    sound_send(state, params, out, s, trade, leg_index, now_ns, stale)
    out.orders[out.order_count] = out.orders[out.order_count - 1]
    out.order_count += 1
    out.written += 1


@compiled
def state_goes_back(state, symbol, out, s, venue, order, after, now_ns):
    """`change_state` that lets an acknowledged order be pending, and acknowledged, once more."""
    sound_change_state(state, symbol, out, s, venue, order, after, now_ns)
    if after == OrderState.OPEN:
        order.state = OrderState.NONE
        sound_change_state(state, symbol, out, s, venue, order, OrderState.PENDING, now_ns)
        sound_change_state(state, symbol, out, s, venue, order, OrderState.OPEN, now_ns)


@compiled
def end_forgotten(state, symbol, out, s, venue, order, after, now_ns):
    """`change_state` that ends an order without a note of it."""
    if after >= OrderState.FILLED:
        order.state = after
        return
    sound_change_state(state, symbol, out, s, venue, order, after, now_ns)


@compiled
def found_in_the_next_slot(symbol, client_id):
    """`find_order` that answers with the neighbour's slot."""
    slot, leg_index = sound_find_order(symbol, client_id)
    return (slot + 1) % len(symbol.trades) if slot >= 0 else slot, leg_index


@compiled
def found_on_the_other_leg(symbol, client_id):
    """`find_order` that answers with the other leg."""
    slot, leg_index = sound_find_order(symbol, client_id)
    return slot, 1 - leg_index if slot >= 0 else leg_index


@compiled
def opened_in_the_slot_before(symbol, buy_venue, sell_venue, spread_bps, net_edge_bps, now_ns):
    """`open_trade` that takes the slot before the first free one, whoever is in it."""
    slot = 0
    while symbol.trades[slot].phase != Phase.FREE:
        slot += 1
    if slot > 0:
        symbol.trades[slot - 1].phase = Phase.FREE
    return sound_open_trade(symbol, buy_venue, sell_venue, spread_bps, net_edge_bps, now_ns)


@compiled
def cancel_swallowed(state, params, out, s, trade, leg_index, now_ns):
    """`cancel` that believes it asked."""
    order_count, written = out.order_count, out.written
    sequence = state.symbols[s].sequence
    sound_cancel(state, params, out, s, trade, leg_index, now_ns)
    out.order_count, out.written, state.symbols[s].sequence = order_count, written, sequence


# ------------------------------------------------------------------------------------------------------ ways to leave


@compiled
def never_leaves(state, params, out, s, trade, now_ns):
    """`consider_exit` that hears of nothing but the numbers no trade has."""
    if trade.number < 0:
        sound_consider_exit(state, params, out, s, trade, now_ns)


@compiled
def never_loses_too_much(symbol, terms, unit, trade):
    """`loses_too_much` that bears every loss."""
    return False


@compiled
def leg_left_alone(state, params, out, s, trade, lead_index, complete_lots, reverse_lots, now_ns):
    """`fix` that does nothing about a leg alone, not even at its deadline."""
    trade.deadline_ns, trade.fix_retry_ns = NEVER_NS, NEVER_NS


@compiled
def incident_unseen(params, s, trade, lead_index, unequal_lots, now_ns):
    """`begin_incident` that begins none."""
    return


# ------------------------------------------------------------------------------------------------------------- cases


def plain() -> tuple[SessionConfig, np.ndarray]:
    """Pulses: trades that converge, some with a leg alone for a while."""
    return small_config(), pulses()


def held() -> tuple[SessionConfig, np.ndarray]:
    """Pulses which break off while a trade is open."""
    return small_config(), pulses(2)[:-6]


def patient() -> tuple[SessionConfig, np.ndarray]:
    """Pulses, and no holding time that ever comes."""
    return small_config(hold_max_ms=1e9), pulses(2)


def ladder() -> tuple[SessionConfig, np.ndarray]:
    """Pulses, closed in two parts."""
    return small_config(take_profit="32:0.4"), pulses(3)


def slipping() -> tuple[SessionConfig, np.ndarray]:
    """Pulses at venues that fill a basis point and a half worse."""
    return small_config(market={"slippage_bps": 1.5}), pulses(2)


def stopped() -> tuple[SessionConfig, np.ndarray]:
    """Pulses which widen after the entry by more than the stop allows."""
    return small_config(stop_loss_bps=20.0), pulses(2)


def hungry() -> tuple[SessionConfig, np.ndarray]:
    """Pulses that come faster than the cooldown is over."""
    return small_config(cooldown_ms=300.0, max_open_trades=4), pulses(3)


def poor() -> tuple[SessionConfig, np.ndarray]:
    """Pulses with capital for one trade, and slots for four."""
    return small_config(session={"initial_capital_quote": 60.0}, max_open_trades=4), pulses(3)


def hasty() -> tuple[SessionConfig, np.ndarray]:
    """Pulses at venues that take one order in any second."""
    return small_config(venue={"orders_per_s_max": 1}), pulses(3)


def picky() -> tuple[SessionConfig, np.ndarray]:
    """Pulses that pay less than the edge asked for."""
    return small_config(entry_net_edge_bps=60.0), pulses(2)


def resting() -> tuple[SessionConfig, np.ndarray]:
    """Entries that rest below the market until they are canceled."""
    return small_config(entry_order="post_only", working_max_ms=100.0, answer_timeout_ms=9_000.0), pulses(2)


def at_the_limit() -> tuple[SessionConfig, np.ndarray]:
    """An exposure limit half a lot below what the entry needs: 2 × 100 lots at the touch the sale may be filled at."""
    return small_config(symbol_exposure_max_quote=200 * 0.01 * 100.59 - 0.5), pulses(2)


def old_book() -> tuple[SessionConfig, np.ndarray]:
    """East last heard of five seconds ago when west rises."""
    tape = Tape().both(0, 100, 100).quote(5_000, WEST, 100.59, 100.61).both(5_100, 100, 100.6).both(5_200, 100, 100)
    return small_config(skew_max_ms=60_000.0), tape.rows


def crossed_book() -> tuple[SessionConfig, np.ndarray]:
    """West shows a bid above its ask."""
    tape = Tape().both(0, 100, 100).quote(10, WEST, 100.61, 100.59).both(100, 100, 100).both(200, 100, 100)
    return small_config(), tape.rows


def flattened() -> tuple[SessionConfig, np.ndarray]:
    """A resting entry, and the order to end the session."""
    tape = Tape().both(0, 100, 100).both(10, 100, 100.6).command(30, Command.FLATTEN).both(100, 100, 100.6)
    return small_config(entry_order="post_only", working_max_ms=50_000.0, answer_timeout_ms=9_000.0), tape.rows


FAULTS: dict[str, SeededFault] = {
    "fee skipped": fault({"book_fee": fee_skipped}, plain, "I1", "I15", "I2", REFERENCE),
    "fee at the other venue": fault({"book_fee": fee_at_the_other_venue}, plain, "I1", "I2", REFERENCE),
    "fill booked twice": fault({"book_fill": fill_booked_twice}, plain, "I1", "I15", "I2", "I3", "I4", "I8", REFERENCE),
    "position of the wrong sign": fault({"book_fill": position_of_the_wrong_sign}, held, "I1", "I15", REFERENCE),
    "basis released in full": fault({"book_closing": basis_released_in_full}, ladder, "I2", REFERENCE),
    "realised missing at the venue": fault(
        {"book_realised": realised_missing_at_the_venue}, plain, "I15", "I2", REFERENCE
    ),
    "slippage zero": fault({"slippage_of": no_slippage}, slipping, REFERENCE),
    "nothing unrealised": fault({"leg_value_amount": nothing_unrealised}, held, REFERENCE),
    "unwind reserve kept": fault({"release_unwind": unwind_reserve_kept}, plain, REFERENCE, "REST"),
    "order reserve kept": fault({"settle_order": order_reserve_kept}, plain, "I8", REFERENCE, "REST"),
    "capital guard off": fault({"capital_refusal": capital_unlimited}, poor, REFERENCE),
    "freshness guard off": fault({"book_refusal": stale_books_pass}, old_book, "I9", REFERENCE),
    **GUARD_FAULTS,
    "crossed books pass": fault({"book_refusal": crossed_books_pass}, crossed_book, "I9", REFERENCE),
    "exposure guard off by a lot": fault({"exposure_refusal": exposure_off_by_a_lot}, at_the_limit, "I8", REFERENCE),
    "edge guard off": fault({"edge_refusal": any_edge_will_do}, picky, REFERENCE),
    "order rate guard off": fault({"order_rate_refusal": any_pace_will_do}, hasty, "I16", REFERENCE),
    "cooldown ignored": fault({"cool_down": no_cooldown}, hungry, REFERENCE),
    "nothing approved": fault({"approve": nothing_approved}, plain, "FAULT", "I8", STOPPED),
    "sent without approval": fault({"send": sent_without_approval}, plain, "I18"),
    "client id used again": fault(
        {"prepare": attempt_not_counted}, plain, "I15", "I3", "I4", "I5", "I7", "I8", REFERENCE
    ),
    "order sent twice": fault({"send": order_sent_twice}, plain, "I1", "I16", "I3", "I4", "I5", "I7", REFERENCE),
    "order state goes back": fault({"change_state": state_goes_back}, plain, "I3", "I8", REFERENCE),
    "end of an order forgotten": fault({"change_state": end_forgotten}, plain, "I3", "I5", "I7", "I8", REFERENCE),
    "found in the next slot": fault({"find_order": found_in_the_next_slot}, plain, "FAULT", STOPPED),
    "found on the other leg": fault({"find_order": found_on_the_other_leg}, plain, "I1", "I15", "I3", "I4", REFERENCE),
    "opened in the slot before": fault(
        {"open_trade": opened_in_the_slot_before}, plain, "I1", "I15", "I2", "I8", REFERENCE, "REST"
    ),
    "cancel swallowed": fault({"cancel": cancel_swallowed}, resting, "I19", REFERENCE),
    "cancel swallowed at the end": fault({"cancel": cancel_swallowed}, flattened, "I19", REFERENCE),
    "exit dropped": fault({"consider_exit": never_leaves}, patient, NOT_FLAT, REFERENCE),
    "stop-loss off": fault({"loses_too_much": never_loses_too_much}, stopped, REFERENCE),
    "leg left alone": fault({"fix": leg_left_alone}, plain, "I7", REFERENCE),
    "incident unseen": fault({"begin_incident": incident_unseen}, plain, "I7", REFERENCE),
}
