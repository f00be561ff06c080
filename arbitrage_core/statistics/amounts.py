"""Amounts in bulk: exact sums of int64 booking units, turned into money once, at the end.

An amount is a count of the reporting currency's booking unit (`domain/money.py`). A sum is made in integers, whatever
its size, so that parts always add up to their whole; only the finished sum becomes a float.
"""

from math import isfinite

import numpy as np

_LOW_BITS = 32
_LOW_MASK = (1 << _LOW_BITS) - 1


def total(amounts: np.ndarray) -> int:
    """The exact sum of int64[n], as a Python integer: it cannot overflow (both halves stay below 2⁶³ for n < 2³¹)."""
    return (int(np.sum(amounts >> _LOW_BITS)) << _LOW_BITS) + int(np.sum(amounts & _LOW_MASK))


def totals_by(keys: np.ndarray, amounts: np.ndarray, slots: int) -> list[int]:
    """The exact sum of `amounts` (int64[n]) for each key 0 … slots − 1 (int[n]); ValueError for any other key."""
    if len(keys) and not (int(keys.min()) >= 0 and int(keys.max()) < slots):
        raise ValueError(f"keys must lie in 0 … {slots - 1}, found {int(keys.min())} … {int(keys.max())}")
    high, low = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    np.add.at(high, keys, amounts >> _LOW_BITS)
    np.add.at(low, keys, amounts & _LOW_MASK)
    return [(int(upper) << _LOW_BITS) + int(lower) for upper, lower in zip(high, low, strict=True)]


def quote_of(amount: int | float, unit: float) -> float:
    """Money of an amount, for a unit that goes into 1 without rest (1e-8, …): the nearest double, 12 → 1.2e-07."""
    return amount / round(1.0 / unit)


def money(name: str, amount: int, unit: float) -> dict[str, int | float]:
    """An amount as documents carry it: `{name}_amount` exactly in booking units, and `{name}_quote` for reading."""
    return {f"{name}_amount": amount, f"{name}_quote": quote_of(amount, unit)}


def quotient(numerator: float, denominator: float) -> float | None:
    """`numerator / denominator`, or None where the denominator is not positive or the result not finite."""
    if not denominator > 0:
        return None
    return figure(numerator / denominator)


def figure(value: float | np.floating) -> float | None:
    """A float that JSON can hold: None for NaN and the infinities."""
    return float(value) if isfinite(value) else None
