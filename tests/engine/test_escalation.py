"""Escalation: from refusing entries to telling trades to leave, to the end; by losses, by exposure, by the operator."""

from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.order import Action, OrderState, Purpose
from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS, Command
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.engine import loss_guards
from arbitrage_core.engine.state import SessionGuard, SessionPhase, SymbolGuard
from arbitrage_core.session.session import Session
from tests.engine.bench import Bench, plain
from tests.engine.small_market import EAST, MS, START_NS, WEST, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

UNITS = 10**8
TWO = {"symbols": ("AAA", "BBB")}
STEPS = {"reduce_at": 1.5, "flatten_at": 2.0}


def events(session: Session, rule: Refusal) -> list[tuple[GuardEvent, int, float]]:
    """(kind, ms since the start, limit) of a rule's events."""
    log = session.log.guards
    mine = log[log["guard"] == rule]
    return [(GuardEvent(one["kind"]), int(one["now_ns"] - START_NS) // MS, float(one["limit"])) for one in mine]


def reasons(session: Session) -> list[ExitReason]:
    """Why the trades that ended left."""
    return [ExitReason(reason) for reason in session.log.trades["exit_reason"]]


# ------------------------------------------------------------------------------------------------------------- losses


def judged(loss_quote: float, **session: Any) -> Bench:
    """After a day's loss of the first symbol, of 10 allowed, was judged."""
    bench = Bench(small_config(symbol_daily_loss_max_quote=10.0, session={**STEPS, **session}))
    bench.symbol.realised_amount = bench.state.realised_amount = -round(loss_quote * UNITS)
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, np.int64(0), bench.now_ns)
    return bench


@pytest.mark.parametrize(
    "lost, level",
    [
        (10.0, GuardLevel.NONE),
        (10.0 + 1 / UNITS, GuardLevel.PAUSE),
        (15.0, GuardLevel.PAUSE),
        (15.0 + 1 / UNITS, GuardLevel.REDUCE),
        (20.0, GuardLevel.REDUCE),
        (20.0 + 1 / UNITS, GuardLevel.FLATTEN),
    ],
)
def test_each_step_begins_above_its_multiple_of_the_limit(lost: float, level: GuardLevel) -> None:
    bench = judged(lost)
    assert int(bench.symbol.guards[SymbolGuard.DAILY_LOSS].level) == level
    assert int(bench.symbol.off) == (level == GuardLevel.FLATTEN)
    assert int(bench.symbol.reducing) == (level >= GuardLevel.REDUCE)


@pytest.mark.parametrize(
    "steps, lost, level",
    [
        ({"reduce_at": "off", "flatten_at": 2.0}, 19.0, GuardLevel.PAUSE),
        ({"reduce_at": "off", "flatten_at": 2.0}, 21.0, GuardLevel.FLATTEN),
        ({"reduce_at": 1.5, "flatten_at": "off"}, 1e6, GuardLevel.REDUCE),
        ({"reduce_at": "off", "flatten_at": "off"}, 1e6, GuardLevel.PAUSE),
    ],
)
def test_a_step_that_is_off_is_not_taken(steps: dict[str, Any], lost: float, level: GuardLevel) -> None:
    assert int(judged(lost, **steps).symbol.guards[SymbolGuard.DAILY_LOSS].level) == level


@pytest.mark.parametrize("limit", [float("nan"), -1.0])
def test_a_limit_that_is_none_pauses_and_never_sells(limit: float) -> None:
    bench = Bench(small_config(session=STEPS))
    bench.terms.daily_loss_max_quote, bench.params.judges_day = limit, 1
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, np.int64(0), bench.now_ns)
    level = int(bench.symbol.guards[SymbolGuard.DAILY_LOSS].level)
    assert level == (GuardLevel.PAUSE if limit != limit else GuardLevel.FLATTEN)


HOLDING = {"hold_max_ms": 290.0, "max_open_trades": 2, "cooldown_ms": 150.0, "exit_spread_bps": -50.0}


def standing_tape() -> np.ndarray:
    """Trades of AAA of which the first loses at 290 ms while another, entered at 200 ms, still stands."""
    tape = Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.0).both(200, 100.0, 100.6).both(220, 100.0, 100.9)
    for at_ms in range(240, 480, 20):
        tape.both(at_ms, 100.0, 100.9)
    return tape.rows


