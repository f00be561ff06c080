"""What trades earned: every formula against figures worked out by hand, and the laws between them."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.statistics.trade_metrics import (
    ended,
    profit_factor,
    r_multiples,
    system_quality,
    trade_figures,
    trade_metrics,
)
from tests.statistics.logs import RIGHT, UNIT, Row, amount, trade, trades

NETS = st.lists(st.integers(-(10**12), 10**12) | st.integers(-2, 2), max_size=40)


def of_amounts(nets: list[int]) -> np.ndarray:
    """Trades of these net results in booking units."""
    return trades(*(trade() | {"realised_amount": net} for net in nets))


MIXED = (
    trade(6.0, fees=2.0, funding=0.5, slippage=0.25, ended_s=3.0, risk=4.0),  # 1.5 R, held 2 s
    trade(-2.0, fees=1.0, slippage=0.75, ended_s=5.0, risk=4.0, partial_closes=2, stale=1),  # −0.5 R, 4 s
    trade(0.0, fees=1.0, ended_s=11.0, notional=2_000.0),  # no stop, 10 s
    trade(-1.0, fees=3.0, ended_s=2.0, phase=Phase.UNWOUND, notional=500.0, risk=2.0, flagged=1),  # −0.5 R, 1 s
    trade(phase=Phase.VOID, opened_s=0.0, notional=0.0),
)
EXPECTED = {
    "trades": 4,
    "wins": 1,
    "losses": 2,
    "even": 1,
    "win_rate": 0.25,
    "net_quote": 3.0,
    "gross_quote": 10.0,
    "fees_quote": 7.0,
    "funding_quote": 0.5,
    "slippage_quote": 1.0,
    "gross_profit_quote": 6.0,
    "gross_loss_quote": -3.0,
    "expectancy_quote": 0.75,
    "expectancy_bps": 3.0 / 4_500.0 * 1e4,
    "average_win_quote": 6.0,
    "average_loss_quote": -1.5,
    "payoff_ratio": 4.0,
    "profit_factor": 2.0,
    "average_r": (1.5 - 0.5 - 0.5) / 3,
    "with_stop": 3,
    # 6, −2, 0, −1: mean 0.75, Σ squared deviation 38.75; one trade had no stop, so money stands for R
    "sqn": 0.75 / sqrt(38.75 / 3) * 2,
    "sqn_100": 0.75 / sqrt(38.75 / 3) * 2,
    "pnl_quote_min": -2.0,
    "pnl_quote_max": 6.0,
    "partial_closes": 2,
    "stale": 1,
    "flagged": 1,
}
PERCENTILES = {"p1": -1.97, "p5": -1.85, "p25": -1.25, "p50": -0.5, "p75": 1.5, "p95": 5.1, "p99": 5.82}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_figure_of_mixed_trades_is_that_worked_out_by_hand(name: str):
    assert trade_metrics(trades(*MIXED), UNIT)[name] == pytest.approx(EXPECTED[name])


def test_the_spreads_and_streaks_of_mixed_trades():
    found = trade_metrics(trades(*MIXED), UNIT)
    assert found["held_s"] == pytest.approx(
        {"count": 4, "min": 1.0, "median": 3.0, "mean": 4.25, "p95": 9.1, "max": 10.0}
    )
    assert found["pnl_percentiles_quote"] == pytest.approx(PERCENTILES)
    assert found["streaks"] == {"longest_wins": 1, "longest_losses": 1, "current_wins": 0, "current_losses": 1}
    assert (found["net_amount"], found["gross_amount"], found["fees_amount"]) == (3 * 10**8, 10 * 10**8, 7 * 10**8)


CHANGES: dict[str, tuple[Row, tuple[str, ...]]] = {
    "net": ({"realised_amount": amount(-6.0)}, ("net_quote", "wins", "win_rate", "profit_factor", "average_r", "sqn")),
    "fees": ({"fees_amount": amount(9.0)}, ("fees_quote", "gross_quote")),
    "funding": ({"funding_amount": amount(9.0)}, ("funding_quote",)),
    "slippage": ({"slippage_amount": amount(9.0)}, ("slippage_quote",)),
    "notional": ({"entry_notional_amount": amount(9.0)}, ("expectancy_bps",)),
    "risk": ({"risk_amount": amount(9.0)}, ("average_r",)),
    "no stop": ({"risk_amount": 0}, ("average_r", "with_stop")),
    "end": ({"ended_ns": 10**12}, ("held_s",)),
    "opening": ({"opened_ns": 0}, ("held_s",)),
    "never filled": ({"phase": Phase.VOID}, ("trades", "net_quote", "expectancy_quote", "streaks")),
}


@pytest.mark.parametrize("change, names", CHANGES.values(), ids=CHANGES.keys())
def test_a_figure_moves_with_what_it_is_made_of(change: Row, names: tuple[str, ...]):
    before = trade_metrics(trades(*MIXED), UNIT)
    after = trade_metrics(trades(MIXED[0] | change, *MIXED[1:]), UNIT)
    assert [name for name in names if before[name] == after[name]] == []


def test_without_a_trade_no_figure_is_told():
    found = trade_metrics(trades(), UNIT)
    none = {name for name, value in found.items() if value is None}
    assert {"win_rate", "expectancy_quote", "expectancy_bps", "profit_factor", "average_r", "sqn"} <= none
    assert {"average_win_quote", "average_loss_quote", "payoff_ratio", "pnl_quote_min", "pnl_quote_max"} <= none
    assert (found["trades"], found["net_amount"], found["net_quote"]) == (0, 0, 0.0)


EDGES = {
    "one win": ((5.0,), (1.0, 5.0, None, None)),
    "one loss": ((-5.0,), (0.0, -5.0, 0.0, None)),
    "one of nothing": ((0.0,), (0.0, 0.0, None, None)),
    "all win": ((1.0, 3.0), (1.0, 2.0, None, 2.0 / sqrt(2.0) * sqrt(2.0))),
    "all lose": ((-1.0, -3.0), (0.0, -2.0, 0.0, -2.0)),
    "all the same": ((0.1,) * 10, (1.0, 0.1, None, None)),
}


@pytest.mark.parametrize("nets, expected", EDGES.values(), ids=EDGES.keys())
def test_sessions_at_the_edge(nets: tuple[float, ...], expected: tuple[float | None, ...]):
    found = trade_metrics(trades(*nets), UNIT)
    told = tuple(found[name] for name in ("win_rate", "expectancy_quote", "profit_factor", "sqn"))
    assert told == pytest.approx(expected)


def test_system_quality_takes_r_multiples_when_every_trade_had_a_stop():
    stopped = trades(trade(2.0, risk=1.0), trade(2.0, risk=2.0), trade(-3.0, risk=1.0))  # 2, 1, −3 R: mean 0
    assert system_quality(stopped) == pytest.approx(0.0)
    better = trades(trade(2.0, risk=1.0), trade(2.0, risk=2.0))  # 2, 1 R: mean 1.5, deviation √0.5
    assert system_quality(better) == pytest.approx(1.5 / sqrt(0.5) * sqrt(2.0))


def test_system_quality_may_be_capped_at_a_number_of_trades():
    many = trades(*((2.0, -1.0) * 100))
    assert system_quality(many, 100) == pytest.approx(system_quality(many) * sqrt(100 / 200))
    assert trade_metrics(many, UNIT)["sqn_100"] == pytest.approx(system_quality(many, 100))


@given(NETS)
def test_sums_are_exact_and_parts_make_the_whole(nets: list[int]):
    found = trade_metrics(of_amounts(nets), UNIT)
    assert found["net_amount"] == sum(nets) == found["gross_profit_amount"] + found["gross_loss_amount"]
    assert found["gross_amount"] == found["net_amount"] + found["fees_amount"]
    assert found["wins"] + found["losses"] + found["even"] == found["trades"] == len(nets)
    assert (found["wins"], found["losses"]) == (sum(net > 0 for net in nets), sum(net < 0 for net in nets))


@pytest.mark.parametrize("nets, factor", [([3, -1], 3.0), ([1, -2], 0.5), ([-1], 0.0), ([1], None), ([], None)])
def test_a_profit_factor_of_single_units(nets: list[int], factor: float | None):
    assert profit_factor(np.array(nets, np.int64)) == factor


@given(NETS)
def test_a_profit_factor_is_above_one_exactly_when_money_was_made(nets: list[int]):
    factor = profit_factor(np.array(nets, np.int64))
    if not any(net < 0 for net in nets):
        assert factor is None
    else:
        assert factor >= 0
        assert (sum(nets) > 0) == (factor > 1)


@given(NETS.filter(lambda nets: len(set(nets)) > 1), st.randoms())
def test_only_streaks_depend_on_the_order_of_trades(nets: list[int], random):
    found = trade_metrics(of_amounts(nets), UNIT)
    shuffled = trade_metrics(of_amounts(random.sample(nets, len(nets))), UNIT)
    for document in (found, shuffled):
        del document["streaks"]
    sqn = found.pop("sqn"), found.pop("sqn_100"), shuffled.pop("sqn"), shuffled.pop("sqn_100")
    assert found == shuffled
    assert sqn[:2] == pytest.approx(sqn[2:], rel=1e-9)


@given(NETS.filter(bool), st.integers(1, 10**9))
def test_a_better_result_never_makes_a_figure_worse(nets: list[int], gain: int):
    worse, better = (trade_metrics(of_amounts([*nets[:-1], net]), UNIT) for net in (nets[-1], nets[-1] + gain))
    assert better["expectancy_quote"] > worse["expectancy_quote"]
    assert better["win_rate"] >= worse["win_rate"]
    if better["profit_factor"] is not None:
        assert better["profit_factor"] >= worse["profit_factor"]


def test_ended_trades_are_those_that_filled_and_are_over_in_their_order():
    assert ended(trades(*MIXED))["realised_amount"].tolist() == [amount(net) for net in (6.0, -2.0, 0.0, -1.0)]


def test_the_figures_of_one_trade():
    row = trade(
        6.0,
        fees=2.0,
        funding=0.5,
        slippage=0.25,
        incident=0.125,
        risk=4.0,
        gap_ms=3.5,
        ended_s=3.0,
        net_edge_bps=80.0,
        number=7,
        symbol=1,
        exit_reason=ExitReason.STOP_LOSS,
    )
    (figures,) = trade_figures(trades(row, trade(phase=Phase.VOID)), UNIT)
    assert {name: figures[name].item() for name in figures.dtype.names} == pytest.approx(
        {
            "number": 7,
            "net_quote": 6.0,
            "gross_quote": 8.0,
            "fees_quote": 2.0,
            "funding_quote": 0.5,
            "slippage_quote": 0.25,
            "incident_quote": 0.125,
            "expected_quote": 8.0,  # 80 bps of 1 000
            "net_bps": 60.0,
            "capture": 0.75,
            "r_multiple": 1.5,
            "held_s": 2.0,
            "leg_gap_ms": 3.5,
            "symbol": 1,
            "buy_venue": 0,
            "sell_venue": RIGHT,
            "phase": Phase.CLOSED,
            "exit_reason": ExitReason.STOP_LOSS,
            "won": 1,
        }
    )


@pytest.mark.parametrize("net, won", [(-1, 0), (0, 0), (1, 1)])
def test_a_trade_is_won_from_one_unit_on(net: int, won: int):
    (figures,) = trade_figures(trades(trade() | {"realised_amount": net}), UNIT)
    assert figures["won"] == won


@pytest.mark.parametrize("gap_ms", [0.0, 1e-6, 7.25])
def test_the_gap_of_two_legs_is_told_even_when_it_is_none(gap_ms: float):
    (figures,) = trade_figures(trades(trade(-1.0, gap_ms=gap_ms)), UNIT)
    assert figures["leg_gap_ms"] == gap_ms


def test_one_r_may_be_a_single_unit():
    row = trade() | {"realised_amount": 3, "risk_amount": 1}
    assert r_multiples(trades(row)).tolist() == [3.0]
    assert trade_figures(trades(row), UNIT)["r_multiple"].tolist() == [3.0]


def test_what_one_trade_cannot_tell_is_nan():
    (figures,) = trade_figures(trades(trade(-1.0, gap_ms=None, notional=0.0, phase=Phase.UNWOUND)), UNIT)
    assert all(np.isnan(figures[name]) for name in ("net_bps", "capture", "r_multiple", "leg_gap_ms"))
    assert (figures["net_quote"], figures["won"]) == (-1.0, 0)
