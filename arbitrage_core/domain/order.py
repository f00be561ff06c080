"""The order: its kinds, its states and the state changes that are legal."""

from enum import IntEnum

import numpy as np


class Side(IntEnum):
    """+1 buys, −1 sells, so that it multiplies."""

    SELL = -1
    BUY = 1


BUY, SELL = np.int64(Side.BUY), np.int64(Side.SELL)
"""The sides as compiled code passes them on: a plain number is a type of its own to the compiler, and compiled anew."""


NO_LIMIT_PX = np.inf
"""`limit_px` of a market order: no value a price can take."""


class OrderStyle(IntEnum):
    """How an order works: limit or market, and for how long."""

    IOC = 0
    """Limit, immediate or cancel."""
    MARKET = 1
    GTC = 2
    """Limit, good till canceled."""
    POST_ONLY = 3
    """Limit, good till canceled, rejected rather than taking."""


class Purpose(IntEnum):
    """Why an order was sent. ENTRY and COMPLETE open, EXIT and REVERSE close."""

    ENTRY = 0
    COMPLETE = 1
    EXIT = 2
    REVERSE = 3


class Action(IntEnum):
    """What the engine asks of a venue."""

    SUBMIT = 0
    CANCEL = 1
    QUERY = 2


class OrderState(IntEnum):
    """Where an order stands; NONE is an empty slot."""

    NONE = 0
    PENDING = 1
    OPEN = 2
    PARTIALLY_FILLED = 3
    UNKNOWN = 4
    FILLED = 5
    CANCELED = 6
    REJECTED = 7
    EXPIRED = 8


FIRST_FINAL_STATE = OrderState.FILLED
"""States from here on are final."""

LEGAL_CHANGES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.NONE: frozenset({OrderState.PENDING}),
    OrderState.PENDING: frozenset(set(OrderState) - {OrderState.NONE, OrderState.PENDING}),
    OrderState.OPEN: frozenset(set(OrderState) - {OrderState.NONE, OrderState.PENDING, OrderState.OPEN}),
    OrderState.PARTIALLY_FILLED: frozenset(
        {OrderState.UNKNOWN, OrderState.FILLED, OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED}
    ),
    OrderState.UNKNOWN: frozenset(set(OrderState) - {OrderState.NONE, OrderState.PENDING, OrderState.UNKNOWN}),
    OrderState.FILLED: frozenset(),
    OrderState.CANCELED: frozenset(),
    OrderState.REJECTED: frozenset(),
    OrderState.EXPIRED: frozenset(),
}
"""From each state the states that may follow it (law I3)."""
