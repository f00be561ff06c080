"""The settings of a stress in any currency: its limits in typical amounts, and a second one that loses its peg."""

import pytest

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.scenarios.catalogue import CURRENCY, pegged_to, stress_settings
from arbitrage_core.session.plan import Offer, plan_session

VENUES = ("east", "west")


@pytest.mark.parametrize(
    "currency, scale, other", [("USDT", 1, "USDC"), ("USDC", 1, "USDT"), ("KRW", 1_000, "JPY"), ("BTC", 1e-5, "XBT")]
)
def test_a_session_under_stress_has_the_limits_of_its_currency(currency, scale, other):
    symbols = (f"AAA/{currency}", f"BBB/{currency}")
    settings = stress_settings(VENUES, symbols, currency)
    config = plan_session(Offer(VENUES, symbols, rates=frozenset({CURRENCY})), settings)
    assert config.currencies == (currency, other)
    assert booking_unit(other) == booking_unit(currency)
    assert pegged_to(currency) == other
    limits = (config.params.notional_quote, config.drawdown_max_quote, config.venues[0].exposure_max_quote)
    assert limits == pytest.approx((500 * scale, 1_000 * scale, 8_000 * scale))


def test_in_usdt_they_are_those_of_the_stage():
    settings = stress_settings(VENUES, ("AAA/USDT",))
    assert settings[0] == "notional_quote=500"
    assert not any("reporting_currency" in one for one in settings)
