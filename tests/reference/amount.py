"""Amounts of the reference model: plain integers counting a currency's booking unit, rounded once, half to even."""

from dataclasses import dataclass
from math import ceil, copysign, floor, inf, nan

from arbitrage_core.domain.errors import InvariantBroken

_LIMIT = 2.0**53
LOTS_MAX = 2**53 - 1


def amount_of(value: float, unit: float) -> int:
    """`value` of a currency as a count of its unit. Raises InvariantBroken for NaN and beyond ±2⁵³."""
    scaled = value / unit
    if not abs(scaled) < _LIMIT:
        raise InvariantBroken(f"{value} is no amount of unit {unit}")
    return round(scaled)


def amount_above(value: float, unit: float) -> int:
    """As `amount_of`, rounded up: what has to be set aside."""
    scaled = value / unit
    if not abs(scaled) < _LIMIT:
        raise InvariantBroken(f"{value} is no amount of unit {unit}")
    return ceil(scaled)


def share_of(amount: int, part: int, whole: int) -> int:
    """`amount × part / whole`, rounded half to even; exactly `amount` when the part is the whole."""
    return amount if part == whole else round(amount * (part / whole))


def lots_of(quantity: float, lot: float) -> int:
    """A quantity in base currency as whole lots, at most LOTS_MAX (docs/engine.md §6)."""
    lots = quantity / lot + 1e-6
    if not lots >= 1:
        return 0
    return floor(min(lots, float(LOTS_MAX)))


def ratio(above: float, below: float) -> float:
    """IEEE division, where Python would raise."""
    if below != 0:
        return above / below
    return nan if above == 0 or above != above else copysign(inf, above)


def floor_to_tick(price: float, tick: float) -> float:
    """The tick at or below a price."""
    return floor(price / tick + 1e-9) * tick if tick > 0 else price


def ceil_to_tick(price: float, tick: float) -> float:
    """The tick at or above a price."""
    return ceil(price / tick - 1e-9) * tick if tick > 0 else price


@dataclass
class Rates:
    """Reporting currency per unit of each currency, and when it was heard; NaN until then."""

    units: list[float]
    values: list[float]
    heard_ns: list[int]
    age_max_ns: int

    @classmethod
    def unheard(cls, units: list[float], age_max_ns: int) -> "Rates":
        """Only the reporting currency, index 0, has a rate: 1."""
        return cls(units, [1.0] + [nan] * (len(units) - 1), [0] * len(units), age_max_ns)

    def hear(self, currency: int, rate: float, received_ns: int) -> None:
        """A RATE row. One of the reporting currency says nothing."""
        if currency != 0:
            self.values[currency], self.heard_ns[currency] = rate, received_ns

    def fresh(self, currency: int, now_ns: int) -> bool:
        """Whether a currency may be reckoned in at `now_ns`."""
        if currency == 0:
            return True
        return self.values[currency] > 0 and now_ns - self.heard_ns[currency] <= self.age_max_ns

    def convert(self, amount: int, currency: int) -> int:
        """An amount of a currency as one of the reporting currency, at the last rate."""
        if currency == 0:
            return amount
        scaled = amount * (self.units[currency] * self.values[currency]) / self.units[0]
        if not abs(scaled) < _LIMIT:
            raise InvariantBroken(f"currency {currency} has no rate")
        return round(scaled)