@pytest.mark.parametrize("whose", ["symbol", "portfolio", "drawdown"])
def test_what_stands_leaves_when_losses_reduce(whose: str) -> None:
    of_symbol = {"symbol_daily_loss_max_quote": 0.1} if whose == "symbol" else {}
    limits = {"portfolio": {"portfolio_daily_loss_max_quote": 0.1}, "drawdown": {"drawdown_max_quote": 0.1}}
    session = {"reduce_at": 1.5, "flatten_at": 1_000.0, **limits.get(whose, {})}
    free = interpreted(small_config(**HOLDING), standing_tape())
    bound = interpreted(small_config(session=session, **HOLDING, **of_symbol), standing_tape())
    assert ExitReason.REDUCED not in reasons(free)
    assert ExitReason.REDUCED in reasons(bound)
    assert bound.state[0].phase == SessionPhase.ACTIVE
    assert not bound.state[0].symbols[0].off


@pytest.mark.parametrize(
    "limits, rule",
    [
        ({"portfolio_daily_loss_max_quote": 0.05}, Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE),
        ({"drawdown_max_quote": 0.2}, Refusal.DRAWDOWN_MUST_STAY_INSIDE),
        ({"drawdown_max_share": 2e-5}, Refusal.DRAWDOWN_MUST_STAY_INSIDE),
    ],
    ids=["loss of the day", "drawdown", "drawdown, of the highest"],
)
def test_the_session_ends_when_losses_flatten(limits: dict[str, float], rule: Refusal) -> None:
    session = interpreted(small_config(session={**limits, **STEPS}, **HOLDING), standing_tape())
    assert session.state[0].phase == SessionPhase.ENDING
    kinds = [kind for kind, _, _ in events(session, rule)]
    assert kinds == [GuardEvent.TRIPPED, GuardEvent.REDUCED, GuardEvent.FLATTENED]
    assert {ExitReason.REDUCED, ExitReason.SESSION_END} & set(reasons(session))
    assert not session.state[0].symbols[0].in_use


def test_a_symbol_that_flattens_is_off_until_the_operator_switches_it_on() -> None:
    config = small_config(symbol_daily_loss_max_quote=0.01, session=STEPS, **TWO, **HOLDING)
    tape = Tape()
    for at_ms in range(0, 1_000, 20):
        for symbol in (0, 1):
            tape.both(at_ms, 100.0, (100.6, 100.9)[at_ms >= 40] if symbol == 0 else 100.0, symbol=symbol)
    tape.command(1_100, Command.GUARD_RELEASE, 0).both(1_110, 100.0, 100.6)
    session = interpreted(config, tape.rows)
    assert int(session.state[0].symbols[0].off) == 1
    assert events(session, Refusal.SYMBOL_MUST_BE_ON)[0][0] == GuardEvent.TRIPPED
    assert session.log.guards[session.log.guards["guard"] == Refusal.SYMBOL_MUST_BE_ON]["cause"][0] == GuardCause.ENGINE
    entered = int(session.state[0].symbols[0].counter)
    again = interpreted(config, tape.command(1_200, Command.SYMBOL_ON, 0).both(1_210, 100.0, 100.6).rows)
    assert int(again.state[0].symbols[0].counter) == entered + 1


def test_a_release_begins_again_at_the_first_step() -> None:
    bench = judged(16.0)
    guard = bench.symbol.guards[SymbolGuard.DAILY_LOSS]
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, np.int64(0), bench.now_ns)
    assert (int(guard.trips), int(bench.out.guard_count)) == (1, 2), "what it has reached is not noted again"
    assert int(guard.level) == GuardLevel.REDUCE


def test_a_booking_of_one_symbol_judges_no_other() -> None:
    """What a symbol decides must not depend on who else trades."""
    config = small_config(symbol_daily_loss_max_quote=10.0, session=STEPS, **TWO)
    bench = Bench(config)
    bench.state.symbols[1].realised_amount = -100 * UNITS
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, np.int64(0), bench.now_ns)
    assert int(bench.state.symbols[1].guards[SymbolGuard.DAILY_LOSS].level) == GuardLevel.NONE
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, np.int64(ALL_SYMBOLS), bench.now_ns)
    assert int(bench.state.symbols[1].guards[SymbolGuard.DAILY_LOSS].level) == GuardLevel.FLATTEN


