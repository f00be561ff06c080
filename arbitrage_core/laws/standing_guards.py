"""Laws I8, I10 and I18 on guards that tripped: while one stands, nothing that adds risk is sent where it stands.

By the log of guards and the log of orders alone: from a trip to its release (by the log, or by the time it was tripped
until) no ENTRY is sent in its symbol, at its venue, or at all for one of the session; after a KILL, and while exposure
is over a limit, no COMPLETE either. What was sent at the very instant of a trip or release may have come before it.
Trips and releases come in turn, steps beyond a trip in their order and only while it stands, and there are as many
trips as the state counts. When losses REDUCE, every trade there that was hedged has sent an exit by the time its exit
may wait for fresh books. (REDUCE of exposure tells some trades only, by prices that are in no log.)
"""

import numpy as np

from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.refusal import GuardEvent, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.engine.state import SessionGuard, SymbolGuard
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.form import NO_VENUE
from arbitrage_core.laws.violation import Violation, violations_where

LAW = "I18"
SYMBOL_RULES = {
    SymbolGuard.SLIPPAGE: Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED,
    SymbolGuard.LOSSES: Refusal.LOSSES_MUST_NOT_RUN_ON,
    SymbolGuard.DAILY_LOSS: Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE,
    SymbolGuard.EXPOSURE: Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE,
}
SESSION_RULES = {
    SessionGuard.DAILY_LOSS: Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE,
    SessionGuard.DRAWDOWN: Refusal.DRAWDOWN_MUST_STAY_INSIDE,
    SessionGuard.EXPOSURE: Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE,
}
LOSSES = (
    Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE,
    Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE,
    Refusal.DRAWDOWN_MUST_STAY_INSIDE,
)
"""Rules whose guards go on to REDUCE and FLATTEN."""
EXPOSURES = (
    Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE,
    Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,
    Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE,
)
"""Rules whose guards REDUCE."""
STOP_COMPLETIONS = (Refusal.KILL_SWITCH_MUST_BE_OFF, *EXPOSURES)
STEPS = {GuardEvent.TRIPPED: 1, GuardEvent.REDUCED: 2, GuardEvent.FLATTENED: 3}
FOR_GOOD = np.iinfo(np.int64).max
Whose = tuple[int, int, int]
"""(rule, symbol, venue)"""


def log_standing_guards(case: Case) -> list[Violation]:
    """Every order that adds risk against every guard that stood."""
    orders, found = case.submits, []
    for (rule, symbol, venue), from_ns, until_ns in standing_periods(case.evidence.log.guards):
        stops = orders["purpose"] == Purpose.ENTRY
        if rule in STOP_COMPLETIONS:
            stops |= orders["purpose"] == Purpose.COMPLETE
        there = np.ones(len(stops), bool) if symbol == ALL_SYMBOLS else orders["symbol"] == symbol
        if venue != NO_VENUE:
            there &= orders["venue"] == venue
        wrong = stops & there & (orders["now_ns"] > from_ns) & (orders["now_ns"] < until_ns)
        stands = f"not sent while {Refusal(rule).name} stands"
        found += violations_where(LAW, wrong, lambda n: f"order {orders['client_id'][n]}", stands, "sent")
    return found + _turns(case.evidence.log.guards) + _trips(case) + _reductions(case)


