"""Signals as a terminal has them, for all tests of sessions."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _hang_up_is_heard() -> Iterator[None]:
    """Also when the tests run where nobody would hear of it (nohup)."""
    hang_up = getattr(signal, "SIGHUP", None)
    before = signal.signal(hang_up, signal.SIG_DFL) if hang_up is not None else None
    yield
    if hang_up is not None:
        signal.signal(hang_up, before)
