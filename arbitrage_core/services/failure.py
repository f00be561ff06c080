"""The failure of a service: a server that does not start, does not answer or cannot be reached."""

from arbitrage_core.domain.errors import BadInput


class ServiceFailed(BadInput):
    """A server is not there to be used. Says which, at which address (never the password), why, and the cure."""

    from_outside = True
