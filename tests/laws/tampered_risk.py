"""Tampering with risk: I7, I8, I9 and I16."""

import numpy as np

from arbitrage_core.domain.order import Action
from arbitrage_core.domain.refusal import GuardEvent, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import GUARD_OUT
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.laws import Bound
from tests.laws.moments import alone, at_rest, halfway, in_a_hurry, in_doubt, refused, with_a_rest
from tests.laws.story import MS
from tests.laws.tampering import Edit, Parts, Tampering, add, give, leave_out, more, put, put_where, set_state

KILLED, OFF, LOST, LOSS, AT_VENUE = (
    Refusal.KILL_SWITCH_MUST_BE_OFF,
    Refusal.SYMBOL_MUST_BE_ON,
    Refusal.LOSSES_MUST_NOT_RUN_ON,
    Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE,
    Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,
)
TRADE = ("symbols", 0, "trades", 0)


def _later(milliseconds: int):
    return set_state("now_ns", more(milliseconds * MS))


def _ask_again(action: Action, times: int):
    def edit(parts: Parts) -> None:
        row = parts.row("orders", "action", action)
        parts.orders = np.insert(parts.orders, [row] * times, parts.orders[row])
        parts.orders["sequence"] = np.arange(1, len(parts.orders) + 1)
        parts.given["orders_handed_on"] = len(parts.orders)

    return edit


def _from_two_moments(parts: Parts) -> None:
    """A skew that was allowed then is not by these terms."""
    parts.configure(skew_max_ms=100.0)
    parts.orders["sell_received_ns"][0] = parts.orders["buy_received_ns"][0] - 101 * MS


def _event(parts: Parts, rule: Refusal, symbol: int, *kinds: GuardEvent, now_ns: int, venue: int = -1) -> np.ndarray:
    """Events of a guard, one after the other at one instant, as all that its log holds."""
    events = np.zeros(len(kinds), GUARD_OUT)
    events["now_ns"], events["guard"], events["symbol"], events["venue"] = now_ns, rule, symbol, venue
    events["kind"] = kinds
    parts.guards = events.view(parts.guards.dtype)
    return parts.guards


def _guard_stood(rule: Refusal, symbol: int, until: str, venue: int = -1) -> Edit:
    """A guard that, by its log, tripped just before the first entry of a symbol, and stood for good or beyond it."""

    def edit(parts: Parts) -> None:
        first_ns = parts.orders["now_ns"][0]
        event = _event(parts, rule, symbol, GuardEvent.TRIPPED, now_ns=first_ns - 1, venue=venue)
        event["release_ns"] = 0 if until == "for good" else first_ns + 1

    return edit


def _guard_released(parts: Parts) -> None:
    _event(parts, LOST, 0, GuardEvent.RELEASED, now_ns=parts.orders["now_ns"][0])


def _reduced_without_a_trip(parts: Parts) -> None:
    _event(parts, LOSS, 0, GuardEvent.REDUCED, now_ns=parts.orders["now_ns"][0])


def _reduced_and_stayed(parts: Parts) -> None:
    """REDUCE of the loss of the day while a trade is hedged, which sends its first exit a good while later."""
    parts.configure(exit_wait_max_ms=0.001)
    ended_ns = parts.trades["ended_ns"][0]
    parts.trades["hedged_ns"][0], parts.trades["leaving_ns"][0] = ended_ns - 5 * MS, ended_ns - MS
    _event(parts, LOSS, 0, GuardEvent.TRIPPED, GuardEvent.REDUCED, now_ns=ended_ns - 4 * MS)


def _deal_in_ones(parts: Parts) -> None:
    parts.configure_markets(lot=0.001)


def _grow_a_leg(parts: Parts) -> None:
    """The last trade's sale is of one lot more."""
    parts.orders["lots"][-1] += 1
    parts.changes["lots"][parts.changes["client_id"] == parts.orders["client_id"][-1]] += 1


