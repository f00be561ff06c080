"""The quote rules: what a recorded quote must satisfy and what it says, on reading and on writing alike.

Null, NaN and 0 say "nothing". A side whose first level has no price or no quantity is empty: price 0 and quantity 0 at
every level, whatever else stands there. An empty side is a state of a book, not a fault: leaving such a row out would
leave a price standing that is gone. A deeper level is whole and worse than the one above it, or absent: price and
quantity 0, and nothing below it. What is negative, infinite or beyond the ranges below is refused, always.

Whether bid lies below ask is not asked here: a crossed book is something that happens, and the engine's to refuse.
"""

import numpy as np

PRICE_LEAST, PRICE_MOST = 1e-18, 1e15
"""A token's smallest fraction in its chain's coin, and a bitcoin in the weakest currency a thousand times over."""
QUANTITY_MOST = 1e24
"""More than there is of any coin."""

BID_PX, BID_QTY, ASK_PX, ASK_QTY = range(4)
_SIDES = (("bid", BID_PX, BID_QTY, np.less), ("ask", ASK_PX, ASK_QTY, np.greater))

Level = list[np.ndarray]
"""bid_px, bid_qty, ask_px, ask_qty of one level: numbers[n] each."""
Finding = tuple[int, str]
"""The first row that breaks a rule, and what is wrong with it."""


def settled(levels: list[Level]) -> tuple[list[Level], Finding | None]:
    """The levels of n quotes, best first, as rows hold them; and the first quote that cannot be, if there is one.

    Arrays that say nothing but prices and quantities are handed through, the others are copied.
    """
    found: list[Finding] = []
    result = [list(level) for level in levels]
    for side, px, qty, worse in _SIDES:
        for depth, level in enumerate(result):
            above = result[depth - 1][px] if depth else None
            if _all_whole(level[px], level[qty]) and (above is None or _all_below(worse, level[px], above)):
                continue
            name = f"of level {depth}" if depth else "of the first level"
            prices, quantities = _numbers(found, level[px], level[qty], side, name)
            if above is None:
                gone = (prices == 0.0) | (quantities == 0.0)
            else:
                gone = (result[0][px] == 0.0) | ((prices == 0.0) & (quantities == 0.0))
                _note(found, gone | (prices > 0.0), level[px], f"{side}_px {name} must be there as its quantity is")
                ordered = gone | ((above > 0.0) & worse(prices, above))
                _note(found, ordered, level[px], f"{side}_px {name} must be worse than the level above")
            level[px], level[qty] = np.where(gone, 0.0, prices), np.where(gone, 0.0, quantities)
    return result, min(found, key=lambda finding: finding[0], default=None)


def _all_whole(px: np.ndarray, qty: np.ndarray) -> bool:
    """Whether every price and quantity is there and in range; what is not a number compares as false."""
    if not len(px):
        return True
    return bool(px.min() >= PRICE_LEAST and px.max() <= PRICE_MOST and qty.min() > 0.0 and qty.max() <= QUANTITY_MOST)


def _all_below(worse: np.ufunc, px: np.ndarray, above: np.ndarray) -> bool:
    """Whether every level above is there, and better."""
    return not len(px) or bool(above.min() > 0.0 and worse(px, above).all())


def _numbers(
    found: list[Finding], px: np.ndarray, qty: np.ndarray, side: str, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Prices and quantities with 0 for nothing; notes what is neither nothing nor in range."""
    no_px, no_qty = np.isnan(px) | (px == 0.0), np.isnan(qty) | (qty == 0.0)
    prices = f"{side}_px {name} must be a price from {PRICE_LEAST:g} to {PRICE_MOST:g}, or nothing"
    _note(found, no_px | ((px >= PRICE_LEAST) & (px <= PRICE_MOST)), px, prices)
    quantities = f"{side}_qty {name} must be a quantity up to {QUANTITY_MOST:g}, or nothing"
    _note(found, no_qty | ((qty > 0.0) & (qty <= QUANTITY_MOST)), qty, quantities)
    return np.where(no_px, 0.0, px), np.where(no_qty, 0.0, qty)


def _note(found: list[Finding], good: np.ndarray, values: np.ndarray, rule: str) -> None:
    if not good.all():
        at = int(np.argmin(good))
        found.append((at, f"{rule}, not {values[at]:g}"))
