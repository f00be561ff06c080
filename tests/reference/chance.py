"""Chance and ids of the reference model: the SplitMix64 chain of domain/identity.py in plain Python integers."""

_MASK = (1 << 64) - 1


def mix(seed: int, part: int) -> int:
    """One link of the chain, 64 bits."""
    z = ((seed ^ (part & _MASK)) + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _chain(start: int, *parts: int) -> int:
    for part in parts:
        start = mix(start, part)
    return start


def client_order_id(session_key: int, symbol_key: int, trade: int, leg: int, attempt: int) -> int:
    """The 63-bit id of an order."""
    return _chain(0, session_key, symbol_key, trade, leg, attempt) >> 1


def draw(seed: int, venue_key: int, symbol_key: int, trade: int, leg: int, attempt: int, tag: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    return (_chain(1, seed, venue_key, symbol_key, trade, leg, attempt, tag) >> 11) * 2.0**-53