# ----------------------------------------------------------------------------------------------------------- exposure


def rising(px: float, symbol: int = 0, trades: int = 2) -> Tape:
    """`trades` trades of 1 each leg at 100, which stay; at the next full second everything stands at `px`."""
    tape = Tape()
    for n in range(trades):
        tape.both(20 * n, 100.0, 100.6, symbol=symbol)
    for at_ms in (800, 990):
        tape.both(at_ms, px, px + 0.6, symbol=symbol)
    return tape.both(1_200, px, px + 0.6, symbol=symbol).both(1_240, px, px + 0.6, symbol=symbol)


STAYS = {"cooldown_ms": 15.0, "exit_spread_bps": -5_000.0, "max_open_trades": 2, "hold_max_ms": 1e6}
ONE = {**STAYS, "max_open_trades": 1}
OF_WHOM = {
    Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE: {"symbol_exposure_max_quote": 420.0},
    Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE: {"venue": {"exposure_max_quote": 210.0}},
    Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE: {"session": {"portfolio_exposure_max_quote": 420.0}},
}
each_exposure = pytest.mark.parametrize("rule", OF_WHOM, ids=lambda rule: rule.name)


@each_exposure
def test_a_price_that_moves_past_a_limit_makes_the_oldest_trade_leave_and_only_that(rule: Refusal) -> None:
    config = small_config(**STAYS, **OF_WHOM[rule])
    inside, outside = interpreted(config, rising(103.0).rows), interpreted(config, rising(108.0).rows)
    assert (events(inside, rule), len(inside.log.trades)) == ([], 0)
    kinds = [kind for kind, _, _ in events(outside, rule)]
    assert kinds[:2] == [GuardEvent.TRIPPED, GuardEvent.REDUCED]
    assert reasons(outside) == [ExitReason.REDUCED]
    assert outside.log.trades["number"].tolist() == [1]
    assert int(outside.state[0].symbols[0].in_use) == 1
    assert kinds[-1] == GuardEvent.RELEASED, "what is left lies inside"


@each_exposure
def test_while_exposure_stands_over_its_limit_entries_are_refused(rule: Refusal) -> None:
    config = small_config(**STAYS, **OF_WHOM[rule]).model_copy()
    bench = Bench(config)
    guards = {
        Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE: bench.symbol.guards[SymbolGuard.EXPOSURE],
        Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE: bench.state.venues[EAST].exposure_guard[0],
        Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE: bench.state.guards[SessionGuard.EXPOSURE],
    }
    from arbitrage_core.engine import guards as module

    def refusal() -> int:
        lots = np.int64(1)
        return plain(module.exposure_refusal)(bench.state, bench.params, 0, EAST, lots, 100.0, WEST, lots, 100.0)

    assert refusal() == Refusal.NONE
    guards[rule].level = GuardLevel.REDUCE
    assert refusal() == rule


def test_exposure_exactly_at_its_limit_is_inside() -> None:
    """Two trades at an ask of 104 on both venues: 4 × 104 = 416."""
    for limit, leaves in ((416.0, False), (415.99, True)):
        config = small_config(symbol_exposure_max_quote=limit, **STAYS)
        tape = Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6).both(990, 103.99, 103.99).both(1_200, 103.99, 103.99)
        assert (len(interpreted(config, tape.rows).log.trades) > 0) is leaves


def test_exposure_on_a_book_that_emptied_is_judged_at_the_last_price_known() -> None:
    config = small_config(symbol_exposure_max_quote=420.0, **STAYS)
    tape = Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6)
    tape.quote(900, EAST, 0.0, 0.0, 0.0).quote(990, WEST, 150.0, 150.2).quote(1_100, WEST, 150.0, 150.2)
    session = interpreted(config, tape.rows)
    assert len(events(session, Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE)) > 0


def test_another_symbol_is_told_only_by_what_they_share() -> None:
    limits = {"symbol_exposure_max_quote": 420.0}
    rows = np.concatenate([rising(108.0, 0).rows, rising(100.0, 1).rows])
    rows = rows[np.argsort(rows["now_ns"], kind="stable")]
    session = interpreted(small_config(**TWO, **STAYS, **limits), rows)
    assert session.log.trades["symbol"].tolist() == [0]


# ----------------------------------------------------------------------------------------------------------- operator


