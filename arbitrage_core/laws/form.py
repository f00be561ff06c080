"""Good form: every record names things that exist, in order of time. Where it does not, no other law can be read."""

import numpy as np

from arbitrage_core.domain.order import Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.refusal import GuardCause, GuardEvent, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.laws.case import opens
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.groups import TRADE_BITS
from arbitrage_core.laws.slots import slots_of
from arbitrage_core.laws.terms import NO_MARKET, Terms
from arbitrage_core.laws.violation import Violation, violations_where

OF_SESSION = (
    Refusal.KILL_SWITCH_MUST_BE_OFF,
    Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE,
    Refusal.DRAWDOWN_MUST_STAY_INSIDE,
    Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE,
)
OF_VENUE = (Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,)
OF_SYMBOL = (
    Refusal.SYMBOL_MUST_BE_ON,
    Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED,
    Refusal.LOSSES_MUST_NOT_RUN_ON,
    Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE,
    Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE,
)
"""Rules that trip and are released."""
NO_VENUE = -1
LAW = "FORM"
ACTIONS, STATES, STYLES, PURPOSES, PHASES = (
    (int(min(members)), int(max(members))) for members in (Action, OrderState, OrderStyle, Purpose, Phase)
)
"""The first and last number of each enum."""


def state_form(terms: Terms, state: np.record, truth: VenueTruth) -> list[Violation]:
    """The state and the venues' ledgers are large enough, and the trades in use name markets and states that exist."""
    symbols, venues = state["symbols"], state["venues"]
    found = []
    for name, size, least in (
        ("symbols of the state", len(symbols), terms.symbols),
        ("venues of the state", len(venues), terms.venues),
        ("venues of the venues' cash", truth.cash_amounts.shape[0], terms.venues),
        ("currencies of the venues' cash", truth.cash_amounts.shape[1], terms.currencies),
        ("symbols of the venues' positions", truth.position_lots.shape[0], terms.symbols),
        ("venues of the venues' positions", truth.position_lots.shape[1], terms.venues),
    ):
        if size < least:
            found.append(Violation(LAW, name, f"at least {least}", size))
    if found:
        return found
    slots = slots_of(terms, state)
    legs, orders = slots.legs, slots.orders
    wrong = ~_market_exists(terms, slots.leg_symbol, legs["venue"])
    wrong |= legs["side"] != np.array([1, -1])
    wrong |= ~_within(orders["state"], STATES) | ~_within(orders["purpose"], PURPOSES)
    wrong |= ~_within(orders["style"], STYLES) | (abs(orders["side"]) > 1)
    found += violations_where(LAW, wrong, slots.leg_name, "a market, side, order state, purpose and style", "another")
    wrong = ~_within(slots.trades["phase"], PHASES) | ~_numbered(slots.trades["number"])
    return found + violations_where(LAW, wrong, lambda n: f"slot in use {n}", "a phase and number", "another")


def log_form(terms: Terms, log: SessionLog) -> list[Violation]:
    """Every record of the log names a market, trade, leg, side and enum values that exist; no log runs back in time."""
    orders, changes, fills, trades = log.orders, log.changes, log.fills, log.trades
    wrong = {
        "orders": _order_is_wrong(terms, orders) | ~_within(orders["action"], ACTIONS),
        "fills": _order_is_wrong(terms, fills) | (fills["lots"] <= 0),
        "changes": ~_market_exists(terms, changes["symbol"], changes["venue"])
        | ~_within(changes["before"], STATES)
        | ~_within(changes["after"], STATES),
        "trades": ~_market_exists(terms, trades["symbol"], trades["buy_venue"])
        | ~_market_exists(terms, trades["symbol"], trades["sell_venue"])
        | ~_numbered(trades["number"])
        | (trades["phase"] < Phase.VOID)
        | ~_within(trades["phase"], PHASES),
    }
    for name in ("incidents", "funding"):
        rows = getattr(log, name)
        wrong[name] = ~_market_exists(terms, rows["symbol"], rows["venue"]) | ~_numbered(rows["trade"])
        wrong[name] |= (rows["leg"] < 0) | (rows["leg"] > 1)
    wrong["guards"] = _event_is_wrong(terms, log.guards)
    found = []
    for name, rows in wrong.items():
        found += violations_where(LAW, rows, lambda n, log=name: f"{log}[{n}]", "names of things that exist", "others")
    for name in ("orders", "changes", "fills", "equity", "funding", "guards", "reports"):
        back = np.diff(getattr(log, name)["now_ns"]) < 0
        found += violations_where(LAW, back, lambda n, log=name: f"{log}[{n + 1}]", "time that never runs back", "back")
    back = np.diff(trades["ended_ns"]) < 0
    return found + violations_where(LAW, back, lambda n: f"trades[{n + 1}]", "time that never runs back", "back")


def _order_is_wrong(terms: Terms, rows: np.ndarray) -> np.ndarray:
    """Orders and fills: leg 0 opens by buying and closes by selling, leg 1 the reverse."""
    wrong = ~_market_exists(terms, rows["symbol"], rows["venue"]) | ~_numbered(rows["trade"])
    wrong |= (rows["leg"] < 0) | (rows["leg"] > 1) | (rows["attempt"] < 1)
    wrong |= ~_within(rows["style"], STYLES) | ~_within(rows["purpose"], PURPOSES)
    return wrong | (rows["side"] != (1 - 2 * rows["leg"]) * np.where(opens(rows["purpose"]), 1, -1))


def _event_is_wrong(terms: Terms, rows: np.ndarray) -> np.ndarray:
    """Events of guards: a rule that can trip, of a symbol or of the session as it must be; more seen than allowed."""
    of_symbol, of_venue = np.isin(rows["guard"], OF_SYMBOL), np.isin(rows["guard"], OF_VENUE)
    wrong = ~of_symbol & ~of_venue & ~np.isin(rows["guard"], OF_SESSION)
    wrong |= of_symbol != (rows["symbol"] != ALL_SYMBOLS)
    wrong |= of_venue != (rows["venue"] != NO_VENUE)
    wrong |= (rows["symbol"] < ALL_SYMBOLS) | (rows["symbol"] >= terms.symbols)
    wrong |= (rows["venue"] < NO_VENUE) | (rows["venue"] >= terms.venues)
    wrong |= ~np.isin(rows["kind"], [*GuardEvent]) | ~np.isin(rows["cause"], [*GuardCause])
    measured = (rows["kind"] != GuardEvent.RELEASED) & (rows["cause"] == GuardCause.ENGINE)
    wrong |= measured & ~(rows["observed"] >= rows["limit"])
    further = np.isin(rows["kind"], (GuardEvent.REDUCED, GuardEvent.FLATTENED))
    wrong |= further & (rows["cause"] != GuardCause.ENGINE)
    timed = measured & ~further & (rows["release_ns"] > rows["now_ns"])
    return wrong | ((rows["release_ns"] != 0) & ~timed)


def _market_exists(terms: Terms, symbol: np.ndarray, venue: np.ndarray) -> np.ndarray:
    inside = (symbol >= 0) & (symbol < terms.symbols) & (venue >= 0) & (venue < terms.venues)
    return inside & (terms.quote[np.where(inside, symbol, 0), np.where(inside, venue, 0)] != NO_MARKET)


def _within(values: np.ndarray, bounds: tuple[int, int]) -> np.ndarray:
    return (values >= bounds[0]) & (values <= bounds[1])


def _numbered(numbers: np.ndarray) -> np.ndarray:
    return (numbers >= 1) & (numbers < 1 << TRADE_BITS)
