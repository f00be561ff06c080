"""Money: amounts are int64 counts of a currency's booking unit, so sums are exact.

A float is rounded once, half to even, when it becomes an amount; nothing is ever rounded twice. Units are chosen such
that amounts stay below 2⁵³, where every integer is also a double; past that, and for NaN, there is no amount.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled

AMOUNT_LIMIT = 2.0**53
NO_AMOUNT = -(2**63)
"""What `amount_of` returns where there is none: the caller raises a fault (engine) or an error (outside)."""

BOOKING_UNITS: dict[str, float] = {
    **dict.fromkeys(("KRW", "JPY", "ARS", "NGN", "COP", "IDR", "VND"), 1e-4),
    **dict.fromkeys(("TRY", "THB", "TWD", "UAH", "PHP", "INR", "RUB", "ZAR", "MXN", "CZK"), 1e-6),
    **dict.fromkeys(("BTC", "XBT", "ETH"), 1e-10),
}
"""The less a currency is worth, the coarser: else amounts of it would end where nobody is rich."""
BOOKING_UNIT_DEFAULT = 1e-8


@compiled
def amount_of(value, unit):
    """`value` (in the currency) as an int64 count of `unit`; NO_AMOUNT for NaN and beyond ±2⁵³."""
    scaled = np.rint(value / unit)
    if not abs(scaled) < AMOUNT_LIMIT:
        return np.int64(NO_AMOUNT)
    return np.int64(scaled)


@compiled
def share_of(amount, part, whole):
    """`amount × part / whole` rounded half to even, and exactly `amount` when the part is the whole."""
    if part == whole:
        return amount
    return np.int64(np.rint(amount * (part / whole)))


def booking_unit(currency: str) -> float:
    """The unit in which a currency is booked, e.g. 1e-8 for USDT."""
    return BOOKING_UNITS.get(currency, BOOKING_UNIT_DEFAULT)
