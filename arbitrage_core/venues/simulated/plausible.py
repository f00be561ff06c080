"""The plausible quote: at which quotes a simulated venue deals, because a real one could have shown them.

A feed sends books that never were: an ask halved by a lost digit, both sides swapped, a price of another coin. Dealing
at them invents profit. So nothing is dealt at a crossed book, nor at a best price that lies further than `JUMP_MAX`
from the market's last good one of that side, unless the quote before it showed the same. An empty side is no price.

Where it is wrong: a true jump of more than `JUMP_MAX` is dealt at one quote late; garbage that is repeated is believed;
garbage nearer than that, too.
"""

from enum import IntEnum

import numpy as np

from arbitrage_core.domain.compiled import compiled, inlined

JUMP_MAX = 0.2
"""As a share of the price."""


class Withheld(IntEnum):
    """Why a venue does not deal at the book that a quote shows."""

    NOT = 0
    CROSSED = 1
    IMPLAUSIBLE = 2


@inlined
def can_be(px, good_px, px_before):
    """Whether a best price is near the market's last good one of its side, or that of the quote before."""
    return (abs(px - good_px) <= JUMP_MAX * good_px) | (abs(px - px_before) <= JUMP_MAX * px_before)


@compiled
def may_stand(px, good_px, px_before):
    """As `can_be`; an empty side may stand, and so may a market's first price."""
    return px == 0.0 or good_px == 0.0 or can_be(px, good_px, px_before)


@compiled
def withheld_at(bid_px, ask_px, good_bid_px, good_ask_px, bid_px_before, ask_px_before):
    """A `Withheld`, as a number: of a quote by its best prices, the last good ones, and those of the quote before."""
    if bid_px != 0.0 and ask_px != 0.0 and not bid_px < ask_px:
        return np.int64(Withheld.CROSSED)
    if not (may_stand(bid_px, good_bid_px, bid_px_before) and may_stand(ask_px, good_ask_px, ask_px_before)):
        return np.int64(Withheld.IMPLAUSIBLE)
    return np.int64(Withheld.NOT)


@compiled
def is_near(px, good_bid_px, good_ask_px):
    """Whether a print's price is near the market's last good ones."""
    low, high = good_bid_px * (1.0 - JUMP_MAX), good_ask_px * (1.0 + JUMP_MAX)
    return (good_bid_px == 0.0 or px >= low) and (good_ask_px == 0.0 or px <= high)
