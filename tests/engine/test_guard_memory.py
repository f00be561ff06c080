"""Guards with memory: what releases them, what they never stop, and whose trades they leave alone."""

import numpy as np
import pytest

from arbitrage_core.domain.refusal import GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS, Command
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine import guard_memory
from arbitrage_core.engine.state import SLIPPAGE_FILLS, SymbolGuard
from tests.engine.bench import Bench, plain
from tests.engine.small_market import EAST, MS, START_NS, WEST, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

UNITS = 10**8
TO_MIDNIGHT_MS = (guard_memory.DAY_NS - START_NS % guard_memory.DAY_NS) / MS


def refusal_of(bench: Bench, later_ns: int = 0) -> Refusal:
    """What the guards with memory say so much later."""
    return Refusal(int(plain(guard_memory.memory_refusal)(bench.state, bench.params, 0, bench.now_ns + later_ns)))


def lose(bench: Bench, later_ns: int = 0) -> None:
    """A trade that lost."""
    trade = bench.symbol.trades[0]
    trade.phase, trade.realised_amount = Phase.CLOSED, -1
    plain(guard_memory.remember_result)(bench.state, bench.params, bench.out, 0, trade, bench.now_ns + later_ns)


def slip(bench: Bench, fills: int, later_ns: int = 0) -> None:
    """So many fills, each one percent too dear."""
    for _ in range(fills):
        at_ns = bench.now_ns + later_ns
        plain(guard_memory.remember_fill)(bench.state, bench.params, bench.out, 0, UNITS, 100 * UNITS, 0.0, at_ns)


def test_a_pause_ends_at_its_instant_and_what_was_remembered_with_it() -> None:
    bench = Bench(small_config(losses_in_a_row_max=2, guard_pause_ms=400.0))
    lose(bench)
    lose(bench)
    assert refusal_of(bench, 400 * MS - 1) == Refusal.LOSSES_MUST_NOT_RUN_ON
    assert refusal_of(bench, 400 * MS) == Refusal.NONE
    lose(bench, 400 * MS)
    assert refusal_of(bench, 400 * MS) == Refusal.NONE, "the first loss after the pause is the first in a row"
    lose(bench, 401 * MS)
    assert refusal_of(bench, 401 * MS) == Refusal.LOSSES_MUST_NOT_RUN_ON
    assert bench.symbol.guards[SymbolGuard.LOSSES].trips == 2


def test_a_loss_during_the_pause_does_not_make_it_longer() -> None:
    bench = Bench(small_config(losses_in_a_row_max=1, guard_pause_ms=400.0))
    lose(bench)
    lose(bench, 300 * MS)
    assert refusal_of(bench, 400 * MS) == Refusal.NONE


def test_a_win_begins_the_count_anew_and_a_void_trade_counts_as_neither() -> None:
    bench = Bench(small_config(losses_in_a_row_max=2))
    trade = bench.symbol.trades[0]
    for phase, amount in ((Phase.CLOSED, -1), (Phase.CLOSED, 1), (Phase.UNWOUND, 0), (Phase.VOID, 0)):
        trade.phase, trade.realised_amount = phase, amount
        plain(guard_memory.remember_result)(bench.state, bench.params, bench.out, 0, trade, bench.now_ns)
    assert int(bench.symbol.losses_in_a_row) == 1
    assert refusal_of(bench) == Refusal.NONE


def test_after_slippage_as_many_fills_are_awaited_again() -> None:
    bench = Bench(small_config(slippage_excess_max_bps=5.0, guard_pause_ms=400.0))
    slip(bench, SLIPPAGE_FILLS)
    assert refusal_of(bench, 399 * MS) == Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED
    slip(bench, SLIPPAGE_FILLS - 1, 400 * MS)
    assert refusal_of(bench, 400 * MS) == Refusal.NONE
    slip(bench, 1, 400 * MS)
    assert refusal_of(bench, 400 * MS) == Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED


def losing_trade(tape: Tape, at_ms: float, symbol: int = 0) -> Tape:
    """A spread that is entered, has grown when the holding time is over, and then closes."""
    tape.both(at_ms, 100.0, 100.6, symbol=symbol).both(at_ms + 20, 100.0, 100.6, symbol=symbol)
    return tape.both(at_ms + 260, 100.0, 100.9, symbol=symbol).both(at_ms + 300, 100.0, 100.0, symbol=symbol)


PAUSES = {"reduce_at": "off", "flatten_at": "off"}
"""However much is lost, entries stop and nothing more."""
LOSING = {"hold_max_ms": 250.0, "max_open_trades": 1, "cooldown_ms": 60.0}


