"""External servers: used when they answer, an error that names them when not, and never replaced in silence."""

import socket
import threading
import traceback

import pytest

from arbitrage_core.services.external import POSTGRES, PREFECT, REDIS, without_password
from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.service import State
from arbitrage_core.services.stores import ensure_prefect, ensure_stores, status
from tests.services.servers import no_notice, postgres_url, redis_url  # noqa: F401


def test_the_operators_own_servers_are_used_and_none_is_started(home, monkeypatch, postgres_url, redis_url):  # noqa: F811
    monkeypatch.setenv("ARB_POSTGRES_URL", postgres_url)
    monkeypatch.setenv("ARB_REDIS_URL", redis_url)
    stores = ensure_stores(no_notice)
    assert (stores.postgres_url, stores.redis_url) == (postgres_url, redis_url)
    assert repr(stores) == "Stores()"
    assert not (home / "services").exists()
    shown = {one.service: one for one in status()}
    assert shown["postgres"].is_well
    assert shown["valkey"].is_well
    password = postgres_url.split(":")[2].split("@")[0]
    assert password not in str(shown)


UNUSABLE = [
    ("ARB_POSTGRES_URL", "postgresql://me:sesame@127.0.0.1:{port}/arb", ensure_stores),
    ("ARB_REDIS_URL", "redis://:sesame@127.0.0.1:{port}/0", ensure_stores),
    ("ARB_PREFECT_URL", "http://me:sesame@127.0.0.1:{port}/api", ensure_prefect),
]


@pytest.mark.parametrize("variable, url, ensure", UNUSABLE, ids=[case[0] for case in UNUSABLE])
def test_one_that_is_not_there_is_an_error_that_names_it_without_its_password(variable, url, ensure, home, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        port = taken.getsockname()[1]
        monkeypatch.setenv(variable, url.format(port=port))
        with pytest.raises(ServiceFailed) as error:
            ensure(no_notice)
        assert variable in str(error.value)
        assert f"127.0.0.1:{port}" in str(error.value)
        assert "unset it to use this checkout's own" in error.value.cure
        assert "sesame" not in str(error.value)
        shown = next(one for one in status() if one.detail and one.state is State.UNREACHABLE)
        assert "sesame" not in str(shown)


@pytest.mark.parametrize("variable, url", [("ARB_POSTGRES_URL", "mysql://x/y"), ("ARB_REDIS_URL", "localhost:6379")])
def test_an_address_of_something_else_is_an_error_before_anything_is_asked(variable, url, home, monkeypatch):
    monkeypatch.setenv(variable, url)
    with pytest.raises(ServiceFailed, match=variable):
        ensure_stores(no_notice)
    assert any(one.state is State.UNREACHABLE for one in status())


NO_ADDRESSES = [
    "mysql://me:sesame@db/arb",
    "me:sesame@db:5432/arb",
    "sesame",
    "postgresql://me:ses[ame@db/arb",
    "postgresql://me:sesame/x@db/arb",
    "postgresql://me:x/sesame@db/arb",
    "postgresql://me:sesame#x@db/arb",
    "postgresql://me:x?sesame@db/arb",
    "postgresql://me:x@sesame@db/arb",
    "postgresql://db:sesame/arb",
    "postgresql://me:sesame@db:port/arb",
    "postgresql://me:p%zzsesame@db/arb",
    "postgresql://me:sesame@db/arb?nonsense=sesame",
    "postgresql://me:sesame\x1b@db/arb",
    f"postgresql://me:sesame@{'d' * 300}/arb",
]
SERVERS = {one.variable: one for one in (POSTGRES, REDIS, PREFECT)}
VARIABLES = {"ARB_POSTGRES_URL": "postgresql", "ARB_REDIS_URL": "redis", "ARB_PREFECT_URL": "http"}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_does_not_parse_is_not_shown(variable: str, url: str, home, monkeypatch):
    """Nowhere: not in the message, not in the status, not in the causes behind them."""
    monkeypatch.setenv(variable, url.replace("postgresql", VARIABLES[variable]))
    with pytest.raises(ServiceFailed) as error:
        SERVERS[variable].reached()
    told = "".join(traceback.format_exception(error.value)) + str(SERVERS[variable].status(1.0))
    assert variable in told
    assert "sesame" not in told


def test_what_answers_but_is_no_prefect_is_not_taken_for_one(home, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_once, args=(server,))
        thread.start()
        monkeypatch.setenv("ARB_PREFECT_URL", f"http://127.0.0.1:{server.getsockname()[1]}/api")
        with pytest.raises(ServiceFailed, match="HTTP 404"):
            PREFECT.reached()
        thread.join()


def _answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


SHOWN = [
    ("postgresql://me:sesame@db:5432/arb?sslmode=require", "postgresql://me@db:5432/arb"),
    ("redis://:sesame@cache:6379/0", "redis://cache:6379/0"),
    ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api"),
    ("postgresql://db/arb?password=sesame", "postgresql://db/arb"),
    ("postgresql://me:p@ss@db/arb", "postgresql://me@db/arb"),
]


@pytest.mark.parametrize("url, shown", SHOWN)
def test_an_address_is_shown_without_its_password(url: str, shown: str):
    assert without_password(url) == shown
