"""One server for the tests that leave it alive, flushed between them, and one of its own for a test that does not."""

from collections.abc import Iterator

import pytest
import redis

from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect
from arbitrage_core.storage.live_state.keys import Namespace
from tests.storage.live_state.valkey_server import ValkeyServer, can_run


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory) -> Iterator[ValkeyServer]:
    """A server that all tests share; none may stop it."""
    if not can_run():
        pytest.skip("no server that can be paused on this system")
    server = ValkeyServer(tmp_path_factory.mktemp("valkey")).start()
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: ValkeyServer) -> Iterator[ValkeyServer]:
    """The shared server, empty."""
    client = connect(shared_server.url)
    client.flushall()
    client.config_set("maxmemory", "0")
    client.close()
    return shared_server


@pytest.fixture
def own_server(tmp_path) -> Iterator[ValkeyServer]:
    """A server of this test alone: it may be killed, paused and damaged."""
    if not can_run():
        pytest.skip("no server that can be paused on this system")
    server = ValkeyServer(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def client(server: ValkeyServer) -> Iterator[redis.Redis]:
    """A client of the shared server, for blocking reads too."""
    made = connect(server.url, block_ms=BLOCK_MAX_MS)
    yield made
    made.close()


@pytest.fixture
def namespace() -> Namespace:
    """The keys of a checkout."""
    return Namespace("0123456789ab")
