"""The duration: `250ms`, `60s`, `1.5h` as whole nanoseconds, exactly."""

import re
from decimal import Decimal

from arbitrage_core.domain.errors import BadInput

NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
CURE = "write a number and a unit: 250ms, 60s, 5m, 1.5h or 1d"
DURATION_NS_MAX = 2**62


def duration_ns(text: str) -> int:
    """Nanoseconds of `60s` and the like, 1 … 2⁶². Raises BadInput for anything else, and for parts of a nanosecond."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", text)
    if not match or match[2] not in NS_PER_UNIT:
        raise BadInput(f"duration {text!r} is not understood", CURE)
    nanoseconds = Decimal(match[1]) * NS_PER_UNIT[match[2]]
    if nanoseconds != int(nanoseconds) or not 1 <= nanoseconds <= DURATION_NS_MAX:
        raise BadInput(f"duration {text!r} is not a whole number of nanoseconds from 1 to 2^62", CURE)
    return int(nanoseconds)
