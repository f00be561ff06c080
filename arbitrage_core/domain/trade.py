"""The trade: a round trip of two entry legs and one or more exits, and how it may stand and end."""

from enum import IntEnum


class Phase(IntEnum):
    """Where a trade stands. FREE is an empty slot; VOID, UNWOUND and CLOSED are how it ended."""

    FREE = 0
    OPENING = 1
    OPEN = 2
    CLOSING = 3
    UNWINDING = 4
    VOID = 5
    UNWOUND = 6
    CLOSED = 7


class ExitReason(IntEnum):
    """Why a trade left. From HOLD_TIME on a reason is sticky: once decided, it is carried through."""

    NONE = 0
    CONVERGED = 1
    TAKE_PROFIT = 2
    HOLD_TIME = 3
    STOP_LOSS = 4
    FEED_ENDED = 5
    SESSION_END = 6
    REDUCED = 7
    """Told to leave: by the operator's REDUCE, or by a guard's."""


FIRST_STICKY_REASON = ExitReason.HOLD_TIME


class SingleLegPolicy(IntEnum):
    """What to do with a leg left alone (docs/engine.md §9)."""

    AUTO = 0
    COMPLETE = 1
    REVERSE = 2
    HOLD = 3
