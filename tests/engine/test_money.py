"""Money: one rounding, half to even, and no amount where there is none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.money import AMOUNT_LIMIT, NO_AMOUNT, amount_of, booking_unit, share_of
from tests.engine.bench import plain, quiet

LIMIT = int(AMOUNT_LIMIT)
AMOUNTS = [
    (1.0, 1.0, 1),
    (0.5, 1.0, 0),
    (1.5, 1.0, 2),
    (2.5, 1.0, 2),
    (-0.5, 1.0, 0),
    (-1.5, 1.0, -2),
    (1.23456789, 1e-8, 123_456_789),
    (0.0, 1e-8, 0),
    (AMOUNT_LIMIT - 1, 1.0, LIMIT - 1),
    (1 - AMOUNT_LIMIT, 1.0, 1 - LIMIT),
    (AMOUNT_LIMIT, 1.0, NO_AMOUNT),
    (-AMOUNT_LIMIT, 1.0, NO_AMOUNT),
    (float("inf"), 1.0, NO_AMOUNT),
    (float("-inf"), 1.0, NO_AMOUNT),
    (float("nan"), 1.0, NO_AMOUNT),
    (1.0, float("nan"), NO_AMOUNT),
]


@pytest.mark.parametrize("value, unit, expected", AMOUNTS)
def test_a_value_becomes_an_amount_once_or_none(value: float, unit: float, expected: int) -> None:
    with quiet():
        assert plain(amount_of)(value, unit) == expected
    assert amount_of(value, unit) == expected


@given(st.integers(1 - LIMIT, LIMIT - 1))
def test_every_amount_below_the_limit_survives_as_a_float(amount: int) -> None:
    assert plain(amount_of)(float(amount), 1.0) == amount


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_share_is_near_the_exact_one_and_whole_for_the_whole(amount: int, part: int, more: int) -> None:
    whole = part + more
    share = int(plain(share_of)(amount, part, whole))
    assert abs(share - Fraction(amount * part, whole)) <= 1
    assert int(plain(share_of)(amount, whole, whole)) == amount
    assert int(plain(share_of)(amount, 0, whole)) == 0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(-(10**12), 10**12))
def test_what_is_released_piece_by_piece_is_all_there_was(pieces: list[int], basis_amount: int) -> None:
    """The last piece is the whole of what is left, so nothing is lost to rounding."""
    left_lots, left_amount, released = sum(pieces), basis_amount, 0
    for lots in pieces:
        share = int(plain(share_of)(left_amount, lots, left_lots))
        left_lots, left_amount, released = left_lots - lots, left_amount - share, released + share
    assert (left_lots, left_amount, released) == (0, 0, basis_amount)


@pytest.mark.parametrize("currency, unit", [("USDT", 1e-8), ("KRW", 1e-4), ("BTC", 1e-10), ("something", 1e-8)])
def test_a_currency_has_its_booking_unit(currency: str, unit: float) -> None:
    assert booking_unit(currency) == unit
