"""The break-even: found where it is, from either side, with no run too many; and the costs' share by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.break_even import BreakEven, Reach, break_even, cost_share, same_trades_fee_bps

VALUES = [0.0, 1.0, 2.0, 4.0, 8.0]


@given(true=st.floats(0.1, 7.9), present=st.sampled_from(VALUES), tolerance=st.sampled_from([0.5, 0.01]))
def test_it_is_within_the_tolerance_of_the_truth(true: float, present: float, tolerance: float):
    found = break_even(VALUES, present, lambda value: true - value, tolerance)
    if found.reach is Reach.UP_TO:
        assert found.value <= true <= found.value + tolerance
    else:
        assert (found.reach, present) == (Reach.NOWHERE, 0.0)


@pytest.mark.parametrize(
    "earned, present, expected",
    [
        (lambda value: 1.0, 2.0, BreakEven(Reach.THROUGHOUT)),
        (lambda value: -1.0, 2.0, BreakEven(Reach.NOWHERE)),
        (lambda value: 0.0, 2.0, BreakEven(Reach.NOWHERE)),
        (lambda value: 8.5 - value, 8.0, BreakEven(Reach.THROUGHOUT)),
    ],
)
def test_where_there_is_none(earned, present: float, expected: BreakEven):
    assert break_even(VALUES, present, earned, 0.1) == expected


def test_of_several_crossings_it_is_the_nearest():
    def earned(value: float) -> float:
        return 1.0 if value < 0.5 or 1.5 < value < 3.0 else -1.0

    assert break_even(VALUES, 0.0, earned, 0.01).value == pytest.approx(0.5, abs=0.01)
    assert break_even(VALUES, 2.0, earned, 0.01).value == pytest.approx(3.0, abs=0.01)
    assert break_even(VALUES, 8.0, earned, 0.01).value == pytest.approx(3.0, abs=0.01)


def test_a_tolerance_below_what_floats_can_tell_ends():
    assert break_even(VALUES, 2.0, lambda value: 3.0 - value, 1e-300).value == pytest.approx(3.0)


@pytest.mark.parametrize(
    "values, present, tolerance",
    [
        ([], 0.0, 0.1),
        ([1.0, 1.0], 1.0, 0.1),
        ([2.0, 1.0], 1.0, 0.1),
        (VALUES, 3.0, 0.1),
        (VALUES, 2.0, 0.0),
        (VALUES, 2.0, float("nan")),
    ],
)
def test_values_that_cannot_be_searched_are_refused(values: list[float], present: float, tolerance: float):
    with pytest.raises(ValueError, match="values that rise"):
        break_even(values, present, lambda value: 1.0, tolerance)


@pytest.mark.parametrize(
    "net, fees, turnover, expected", [(600, 400, 1_000_000, 10.0), (-600, 400, 1_000_000, -2.0), (1, 1, 0, None)]
)
def test_of_the_same_trades_it_is_what_they_made_over_what_they_turned_over(net, fees, turnover, expected):
    assert same_trades_fee_bps(net, fees, turnover) == expected


@pytest.mark.parametrize(
    "net, fees, slippage, expected",
    [(25, 50, 25, 0.75), (-50, 100, 50, 1.5), (-150, 100, 50, None), (-200, 100, 50, None), (100, 0, 0, 0.0)],
)
def test_costs_eat_their_share_of_what_was_made_before_them(net, fees, slippage, expected):
    assert cost_share(net, fees, slippage) == expected
