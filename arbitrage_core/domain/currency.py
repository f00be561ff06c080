"""The currency: what a typical amount of it is, in how many digits its money is read, and the most that may be set.

What one USDT is about worth in each is a typical amount, not a rate: round, out of date the day it was written, and
used for nothing but defaults and for the digits that are shown. No trade is ever valued by it.
"""

import math
from types import MappingProxyType

from arbitrage_core.domain.money import booking_unit

ABOUT_ONE_USDT = MappingProxyType(
    {
        # cash, and coins that stand for it
        **dict.fromkeys(("USDT", "USD", "USDC", "FDUSD", "USDE", "USDS", "USD1", "PYUSD", "TUSD", "BUSD", "DAI"), 1.0),
        **dict.fromkeys(("EUR", "EURC", "EURI", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD"), 1.0),
        **dict.fromkeys(("BRL", "PLN", "AED", "CNY", "CNH", "HKD"), 5.0),
        **dict.fromkeys(("ZAR", "MXN", "CZK"), 20.0),
        **dict.fromkeys(("TRY", "THB", "TWD", "UAH", "PHP"), 40.0),
        **dict.fromkeys(("INR", "RUB"), 80.0),
        "JPY": 100.0,
        **dict.fromkeys(("KRW", "ARS", "NGN"), 1_000.0),
        "COP": 4_000.0,
        "IDR": 15_000.0,
        "VND": 25_000.0,
        # coins that others are quoted in
        **dict.fromkeys(("BTC", "XBT"), 1e-5),
        "ETH": 3e-4,
        "BNB": 1e-3,
    }
)
CASH = tuple(name for name, about in ABOUT_ONE_USDT.items() if about >= 1.0)
COINS = tuple(name for name, about in ABOUT_ONE_USDT.items() if about < 1.0)

USUAL_CAPITAL_USDT, USUAL_NOTIONAL_USDT, LEAST_NOTIONAL_USDT = 10_000.0, 1_000.0, 5.0
"""The defaults of capital, size and smallest order, before they become typical amounts of another currency."""

CENTS = 2
WHOLE_FROM = 100.0
"""Of a currency of which so much is one USDT, nobody counts hundredths."""
DIGITS = MappingProxyType({"BTC": 8, "XBT": 8})
"""Where everybody reads others than follow from the size: BTC to the satoshi."""

MOST_UNITS = 9e14
"""No money may be set beyond so many booking units. Amounts are exact up to 2⁵³, ten times as many: the room is for
what a session holds beyond its capital, positions on margin above all."""


def is_known(currency: str) -> bool:
    """Whether a typical amount of a currency is known; of others it is taken to be that of USDT."""
    return currency in ABOUT_ONE_USDT


def typical(usdt: float, currency: str) -> float:
    """About so many USDT in a currency, rounded to be read: 5 → 5,000 KRW. Never a rate."""
    return float(f"{usdt * ABOUT_ONE_USDT.get(currency, 1.0):.6g}")


def most_money(currency: str) -> float:
    """The most that capital or an order may be in a currency: 9,000,000 USDT, 90,000,000,000 KRW."""
    return float(f"{MOST_UNITS * booking_unit(currency):.6g}")


def money_digits(currency: str) -> int:
    """Decimals in which money of a currency is shown: 2 of USDT, 0 of KRW, 6 of ETH, 8 of BTC."""
    about = ABOUT_ONE_USDT.get(currency, 1.0)
    if about >= 1.0:
        return 0 if about >= WHOLE_FROM else CENTS
    return DIGITS.get(currency, CENTS - math.floor(math.log10(about)))


def money_text(value: float, currency: str, *, signed: bool = False, finer: int = 0) -> str:
    """Money without the currency's name: "+1,234" of KRW, "+0.00012345" of BTC; `finer`: so many decimals more."""
    return f"{value:{'+' if signed else ''},.{money_digits(currency) + finer}f}"
