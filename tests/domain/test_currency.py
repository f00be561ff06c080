"""What money is in each currency: defaults a person of that country would recognise, a bound, digits that show it."""

import pytest

from arbitrage_core.domain.currency import (
    ABOUT_ONE_USDT,
    CASH,
    COINS,
    LEAST_NOTIONAL_USDT,
    USUAL_CAPITAL_USDT,
    USUAL_NOTIONAL_USDT,
    is_known,
    money_digits,
    money_text,
    most_money,
    typical,
)
from arbitrage_core.domain.market import Market
from arbitrage_core.domain.money import AMOUNT_LIMIT, booking_unit

TABLE = [
    # currency, capital, size, smallest order, the most that can be set, 1234.56789 as text
    ("USDT", 10_000.0, 1_000.0, 5.0, 9e6, "+1,234.57"),
    ("USDC", 10_000.0, 1_000.0, 5.0, 9e6, "+1,234.57"),
    ("EUR", 10_000.0, 1_000.0, 5.0, 9e6, "+1,234.57"),
    ("KRW", 10_000_000.0, 1_000_000.0, 5_000.0, 9e10, "+1,235"),
    ("JPY", 1_000_000.0, 100_000.0, 500.0, 9e10, "+1,235"),
    ("IDR", 150_000_000.0, 15_000_000.0, 75_000.0, 9e10, "+1,235"),
    ("TRY", 400_000.0, 40_000.0, 200.0, 9e8, "+1,234.57"),
    ("BTC", 0.1, 0.01, 5e-5, 9e4, "+1,234.56789000"),
    ("ETH", 3.0, 0.3, 0.0015, 9e4, "+1,234.567890"),
    ("never heard of", 10_000.0, 1_000.0, 5.0, 9e6, "+1,234.57"),
]


@pytest.mark.parametrize("currency, capital, notional, least, most, text", TABLE)
def test_defaults_bound_and_digits_follow_the_currency(currency, capital, notional, least, most, text):
    usual = [typical(usdt, currency) for usdt in (USUAL_CAPITAL_USDT, USUAL_NOTIONAL_USDT, LEAST_NOTIONAL_USDT)]
    assert usual == [capital, notional, least]
    assert most_money(currency) == most
    assert money_text(1234.56789, currency, signed=True) == text
    assert is_known(currency) is (currency in ABOUT_ONE_USDT)


@pytest.mark.parametrize("currency", ABOUT_ONE_USDT)
def test_of_every_currency_a_hundred_times_the_usual_capital_can_be_set_and_all_of_it_is_an_exact_amount(currency):
    assert 100 * typical(USUAL_CAPITAL_USDT, currency) <= most_money(currency)
    assert most_money(currency) / booking_unit(currency) <= AMOUNT_LIMIT / 10


@pytest.mark.parametrize("currency", ABOUT_ONE_USDT)
def test_the_profit_of_one_usual_trade_shows_and_no_digit_is_finer_than_what_is_booked(currency):
    """10 bps of it, about one USDT."""
    digits = money_digits(currency)
    assert float(money_text(typical(1.0, currency), currency).replace(",", "")) >= 10**-digits
    assert 10**-digits >= booking_unit(currency) * (1 - 1e-9)
    assert booking_unit(currency) * 1e4 <= typical(1.0, currency)


def test_cash_and_coins_are_told_apart_by_what_they_are_worth():
    assert {"USDT", "KRW", "EUR"} < set(CASH)
    assert set(COINS) == {"BTC", "XBT", "ETH", "BNB"}


@pytest.mark.parametrize("currency, least", [("USDT", 5.0), ("KRW", 5_000.0), ("BTC", 5e-5)])
def test_a_markets_smallest_order_is_of_its_own_currency_unless_it_is_given(currency, least):
    assert Market(venue="east", symbol="X", quote_currency=currency).min_notional_quote == least
    given = Market(venue="east", symbol="X", quote_currency=currency, min_notional_quote=7.0)
    assert given.min_notional_quote == 7.0
    assert Market.model_validate_json(given.model_dump_json()) == given


def test_money_may_be_shown_finer():
    assert money_text(-3.321249, "USDT", signed=True, finer=2) == "-3.3212"
    assert money_text(3318.4567, "KRW", signed=True, finer=2) == "+3,318.46"
