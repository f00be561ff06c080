"""Sums of amounts are exact, whatever their size; money is the nearest double."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.amounts import figure, money, quote_of, quotient, total, totals_by

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(INT64, max_size=50))
def test_a_total_is_the_sum_of_python_integers(values: list[int]):
    assert total(np.array(values, np.int64)) == sum(values)


@given(st.lists(st.tuples(st.integers(0, 4), INT64), max_size=50))
def test_totals_by_key_are_the_sums_of_each_key_and_add_up(pairs: list[tuple[int, int]]):
    keys, values = np.array([key for key, _ in pairs], np.int16), np.array([value for _, value in pairs], np.int64)
    sums = totals_by(keys, values, 5)
    assert sums == [sum(value for key, value in pairs if key == slot) for slot in range(5)]
    assert sum(sums) == total(values)


def test_a_total_past_int64_does_not_wrap():
    assert total(np.full(4, 2**62, np.int64)) == 2**64


@pytest.mark.parametrize("keys", [[-1, 0], [0, 2]])
def test_a_key_without_a_slot_is_an_error_and_never_another_slot(keys: list[int]):
    with pytest.raises(ValueError, match="keys must lie in 0 … 1"):
        totals_by(np.array(keys), np.array([1, 1]), 2)


@pytest.mark.parametrize(
    "amount, unit, quote",
    [
        (0, 1e-8, 0.0),
        (12, 1e-8, 1.2e-07),
        (123_456_789, 1e-8, 1.23456789),
        (-3, 1e-8, -3e-08),
        (29, 1e-4, 0.0029),
        (2**53 - 1, 1e-8, 90071992.54740991),
    ],
)
def test_money_is_the_nearest_double(amount: int, unit: float, quote: float):
    assert quote_of(amount, unit) == quote
    assert money("pnl", amount, unit) == {"pnl_amount": amount, "pnl_quote": quote}


@pytest.mark.parametrize(
    "numerator, denominator, expected",
    [
        (6, 4, 1.5),
        (-6, 4, -1.5),
        (0, 4, 0.0),
        (1, 0.5, 2.0),
        (1, 0, None),
        (0, 0, None),
        (1, -4, None),
        (1.0, float("nan"), None),
        (float("nan"), 1.0, None),
        (float("inf"), 1.0, None),
    ],
)
def test_a_quotient_exists_over_something_positive(numerator: float, denominator: float, expected: float | None):
    assert quotient(numerator, denominator) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float64("inf")], ids=repr)
def test_what_json_cannot_hold_is_none(value: float):
    assert figure(value) is None


def test_a_figure_is_a_plain_float():
    assert type(figure(np.float64(1.5))) is float
