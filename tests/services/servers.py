"""Real servers for tests: one PostgreSQL and one Valkey a test run, ready in about a second, lost with the machine.

A test module takes them by importing the fixtures by name:

    from tests.services.servers import postgres_url, redis_url  # noqa: F401

They are the platform's own services with nothing synced (`durable=False`), in a folder of their own that any user may
pass through, because as root PostgreSQL runs as another one. Both are shared: a test makes what it needs under names of
its own, or leaves the store as it found it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.valkey import Valkey


def no_notice(text: str) -> None:
    """Says nothing."""


@contextmanager
def home_folder() -> Iterator[Path]:
    """A home (`ARB_HOME`) for a test's servers, removed in the end; stop them before."""
    folder = Path(tempfile.mkdtemp(prefix="arb-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL, with the password, of an empty database on a real PostgreSQL."""
    with home_folder() as home:
        server = Postgres(home, durable=False)
        try:
            yield server.url(server.ensure(no_notice).port)
        finally:
            server.stop()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL, with the password, of an empty real Valkey."""
    with home_folder() as home:
        server = Valkey(home, durable=False)
        try:
            yield server.url(server.ensure(no_notice).port)
        finally:
            server.stop()