RISK: list[Tampering] = [
    Tampering("a leg left alone unseen", at_rest, leave_out("incidents", 0), "I7"),
    Tampering("an incident that began too late", at_rest, add("incidents", 0, "began_ns", MS), "I7"),
    Tampering("an incident that ended too early", at_rest, add("incidents", 0, "ended_ns", -400 * MS), "I7"),
    Tampering("an incident of another cost", at_rest, add("incidents", 0, "cost_amount", 1), "I7"),
    Tampering("a trade of other incidents", at_rest, add("trades", 0, "incidents", 1), "I7"),
    Tampering("unhedged notional that nobody counted", at_rest, put("trades", 1, "unhedged_quote_s", 0.0), "I7"),
    Tampering("unhedged notional that never was", at_rest, add("trades", 1, "unhedged_quote_s", 1.0), "I7"),
    Tampering(
        "a leg alone past its deadline", at_rest, lambda p: p.configure(single_leg_deadline_ms=50.0, retry_ms=1.0), "I7"
    ),
    Tampering("a rest that could be dealt in", with_a_rest, _deal_in_ones, "I7"),
    Tampering("a leg alone for ever", alone, _later(63_101), "I7"),
    Tampering("an order at work for ever", in_doubt, _later(4_700_000), "I7"),
    Tampering("a trade that ended as another", at_rest, put("trades", 1, "phase", Phase.VOID), "I7"),
    Tampering("a trade that closed without leaving", at_rest, put("trades", 1, "phase", Phase.CLOSED), "I7"),
    Tampering("a trade that began before its first fill", at_rest, add("trades", 0, "opened_ns", -1), "I7"),
    Tampering("a trade that ended after its last order", at_rest, add("trades", 0, "ended_ns", 1), "I7"),
    Tampering("a trade at another venue", at_rest, put("trades", 0, "buy_venue", 1), "I7"),
    Tampering("a trade in use at rest", halfway, give(ended=True), "I3 I4 I7 REST"),
    Tampering("a leg alone without an incident", alone, set_state(*TRADE, "incident_began_ns", NEVER_NS), "I7"),
    Tampering("unequal legs without a date", alone, set_state(*TRADE, "imbalance_ns", NEVER_NS), "I7"),
    Tampering(
        "an entry over the symbol's limit", at_rest, lambda p: p.configure(symbol_exposure_max_quote=1205.9), "I8"
    ),
    Tampering(
        "two entries over the symbol's limit", in_a_hurry, lambda p: p.configure(symbol_exposure_max_quote=2411.9), "I8"
    ),
    Tampering(
        "an entry over the portfolio's limit",
        at_rest,
        lambda p: p.configure_session(portfolio_exposure_max_quote=1205.9),
        "I8",
    ),
    Tampering("an entry over a venue's limit", at_rest, lambda p: p.configure_venues(exposure_max_quote=602.9), "I8"),
    Tampering(
        "two entries over a venue's limit", in_a_hurry, lambda p: p.configure_venues(exposure_max_quote=1205.9), "I8"
    ),
    Tampering("an exposure noted too low", at_rest, add("orders", 0, "worst_exposure_quote", -1.0), "I8"),
    Tampering("an entry of unequal legs", at_rest, _grow_a_leg, "I8"),
    Tampering(
        "an exposure that guards read wrong", halfway, set_state("symbols", 0, "exposure_lots", 0, more(-1)), "I8"
    ),
    Tampering("promised sales that guards read wrong", halfway, set_state("symbols", 0, "selling_lots", 0, 1), "I8"),
    Tampering("a doubt nobody counted", in_doubt, set_state("symbols", 0, "doubts", 1, 0), "I8"),
    Tampering("a slot nobody counted", halfway, set_state("symbols", 0, "in_use", 0), "I8"),
    Tampering("an entry on a stale book", at_rest, add("orders", 0, "sell_received_ns", -1001 * MS), "I9"),
    Tampering("an entry on books of two moments", at_rest, _from_two_moments, "I9"),
    Tampering("an entry after a kill", at_rest, _guard_stood(KILLED, ALL_SYMBOLS, "for good"), "I18"),
    Tampering("an entry of a symbol switched off", at_rest, _guard_stood(OFF, 0, "for good"), "I18"),
    Tampering("an entry before the pause was over", at_rest, _guard_stood(LOST, 0, "a while"), "I18"),
    Tampering("an entry at a venue over its limit", at_rest, _guard_stood(AT_VENUE, ALL_SYMBOLS, "for good", 0), "I18"),
    Tampering("REDUCE without a trip", at_rest, _reduced_without_a_trip, "I18"),
    Tampering("a trade that stays after REDUCE", at_rest, _reduced_and_stayed, "I18"),
    Tampering("a guard released that never tripped", at_rest, _guard_released, "I18"),
    Tampering("an entry on a book from the future", at_rest, add("orders", 0, "buy_received_ns", 1), "I9"),
    Tampering("an entry on a crossed book", at_rest, put("orders", 0, "sell_ask_px", 60_300.0), "I9"),
    Tampering("an entry on a book without a price", at_rest, put("orders", 0, "sell_ask_px", np.nan), "I9"),
    Tampering("an entry flagged as if it reduced", at_rest, put("orders", 0, "stale", 1), "I9"),
    Tampering("an entry decided on another price", at_rest, put("orders", 0, "decision_px", 60_001.0), "I2 I7 I9"),
    Tampering("a reduction on an old book, not flagged", at_rest, put_where("orders", "stale", 1, "stale", 0), "I9"),
    Tampering("a queue past its bound", at_rest, give(bounds=(Bound("queue", 17, 16),)), "I16"),
    Tampering("a bound that is none", at_rest, give(bounds=(Bound("queue", 1, float("inf")),)), "I16"),
    Tampering("a bound that bounds nothing", at_rest, give(bounds=(Bound("queue", 1, float("nan")),)), "I16"),
    Tampering("a query too many", at_rest, _ask_again(Action.QUERY, 24), "I16"),
    Tampering("a cancel sent over and over", at_rest, _ask_again(Action.CANCEL, 2), "I16"),
    Tampering("orders in vain without a pause", refused, lambda p: p.configure(retry_ms=100_000.0), "I16"),
    Tampering(
        "an order in use asked about nine times",
        in_doubt,
        set_state(*TRADE, "legs", 1, "order", 0, "queries", 9),
        "I16",
    ),
    Tampering(
        "more submits a second than allowed", in_a_hurry, lambda p: p.configure_venues(orders_per_s_max=1), "I16"
    ),
    Tampering("more open trades than allowed", in_a_hurry, lambda p: p.configure(max_open_trades=1), "I16"),
    Tampering("more slots in use than allowed", halfway, lambda p: p.configure(max_open_trades=0), "I16"),
]
