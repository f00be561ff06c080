"""The refusal: the one enum that says which rule forbade an entry, in order of precedence.

The first rule broken is the one named. Numbers leave room for the guards that come between.
"""

from enum import IntEnum


class Refusal(IntEnum):
    """Named as the rule that was broken."""

    NONE = 0
    KILL_SWITCH_MUST_BE_OFF = 2
    SESSION_MUST_BE_ACTIVE = 4
    STORES_MUST_ANSWER = 6
    SYMBOL_MUST_BE_ON = 7
    MARKET_MUST_NOT_BE_IN_DOUBT = 8
    FEED_MUST_BE_UP = 10
    BOOK_MUST_BE_UNCROSSED = 11
    BOOK_MUST_BE_FRESH = 12
    BOOKS_MUST_BE_IN_STEP = 13
    RATE_MUST_BE_FRESH = 14
    BOOK_MUST_MOVE = 15
    EDGE_MUST_EXCEED_COSTS = 18
    PRICE_MUST_BE_PLAUSIBLE = 20
    COOLDOWN_MUST_BE_OVER = 24
    OPEN_TRADES_MUST_BE_FEWER = 26
    SIZE_MUST_BE_TRADABLE = 28
    SYMBOL_EXPOSURE_MUST_STAY_INSIDE = 32
    VENUE_EXPOSURE_MUST_STAY_INSIDE = 33
    PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE = 34
    INVENTORY_MUST_COVER = 38
    CAPITAL_MUST_COVER = 40
    ORDER_RATE_MUST_STAY_INSIDE = 42
    SLIPPAGE_MUST_BE_AS_EXPECTED = 44
    LOSSES_MUST_NOT_RUN_ON = 46
    SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE = 48
    PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE = 49
    DRAWDOWN_MUST_STAY_INSIDE = 52


class GuardEvent(IntEnum):
    """What became of a guard with memory, or of a switch. REDUCED, FLATTENED: what it answered beyond refusing."""

    TRIPPED = 1
    RELEASED = 2
    REDUCED = 3
    FLATTENED = 4


class GuardLevel(IntEnum):
    """How far a guard that tripped goes. PAUSE: no entries. REDUCE: open trades leave. FLATTEN: for good."""

    NONE = 0
    PAUSE = 1
    REDUCE = 2
    FLATTEN = 3


class GuardCause(IntEnum):
    """Who did it: the engine, by what happened or by time; or the operator."""

    ENGINE = 0
    OPERATOR = 1


REFUSAL_SLOTS = 64
"""Length of a counter indexed by `Refusal`."""
