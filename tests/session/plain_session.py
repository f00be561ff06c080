"""The session as plain Python, whatever its caller asks for: small tapes need no compiled engine."""

from typing import Any

from arbitrage_core.session.session import Session


def plain_session(*arguments: Any, **named: Any) -> Session:
    """A `Session`, interpreted."""
    return Session(*arguments, **{**named, "interpreted": True})
