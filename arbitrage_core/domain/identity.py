"""Identity: ids and chance are derived, never drawn.

A 63-bit hash of what a thing *is* names it: the same run gives the same ids, two runs of different configuration give
different ones, and nothing has to be remembered to avoid a clash. Mixing: the finalizer of SplitMix64 (Steele, Lea,
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), chained over the parts.
"""

import hashlib
import json

import numpy as np

from arbitrage_core.domain.compiled import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S1, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(1), np.uint64(11)

_ORDERS, _DRAWS = np.uint64(0), np.uint64(1)
"""Where the two chains begin, so that they never meet."""


@compiled
def mix(seed, part):
    """One link of the chain: uint64 × int64 → uint64. Wraps on purpose."""
    z = (seed ^ np.uint64(part)) + _GOLDEN
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@compiled
def client_order_id(session_key, symbol_key, trade, leg, attempt):
    """The 63-bit id of an order, positive, derived from what it is: (session, symbol, trade, leg, attempt)."""
    chain = mix(mix(mix(mix(mix(_ORDERS, session_key), symbol_key), trade), leg), attempt)
    return np.int64(chain >> _S1)


@compiled
def draw(seed, venue_key, symbol_key, trade, leg, attempt, tag):
    """A number in [0, 1) that depends on nothing but its arguments."""
    chain = mix(mix(mix(mix(_DRAWS, seed), venue_key), symbol_key), trade)
    chain = mix(mix(mix(chain, leg), attempt), tag)
    return np.float64(chain >> _S11) * 1.1102230246251565e-16


def key_of(text: str) -> int:
    """The 63-bit key of a name: the first 8 bytes of its SHA-256, sign bit cleared."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def digest_of(document: object) -> str:
    """SHA-256 (hex) of a JSON document in canonical form."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
