"""Drawdown of marked equity: by hand, and against a walk over all marks one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.engine.output import EQUITY_OUT
from arbitrage_core.statistics.drawdown import Drawdowns, drawdown_figures
from tests.statistics.logs import START, UNIT, amount, marks, ns, records

KEYS = ("max_drawdown_quote", "max_drawdown_pct", "duration_s", "to_trough_s", "recovered", "longest_s")
TABLE = {
    "no mark at all": ([], (0.0, 0.0, 0.0, 0.0, None, 0.0), (0.0, None, 0)),
    "one mark at the start": ([(5, 10_000)], (0.0, 0.0, 0.0, 0.0, None, 0.0), (0.0, None, 0)),
    "one mark below the start": ([(5, 9_900)], (100.0, 1.0, 0.0, 0.0, False, 0.0), (0.0, None, 1)),
    "only up": ([(0, 10_000), (1, 10_010), (2, 10_020)], (0.0, 0.0, 0.0, 0.0, None, 0.0), (0.0, 0.0, 0)),
    # peak 10 100 at 1 s, first below at 2 s, deepest at 4 s, back at 7 s
    "down and back": (
        [(0, 10_000), (1, 10_100), (2, 10_050), (4, 9_999), (6, 10_090), (7, 10_100), (8, 10_200)],
        (101.0, 1.0, 5.0, 2.0, True, 5.0),
        (5.0, 5 / 8, 1),
    ),
    # 8 s at a small loss, then 1 s at the deep one
    "the longest spell is not the deepest": (
        [(0, 10_000), (1, 9_990), (9, 10_000), (10, 9_900), (11, 10_000)],
        (100.0, 1.0, 1.0, 0.0, True, 8.0),
        (9.0, 9 / 11, 2),
    ),
    "never back": (
        [(0, 10_000), (2, 9_000), (3, 9_500), (10, 9_999)],
        (1_000.0, 10.0, 8.0, 0.0, False, 8.0),
        (8.0, 0.8, 1),
    ),
    # 20 000 → 18 500 is the deepest in money, 10 000 → 9 000 in per cent
    "the largest share is not the deepest fall": (
        [(0, 10_000), (1, 9_000), (2, 20_000), (3, 18_500), (4, 20_000)],
        (1_500.0, 10.0, 1.0, 0.0, True, 1.0),
        (2.0, 0.5, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("points, expected, under_water", TABLE.values(), ids=TABLE.keys())
def test_drawdown_of_a_table(points, expected, under_water):
    found = drawdown_figures(marks(*points), amount(START), UNIT)
    assert tuple(found[key] for key in KEYS) == pytest.approx(expected)
    assert (found["under_water_s"], found["under_water_share"], found["spells"]) == pytest.approx(under_water)
    assert found["max_drawdown_amount"] == amount(expected[0])


def test_a_drawdown_of_one_booking_unit_is_one():
    equity = records(EQUITY_OUT, [{"now_ns": 0}, {"now_ns": ns(1.0), "realised_amount": -1}, {"now_ns": ns(3.0)}])
    found = drawdown_figures(equity, 1, UNIT)
    assert (found["max_drawdown_amount"], found["max_drawdown_pct"], found["spells"]) == (1, 100.0, 1)
    assert (found["duration_s"], found["longest_s"], found["under_water_s"]) == (2.0, 2.0, 2.0)


def test_a_share_of_nothing_is_not_told():
    assert drawdown_figures(marks((0, 0.0), (1, -5.0), start=0.0), 0, UNIT)["max_drawdown_pct"] is None


def test_an_inventory_priced_after_the_first_marks_is_no_profit():
    # the engine's capital grew from 10 000 to 15 000 when the inventory was quoted; nothing was earned or lost
    equity = marks((0, 10_000), (1, 9_990))
    late = marks((2, 14_990), (3, 15_000), start=15_000.0)
    found = drawdown_figures(np.concatenate((equity, late)), amount(15_000.0), UNIT)
    assert (found["max_drawdown_quote"], found["spells"]) == (10.0, 1)


@pytest.mark.parametrize("field", ["realised_amount", "unrealised_amount", "revaluation_amount"])
def test_all_that_makes_equity_up_can_draw_it_down(field: str):
    rows = [{"now_ns": 0}, {"now_ns": 1, field: -amount(7.0)}]
    assert Drawdowns.of(records(EQUITY_OUT, rows), amount(START)).deepest_amount == amount(7.0)


STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=40)


def walked(steps: list[tuple[int, int]]) -> tuple[np.ndarray, list[int], list[int]]:
    """Marks of a walk from 100, and its times and values."""
    times, values, now, value = [], [], 0, 100
    for seconds, change in steps:
        now, value = now + seconds, value + change
        times.append(now)
        values.append(value)
    return marks(*zip(times, values, strict=True), start=100.0), times, values


@given(STEPS)
def test_the_maximum_drawdown_equals_a_search_of_all_pairs(steps: list[tuple[int, int]]):
    equity, _, values = walked(steps)
    highest_first = [100, *values]
    falls = [high - low for i, high in enumerate(highest_first) for low in highest_first[i:]]
    found = drawdown_figures(equity, amount(100.0), UNIT)
    assert found["max_drawdown_amount"] == amount(max(falls, default=0)) >= 0
    shares = [(high - low) / high for i, high in enumerate(highest_first) for low in highest_first[i:]]
    assert found["max_drawdown_pct"] == pytest.approx(100 * max(shares, default=0), abs=1e-9)


@given(STEPS)
def test_time_under_water_equals_a_walk_over_the_marks(steps: list[tuple[int, int]]):
    equity, times, values = walked(steps)
    peak, under, longest, spells, began = 100, 0, 0, 0, None
    for index, value in enumerate(values):
        peak = max(peak, value)
        if value < peak and index + 1 < len(values):
            under += times[index + 1] - times[index]
        if value < peak and began is None:
            began, spells = times[index], spells + 1
        if began is not None:
            longest = max(longest, times[index] - began)
        if value >= peak:
            began = None
    found = drawdown_figures(equity, amount(100.0), UNIT)
    assert (found["under_water_s"], found["longest_s"], found["spells"]) == (under, longest, spells)
    assert found["to_trough_s"] <= found["duration_s"] <= found["longest_s"] <= found["under_water_s"]


@given(STEPS, st.integers(1, 50))
def test_a_further_loss_never_makes_it_smaller(steps: list[tuple[int, int]], loss: int):
    equity, times, values = walked([*steps, (1, 0)])
    deeper = np.concatenate((equity, marks((times[-1] + 1, values[-1] - loss), start=100.0)))
    before, after = Drawdowns.of(equity, amount(100.0)), Drawdowns.of(deeper, amount(100.0))
    assert after.deepest_amount >= max(before.deepest_amount, amount(loss))
