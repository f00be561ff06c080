"""Patience: waiting for what another thread does, with an end."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], within_s: float = 10.0) -> None:
    """Returns when `holds` gives something true. Raises AssertionError after `within_s`."""
    until = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until:
            raise AssertionError(f"not within {within_s} s")
        time.sleep(0.01)
