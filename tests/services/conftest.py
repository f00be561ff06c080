"""A home of its own for each test, whose servers are ended after it, whatever the test did to them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arbitrage_core.services.stores import stop_all
from tests.services.servers import home_folder


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This test's `ARB_HOME`; no external server is named."""
    for variable in ("ARB_POSTGRES_URL", "ARB_REDIS_URL", "ARB_PREFECT_URL"):
        monkeypatch.delenv(variable, raising=False)
    with home_folder() as folder:
        monkeypatch.setenv("ARB_HOME", str(folder))
        try:
            yield folder
        finally:
            stop_all(folder)
