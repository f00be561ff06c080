"""Laws I10 and I18 on guards that tripped: while one stands, nothing that adds risk is sent where it stands.

By the log of guards and the log of orders alone: from a trip to its release (by the log, or by the time it was tripped
until) no ENTRY is sent in its symbol, or in any for one of the session; after a KILL no COMPLETE either. What was sent
at the very instant of a trip or release may have come before it. Trips and releases come in turn, and there are as many
as the state counts.
"""

import numpy as np

from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.refusal import GuardEvent, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.engine.state import SessionGuard, SymbolGuard
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.violation import Violation, violations_where

LAW = "I18"
SYMBOL_RULES = {
    SymbolGuard.SLIPPAGE: Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED,
    SymbolGuard.LOSSES: Refusal.LOSSES_MUST_NOT_RUN_ON,
    SymbolGuard.DAILY_LOSS: Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE,
}
SESSION_RULES = {
    SessionGuard.DAILY_LOSS: Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE,
    SessionGuard.DRAWDOWN: Refusal.DRAWDOWN_MUST_STAY_INSIDE,
}


def log_standing_guards(case: Case) -> list[Violation]:
    """Every order that adds risk against every guard that stood."""
    orders, found = case.submits, []
    for rule, symbol, from_ns, until_ns in standing_periods(case.evidence.log.guards):
        stops = orders["purpose"] == Purpose.ENTRY
        if rule == Refusal.KILL_SWITCH_MUST_BE_OFF:
            stops |= orders["purpose"] == Purpose.COMPLETE
        there = np.ones(len(stops), bool) if symbol == ALL_SYMBOLS else orders["symbol"] == symbol
        wrong = stops & there & (orders["now_ns"] > from_ns) & (orders["now_ns"] < until_ns)
        stands = f"not sent while {Refusal(rule).name} stands"
        found += violations_where(LAW, wrong, lambda n: f"order {orders['client_id'][n]}", stands, "sent")
    return found + _turns(case.evidence.log.guards) + _trips(case)


def _turns(guards: np.ndarray) -> list[Violation]:
    """Each guard trips and is released in turn; time may have released it in between without a word."""
    standing_until: dict[tuple[int, int], int] = {}
    wrong = np.zeros(len(guards), bool)
    for n, event in enumerate(guards):
        key, now_ns = (int(event["guard"]), int(event["symbol"])), int(event["now_ns"])
        if event["kind"] == GuardEvent.TRIPPED:
            wrong[n] = standing_until.get(key, 0) > now_ns
            standing_until[key] = int(event["release_ns"]) or np.iinfo(np.int64).max
        else:
            wrong[n] = standing_until.pop(key, 0) == 0
    return violations_where(LAW, wrong, lambda n: f"guards[{n}]", "trips and releases in turn", "otherwise")


def _trips(case: Case) -> list[Violation]:
    """As many trips as the state counts."""
    guards, state = case.evidence.log.guards, case.evidence.state
    tripped = guards[guards["kind"] == GuardEvent.TRIPPED]
    found = []
    for symbol in range(-1, case.terms.symbols):
        rules, counted = (
            (SESSION_RULES, state["guards"]) if symbol < 0 else (SYMBOL_RULES, state["symbols"][symbol]["guards"])
        )
        for place, rule in rules.items():
            told = int(np.count_nonzero((tripped["guard"] == rule) & (tripped["symbol"] == symbol)))
            if told != int(counted[place]["trips"]):
                found.append(
                    Violation(LAW, f"trips of {rule.name}, symbol {symbol}", int(counted[place]["trips"]), told)
                )
    return found


def standing_periods(guards: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(rule, symbol, from, until) of each trip, ns; one that nothing released stands for good."""
    periods: list[list[int]] = []
    last: dict[tuple[int, int], list[int]] = {}
    for event in guards:
        key = int(event["guard"]), int(event["symbol"])
        if event["kind"] == GuardEvent.TRIPPED:
            until_ns = int(event["release_ns"]) or np.iinfo(np.int64).max
            last[key] = [*key, int(event["now_ns"]), until_ns]
            periods.append(last[key])
        elif key in last:
            last[key][3] = min(last[key][3], int(event["now_ns"]))
    return [(rule, symbol, from_ns, until_ns) for rule, symbol, from_ns, until_ns in periods]