def _reductions(case: Case) -> list[Violation]:
    """After losses REDUCE: the hedged trades of the symbol, or all, are on their way out in time."""
    guards, trades, slots = case.evidence.log.guards, case.evidence.log.trades, case.slots
    now_ns, found = int(case.evidence.state["now_ns"]), []
    symbol = np.concatenate([trades["symbol"], slots.symbol])
    hedged_ns, leaving_ns = (np.concatenate([trades[name], slots.trades[name]]) for name in ("hedged_ns", "leaving_ns"))
    ended_ns = np.concatenate([trades["ended_ns"], np.full(len(slots.symbol), FOR_GOOD)])
    number = np.concatenate([trades["number"], slots.trades["number"]])
    wait_ns = case.terms.exit_wait_max_ns[symbol]
    for event in guards[(guards["kind"] == GuardEvent.REDUCED) & np.isin(guards["guard"], LOSSES)]:
        told_ns, there = int(event["now_ns"]), np.ones(len(symbol), bool)
        if event["symbol"] != ALL_SYMBOLS:
            there = symbol == event["symbol"]
        stood = there & (hedged_ns != 0) & (hedged_ns < told_ns) & (ended_ns > told_ns)
        late = stood & (told_ns + wait_ns < now_ns) & ((leaving_ns == 0) | (leaving_ns > told_ns + wait_ns))
        found += violations_where(
            LAW, late, lambda n: f"trade {number[n]} of symbol {symbol[n]}", "leaving since REDUCE", "stays"
        )
    return found


def _turns(guards: np.ndarray) -> list[Violation]:
    """Each guard trips, goes further and is released in turn; time may have released it in between without a word."""
    standing_until: dict[Whose, int] = {}
    step: dict[Whose, int] = {}
    wrong = np.zeros(len(guards), bool)
    for n, event in enumerate(guards):
        whose, now_ns, kind = _whose(event), int(event["now_ns"]), int(event["kind"])
        if kind == GuardEvent.RELEASED:
            wrong[n] = standing_until.pop(whose, 0) == 0
            continue
        if kind == GuardEvent.TRIPPED:
            wrong[n] = standing_until.get(whose, 0) > now_ns
            standing_until[whose] = int(event["release_ns"]) or FOR_GOOD
        else:
            wrong[n] = standing_until.get(whose, 0) != FOR_GOOD or step.get(whose) != STEPS[kind] - 1
        step[whose] = STEPS[kind]
    return violations_where(LAW, wrong, lambda n: f"guards[{n}]", "trips, steps and releases in turn", "otherwise")


def _trips(case: Case) -> list[Violation]:
    """As many trips as the state counts."""
    guards, state = case.evidence.log.guards, case.evidence.state
    tripped = guards[guards["kind"] == GuardEvent.TRIPPED]
    counted: dict[Whose, int] = {}
    for symbol in range(-1, case.terms.symbols):
        rules, of_whom = (
            (SESSION_RULES, state["guards"]) if symbol < 0 else (SYMBOL_RULES, state["symbols"][symbol]["guards"])
        )
        for place, rule in rules.items():
            counted[int(rule), symbol, NO_VENUE] = int(of_whom[place]["trips"])
    for venue in range(case.terms.venues):
        trips = int(state["venues"][venue]["exposure_guard"][0]["trips"])
        counted[int(Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE), ALL_SYMBOLS, venue] = trips
    found = []
    for (rule, symbol, venue), trips in counted.items():
        there = (tripped["guard"] == rule) & (tripped["symbol"] == symbol) & (tripped["venue"] == venue)
        told = int(np.count_nonzero(there))
        if told != trips:
            found.append(Violation(LAW, f"trips of {Refusal(rule).name}, symbol {symbol}, venue {venue}", trips, told))
    return found


def standing_periods(guards: np.ndarray) -> list[tuple[Whose, int, int]]:
    """(whose, from, until) of each trip, ns; one that nothing released stands for good."""
    periods: list[tuple[Whose, list[int]]] = []
    last: dict[Whose, list[int]] = {}
    for event in guards:
        whose = _whose(event)
        if event["kind"] == GuardEvent.TRIPPED:
            last[whose] = [int(event["now_ns"]), int(event["release_ns"]) or FOR_GOOD]
            periods.append((whose, last[whose]))
        elif event["kind"] == GuardEvent.RELEASED and whose in last:
            last[whose][1] = min(last[whose][1], int(event["now_ns"]))
    return [(whose, from_ns, until_ns) for whose, (from_ns, until_ns) in periods]


def _whose(event: np.void) -> Whose:
    return int(event["guard"]), int(event["symbol"]), int(event["venue"])
