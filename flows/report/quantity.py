"""The quantity: a figure as text, in the unit its name says, and nothing measured as a dash."""

import math
from decimal import Decimal

from arbitrage_core.domain.currency import money_digits

NOTHING = "–"
MINUS = "−"
BIG = 1e15
"""From here on a plain number is too long to be read."""

_PLACES = {"_bps": 1, "_ms": 0, "_s": 1}
_UNITS = {"_bps": "bps", "_ms": "ms", "_s": "s"}


def is_share(name: str) -> bool:
    """Whether a figure is a share of 1, shown in per cent: a `…_rate`, `…_share` or `…_probability`."""
    return name.endswith(("_rate", "_share", "_probability"))


def words(name: str) -> str:
    """A figure's name without its unit, as words: `max_drawdown_quote` → "max drawdown"."""
    for ending in ("_quote", *_PLACES):
        name = name.removesuffix(ending)
    return name.replace("_", " ")


def unit(name: str, currency: str = "") -> str:
    """The unit a figure's name says: "%", "bps", "ms", "s", the currency, or nothing for a count."""
    if is_share(name):
        return "%"
    if name.endswith("_quote"):
        return currency
    return next((found for ending, found in _UNITS.items() if name.endswith(ending)), "")


def number(value: float | Decimal | None, places: int = 0, *, signed: bool = False) -> str:
    """A number with thousands separated and so many decimals; missing, NaN and infinite say so."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:{'+' if signed else ''}{f',.{places}f' if abs(value) < BIG else '.6g'}}"
    if not text.strip("+-0.,"):  # what rounds to nothing has no sign
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def money(value: float | Decimal | None, currency: str, *, signed: bool = False, finer: int = 0) -> str:
    """Money without its currency, in the digits that needs; `finer`: so many more. "" is as USDT."""
    return number(value, money_digits(currency) + finer, signed=signed)


def bare(name: str, value: float | None, currency: str = "", *, signed: bool = False) -> str:
    """A figure without its unit, for a column whose head says it; shares in per cent, money as its currency needs."""
    if is_share(name):
        return number(None if value is None else value * 100, 1, signed=signed)
    if name.endswith("_quote"):
        return money(value, currency, signed=signed)
    places = next((found for ending, found in _PLACES.items() if name.endswith(ending)), None)
    if places is None:
        places = 0 if value is None or not math.isfinite(value) or float(value).is_integer() else 3
    return number(value, places, signed=signed)


def quantity(name: str, value: float | None, currency: str = "", *, signed: bool = False) -> str:
    """A figure with its unit: ("win_rate", 0.512) → "51.2 %"."""
    text, its_unit = bare(name, value, currency, signed=signed), unit(name, currency)
    return f"{text} {its_unit}" if its_unit and text != NOTHING else text
