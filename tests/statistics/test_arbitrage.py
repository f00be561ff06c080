"""What the spread promised and what of it arrived: by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.trade import Phase
from arbitrage_core.statistics.arbitrage import edge_figures, leg_figures
from tests.statistics.logs import UNIT, Row, amount, trade, trades

PAIR = (
    # promised 30 bps of 1 000 = 3, made 2
    trade(2.0, fees=4.0, funding=0.5, slippage=1.0, incident=0.25, spread_bps=80.0, net_edge_bps=30.0),
    # promised 10 bps of 3 000 = 3, made 1
    trade(1.0, fees=8.0, slippage=0.5, notional=3_000.0, spread_bps=40.0, net_edge_bps=10.0),
    trade(phase=Phase.VOID, notional=0.0, spread_bps=900.0, net_edge_bps=900.0),
)
EXPECTED = {
    "decision_spread_bps": 50.0,  # (80 × 1 000 + 40 × 3 000) / 4 000
    "decision_edge_bps": 15.0,
    "realised_bps": 7.5,
    "fees_bps": 30.0,
    "slippage_bps": 3.75,
    "funding_bps": 1.25,
    "incident_bps": 0.625,
    "notional_quote": 4_000.0,
    "expected_quote": 6.0,
    "expected_amount": amount(6.0),
    "realised_quote": 3.0,
    "capture_ratio": 0.5,
    "fee_share_of_gross_edge": 0.6,  # 12 of 8 + 12
    "fee_share_of_gross_pnl": 0.8,  # 12 of 3 + 12
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_figure_of_two_trades_is_that_worked_out_by_hand(name: str):
    assert edge_figures(trades(*PAIR), UNIT)[name] == pytest.approx(EXPECTED[name])


CHANGES: dict[str, tuple[Row, tuple[str, ...]]] = {
    "net": ({"realised_amount": 0}, ("realised_bps", "capture_ratio", "fee_share_of_gross_pnl")),
    "fees": ({"fees_amount": 0}, ("fees_bps", "fee_share_of_gross_edge", "fee_share_of_gross_pnl")),
    "slippage": ({"slippage_amount": 0}, ("slippage_bps",)),
    "funding": ({"funding_amount": 0}, ("funding_bps",)),
    "incident": ({"incident_amount": 0}, ("incident_bps",)),
    "spread": ({"spread_bps": 90.0}, ("decision_spread_bps", "fee_share_of_gross_edge")),
    "edge": ({"net_edge_bps": 40.0}, ("decision_edge_bps", "expected_quote", "capture_ratio")),
    "notional": ({"entry_notional_amount": amount(9.0)}, ("decision_edge_bps", "capture_ratio", "realised_bps")),
}


@pytest.mark.parametrize("change, names", CHANGES.values(), ids=CHANGES.keys())
def test_an_edge_moves_with_what_it_is_made_of(change: Row, names: tuple[str, ...]):
    before = edge_figures(trades(*PAIR), UNIT)
    after = edge_figures(trades(PAIR[0] | change, *PAIR[1:]), UNIT)
    assert [name for name in names if before[name] == after[name]] == []


@pytest.mark.parametrize(
    "rows, name",
    [
        ((), "capture_ratio"),
        ((), "realised_bps"),
        ((), "decision_edge_bps"),
        ((trade(1.0, net_edge_bps=0.0),), "capture_ratio"),
        ((trade(1.0, net_edge_bps=-5.0),), "capture_ratio"),
        ((trade(-3.0, fees=2.0, spread_bps=10.0),), "fee_share_of_gross_pnl"),
        ((trade(1.0, fees=2.0, spread_bps=0.0),), "fee_share_of_gross_edge"),
    ],
)
def test_a_share_of_nothing_is_not_told(rows: tuple[Row, ...], name: str):
    assert edge_figures(trades(*rows), UNIT)[name] is None


EDGES = st.lists(st.tuples(st.integers(1, 400), st.integers(1, 5_000)), min_size=1, max_size=20)


@given(EDGES)
def test_capture_is_whole_when_every_edge_arrives_and_falls_with_every_loss(edges: list[tuple[int, int]]):
    rows = [trade(bps * money / 1e4, net_edge_bps=float(bps), notional=float(money)) for bps, money in edges]
    found = edge_figures(trades(*rows), UNIT)
    assert found["capture_ratio"] == pytest.approx(1.0)
    assert found["realised_bps"] == pytest.approx(found["decision_edge_bps"])
    assert min(bps for bps, _ in edges) <= found["decision_edge_bps"] + 1e-9
    assert found["decision_edge_bps"] <= max(bps for bps, _ in edges) + 1e-9
    worse = [rows[0] | {"realised_amount": rows[0]["realised_amount"] - amount(1.0)}, *rows[1:]]
    assert edge_figures(trades(*worse), UNIT)["capture_ratio"] < found["capture_ratio"]


def test_legs_are_apart_by_the_time_between_their_first_fills():
    rows = [trade(gap_ms=gap, unhedged_quote_s=quote_s) for gap, quote_s in ((0.0, 0.0), (10.0, 2.5), (30.0, 4.0))]
    alone = trade(gap_ms=None, phase=Phase.UNWOUND, unhedged_quote_s=100.0)
    void = trade(gap_ms=None, phase=Phase.VOID, unhedged_quote_s=1_000.0)
    found = leg_figures(trades(*rows, alone, void))
    assert found["leg_gap_ms"] == pytest.approx(
        {"count": 3, "min": 0.0, "median": 10.0, "mean": 40 / 3, "p95": 28.0, "max": 30.0}, rel=1e-12
    )
    assert (found["one_leg_only"], found["unhedged_quote_s"]) == (1, 106.5)


def test_without_a_trade_no_leg_was_apart():
    found = leg_figures(trades())
    assert (found["leg_gap_ms"]["median"], found["one_leg_only"], found["unhedged_quote_s"]) == (None, 0, 0.0)