def test_the_operators_reduce_makes_all_leave_and_resume_lets_it_trade_again() -> None:
    config = small_config(**TWO, **ONE)
    tape = Tape()
    for symbol in (0, 1):
        tape.both(0, 100.0, 100.6, symbol=symbol)
    tape.command(100, Command.REDUCE)
    for at_ms in (110, 200):
        for symbol in (0, 1):
            tape.both(at_ms, 100.0, 100.6, symbol=symbol)
    session = interpreted(config, tape.rows)
    assert reasons(session) == [ExitReason.REDUCED] * 2
    assert session.state[0].phase == SessionPhase.PAUSED
    assert session.log.orders[session.log.orders["purpose"] == Purpose.EXIT]["now_ns"].min() == START_NS + 100 * MS
    again = interpreted(config, tape.command(300, Command.RESUME).both(310, 100.0, 100.6).rows)
    assert int(again.state[0].symbols[0].counter) == 2


def test_a_symbols_reduce_switches_it_off_and_leaves_the_other_alone() -> None:
    config = small_config(**TWO, **ONE)
    tape = Tape()
    for symbol in (0, 1):
        tape.both(0, 100.0, 100.6, symbol=symbol)
    tape.command(100, Command.REDUCE, 1).both(110, 100.0, 100.6, symbol=1).both(200, 100.0, 100.6, symbol=1)
    session = interpreted(config, tape.rows)
    assert session.log.trades["symbol"].tolist() == [1]
    assert [int(symbol.off) for symbol in session.state[0].symbols[:2]] == [0, 1]
    assert session.state[0].phase == SessionPhase.ACTIVE


def test_a_resting_entry_is_canceled_by_reduce() -> None:
    config = small_config(max_open_trades=1, entry_order="gtc", working_max_ms=60_000.0, slippage_bound_bps=0.0)
    tape = Tape().both(0, 100.0, 100.6).quote(2, EAST, 100.09, 100.11).quote(2, WEST, 100.49, 100.51)
    session = interpreted(config, tape.command(50, Command.REDUCE).both(100, 100.1, 100.5).rows)
    cancels = session.log.orders[session.log.orders["action"] == Action.CANCEL]
    assert cancels["now_ns"].tolist() == [START_NS + 50 * MS] * 2
    assert (session.log.changes["after"][-2:] == OrderState.CANCELED).all()


def test_a_trade_told_while_it_opens_leaves_as_soon_as_it_stands() -> None:
    tape = Tape().both(0, 100.0, 100.6).command(3, Command.REDUCE).both(20, 100.0, 100.6).both(60, 100.0, 100.6)
    session = interpreted(small_config(**ONE), tape.rows)
    assert reasons(session) == [ExitReason.REDUCED]


@pytest.mark.parametrize("stop", [Command.KILL, Command.PAUSE, Command.SYMBOL_OFF], ids=lambda stop: stop.name)
def test_reduce_works_whatever_else_stops_entries(stop: Command) -> None:
    tape = Tape().both(0, 100.0, 100.6).command(50, stop, 0).command(60, Command.REDUCE)
    session = interpreted(small_config(**ONE), tape.both(70, 100.0, 100.6).both(120, 100.0, 100.6).rows)
    assert reasons(session) == [ExitReason.REDUCED]


# ------------------------------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize("cut", range(4, 30, 5))
def test_what_guards_remember_survives_in_the_state_and_goes_on_as_if_nothing_had_been(cut: int) -> None:
    """Cut anywhere, the state's bytes and the venue's put into a fresh session: it ends as the one that was not cut."""
    limits = {"symbol_daily_loss_max_quote": 0.1, "losses_in_a_row_max": 1, "guard_pause_ms": 50.0}
    config = small_config(session={**STEPS, "drawdown_max_quote": 0.3}, **HOLDING, **limits)
    rows = standing_tape()
    whole, before, after = interpreted(config, rows), interpreted(config, rows[:cut]), interpreted(config, rows[:0])
    for name in ("state", "account"):
        getattr(after, name)[:] = np.frombuffer(getattr(before, name).tobytes(), getattr(before, name).dtype)
    after.feed(rows[cut:])
    assert after.state_hash == whole.state_hash
    assert int(whole.state[0].symbols[0].guards["trips"].sum()) > 0
