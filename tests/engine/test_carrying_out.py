"""How REDUCE is carried out: whose flags are taken down, which trades are looked at, and in which order."""

from collections.abc import Iterator

import numpy as np
import pytest

from arbitrage_core.domain.compiled import compiled, rebind
from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.refusal import GuardLevel
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine import escalation
from arbitrage_core.engine.state import NEVER_NS, SymbolGuard
from tests.engine.bench import Bench, plain, quiet
from tests.engine.small_market import small_config
from tests.engine.written import written


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


@compiled
def looked_at_to_leave(state, params, out, s, trade, now_ns):
    """In place of `consider_exit`: numbers its calls."""
    state.rows += 1
    trade.spread_bps = state.rows


@compiled
def set_right(state, params, out, s, slot, now_ns):
    """In place of `settle_trade`: numbers its calls."""
    state.rows += 1
    state.symbols[s].trades[slot].net_edge_bps = state.rows


@compiled
def canceled(state, params, out, s, trade, leg_index, now_ns):
    """In place of `cancel`: numbers its calls."""
    state.rows += 1
    trade.legs[leg_index].attempts = state.rows


# ------------------------------------------------------------------------------------------------------------- symbols


def two_symbols(reducing: int, first: int, second: int) -> tuple[Bench, dict[str, float]]:
    """What carrying out writes with these flags; both symbols ask for attention, which arming takes back."""
    bench = Bench(small_config(symbols=("AAA", "BBB")))
    bench.state.reducing = reducing
    bench.state.symbols[0].reducing, bench.state.symbols[1].reducing = first, second
    for s in (0, 1):
        bench.state.symbols[s].attention = 1
    with written(bench.state_array) as changes:
        plain(escalation.carry_out)(bench.state, bench.params, bench.out, bench.now_ns)
    return bench, changes


@pytest.mark.parametrize("told", [0, 1])
def test_the_symbols_told_are_seen_to_and_no_other(told: int) -> None:
    bench, changes = two_symbols(1, int(told == 0), int(told == 1))
    assert changes.pop("reducing") == changes.pop(f"symbols.{told}.reducing") == -1
    assert changes.pop(f"symbols.{told}.attention") == -1, "its watches are set anew"
    assert all(name.startswith(f"symbols.{told}.stop_watches") for name in changes)
    assert bench.out.written == 0


def test_without_anything_told_nothing_is_done() -> None:
    assert two_symbols(0, 1, 1)[1] == {}


@pytest.mark.parametrize("watches", [0, 1])
def test_exposure_is_judged_where_it_has_a_limit(watches: int) -> None:
    bench = Bench(small_config(symbol_exposure_max_quote=1.0))
    bench.params.watches_exposure, bench.symbol.in_use, bench.symbol.exposure_lots[0] = watches, 1, 100
    bench.symbol.trades[0].phase = bench.symbol.trades[0].number = 1
    plain(escalation.judge)(bench.state, bench.params, bench.out, np.int64(ALL_SYMBOLS), bench.now_ns)
    level = GuardLevel.REDUCE if watches else GuardLevel.NONE
    assert int(bench.symbol.guards[SymbolGuard.EXPOSURE].level) == level


# -------------------------------------------------------------------------------------------------------------- trades


def crowd() -> Bench:
    """Slots with trades 7 (open), 5 (opening), 6 (closing), and a free one."""
    bench = Bench(small_config(max_open_trades=4))
    bench.symbol.trades["number"], bench.symbol.in_use = [7, 5, 6, 0], 3
    bench.symbol.trades["phase"] = [Phase.OPEN, Phase.OPENING, Phase.CLOSING, Phase.FREE]
    return bench


@pytest.mark.parametrize("in_use", [3, 4])
def test_trades_are_looked_at_by_number_the_open_ones_to_leave_the_others_to_be_set_right(in_use: int) -> None:
    """Also when one ended meanwhile, and there are fewer than there were."""
    bench = crowd()
    bench.symbol.in_use = in_use
    exchanged = {"consider_exit": looked_at_to_leave, "settle_trade": set_right}
    look = rebind(escalation.look_at_trades, exchanged, name="noted", interpreted=True)
    look(bench.state, bench.params, bench.out, 0, bench.now_ns)
    assert bench.symbol.trades["spread_bps"].tolist() == [3, 0, 0, 0]
    assert bench.symbol.trades["net_edge_bps"].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    "state, cancel_ns, canceling, cancels",
    [
        (OrderState.OPEN, 5, 0, True),
        (OrderState.UNKNOWN, 5, 0, True),
        (OrderState.OPEN, 5, 1, False),
        (OrderState.OPEN, NEVER_NS, 0, False),
        (OrderState.CANCELED, 5, 0, False),
        (OrderState.NONE, 5, 0, False),
    ],
)
def test_orders_that_rest_are_canceled_once_the_oldest_trade_first(
    state: OrderState, cancel_ns: int, canceling: int, cancels: bool
) -> None:
    bench = crowd()
    for trade in bench.symbol.trades:
        for leg in trade.legs:
            order = leg.order[0]
            order.state, order.cancel_ns, order.canceling = state, cancel_ns, canceling
    go = rebind(escalation.cancel_entries, {"cancel": canceled}, name="noted", interpreted=True)
    go(bench.state, bench.params, bench.out, 0, bench.now_ns)
    expected = [[5, 6], [1, 2], [3, 4], [0, 0]] if cancels else [[0, 0]] * 4
    assert bench.symbol.trades["legs"]["attempts"].tolist() == expected