@pytest.mark.parametrize("whose", ["symbol", "portfolio"])
def test_a_loss_of_the_day_stops_entries_until_midnight(whose: str) -> None:
    of_session = {"portfolio_daily_loss_max_quote": 0.0} if whose == "portfolio" else {}
    of_symbol = {"symbol_daily_loss_max_quote": 0.0} if whose == "symbol" else {}
    config = small_config(session={**PAUSES, **of_session}, **LOSING, **of_symbol)
    tape = losing_trade(Tape(), TO_MIDNIGHT_MS - 2_000)
    tape.both(TO_MIDNIGHT_MS - 500, 100.0, 100.6).both(TO_MIDNIGHT_MS - 1, 100.0, 100.6)
    stopped = interpreted(config, tape.rows)
    refusal = Refusal[f"{whose.upper()}_DAILY_LOSS_MUST_STAY_INSIDE"]
    assert int(stopped.state[0].symbols[0].entries) == 1
    assert int(stopped.state[0].symbols[0].refusals[refusal]) > 0
    tape.both(TO_MIDNIGHT_MS, 100.0, 100.6).both(TO_MIDNIGHT_MS + 20, 100.0, 100.6)
    assert int(interpreted(config, tape.rows).state[0].symbols[0].entries) == 2


DRAWN = {"drawdown_max_quote": 0.0}


@pytest.mark.parametrize(
    "of_symbol, of_session, target",
    [
        ({"symbol_daily_loss_max_quote": 0.0}, {}, 0),
        ({"losses_in_a_row_max": 1}, {}, 0),
        ({}, {"portfolio_daily_loss_max_quote": 0.0}, ALL_SYMBOLS),
        ({}, DRAWN, ALL_SYMBOLS),
    ],
    ids=["daily loss", "losses in a row", "portfolio's daily loss", "drawdown"],
)
def test_the_operator_releases_a_guard(of_symbol: dict, of_session: dict, target: int) -> None:
    config = small_config(session={**PAUSES, **of_session}, **LOSING, **of_symbol)
    other = ALL_SYMBOLS if target == 0 else 0
    tape = losing_trade(Tape(), 0).both(1_000, 100.0, 100.6)
    tape.command(1_100, Command.GUARD_RELEASE, other).both(1_200, 100.0, 100.6)
    assert int(interpreted(config, tape.rows).state[0].symbols[0].counter) == 1
    tape.command(1_300, Command.GUARD_RELEASE, target).both(1_400, 100.0, 100.6)
    assert int(interpreted(config, tape.rows).state[0].symbols[0].counter) == 2


def test_what_is_open_leaves_though_a_guard_stands() -> None:
    config = small_config(session={**PAUSES, **DRAWN}, hold_max_ms=60_000.0, cooldown_ms=0.0)
    tape = Tape().both(0, 100.0, 100.6).both(50, 100.0, 100.8).both(100, 100.0, 100.8).both(400, 100.0, 100.0)
    session = interpreted(config, tape.both(500, 100.0, 100.0).rows)
    assert int(session.state[0].guards[1].trips) == 1
    assert int(session.state[0].symbols[0].closed) == int(session.state[0].symbols[0].entries) > 0


def test_a_leg_alone_counts_at_what_getting_out_of_it_would_lose() -> None:
    """One leg is bought and the other found nothing; its price falls, and nothing is booked but a fee."""
    hold = {"single_leg_policy": "hold", "single_leg_deadline_ms": 60_000.0}
    config = small_config(symbol_daily_loss_max_quote=0.5, **hold)
    tape = Tape().both(0, 100.0, 100.6).quote(2, WEST, 100.0, 100.02)
    for at_ms in range(20, 1_500, 100):
        tape.quote(at_ms, EAST, 99.2, 99.22).quote(at_ms, WEST, 98.0, 98.02)
    symbol = interpreted(config, tape.rows).state[0].symbols[0]
    assert -int(symbol.realised_amount) < 0.5 * UNITS
    assert int(symbol.guards[SymbolGuard.DAILY_LOSS].level) >= GuardLevel.PAUSE


def test_a_symbol_that_lost_leaves_the_others_alone() -> None:
    free = small_config(symbols=("AAA", "BBB"), **LOSING)
    stopped = free.params.model_copy(update={"losses_in_a_row_max": 1})
    bound = free.model_copy(update={"symbol_params": {"AAA": stopped}})
    tape = Tape()
    for at_ms in range(0, 4_000, 500):
        for symbol in (0, 1):
            losing_trade(tape, at_ms + 400 * symbol, symbol)
    rows = tape.rows[np.argsort(tape.rows["now_ns"], kind="stable")]
    ours, theirs = interpreted(free, rows), interpreted(bound, rows)
    of_other = [session.log.orders[session.log.orders["symbol"] == 1] for session in (ours, theirs)]
    client_free = [np.delete(entries.view(np.int64).reshape(len(entries), -1), 1, axis=1) for entries in of_other]
    assert len(of_other[0]) > 4
    assert (client_free[0] == client_free[1]).all()
    assert len(theirs.log.orders) < len(ours.log.orders)
