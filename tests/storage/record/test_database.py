"""Opening a database: what is wrong with it is said by name, with the cure, in time, and without the password."""

import socket
import threading
import time

import pytest
from sqlalchemy import make_url, text

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.availability import Limits, RecordAway
from arbitrage_core.storage.record.database import Record, address_of

SECRET = "hunter2-and-more"

UNUSABLE = [
    ("not a url", "cannot be read"),
    (f"postgresql://arb:{SECRET}@[::1/arb", "cannot be read"),
    (f"mysql://arb:{SECRET}@127.0.0.1/arb", "needs a PostgreSQL database, not mysql"),
    (f"postgresql://arb:{SECRET}@127.0.0.1:5432", "names no database"),
    (f"postgresql://arb:{SECRET}@127.0.0.1:1/arb", r"127\.0\.0\.1:1/arb does not answer.*ARB_POSTGRES_URL"),
    (f"postgresql://arb:{SECRET}@no-such-host.invalid/arb", r"no-such-host\.invalid:5432/arb does not answer"),
]


@pytest.mark.parametrize("url, said", UNUSABLE)
def test_a_url_that_leads_nowhere_is_said_without_its_password(url: str, said: str):
    with pytest.raises(BadInput, match=said) as caught:
        Record.open(url, limits=Limits(connect_s=2))
    assert caught.value.cure
    assert SECRET not in str(caught.value)


def test_a_wrong_password_is_said_without_it(empty_url: str):
    url = make_url(empty_url).set(password=SECRET).render_as_string(hide_password=False)
    with pytest.raises(RecordAway, match="password authentication failed") as caught:
        Record.open(url)
    assert SECRET not in str(caught.value)


def test_a_database_that_is_not_there_is_said(empty_url: str):
    with pytest.raises(RecordAway, match="no_such_database"):
        Record.open(make_url(empty_url).set(database="no_such_database").render_as_string(hide_password=False))


def test_a_server_that_takes_connections_and_says_nothing_is_waited_for_within_the_bound():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        with pytest.raises(RecordAway, match="does not answer"):
            Record.open(f"postgresql://arb:x@127.0.0.1:{mute.getsockname()[1]}/arb", limits=Limits(connect_s=2))
        assert time.monotonic() - began < 10


def test_a_statement_that_takes_too_long_is_given_up(empty_url: str):
    record = Record.open(empty_url, limits=Limits(statement_s=0.2))
    with pytest.raises(RecordAway, match="did not answer in time"), record.begin() as connection:
        connection.execute(text("SELECT pg_sleep(20)"))


def test_a_transaction_that_takes_too_long_is_cut(record: Record):
    began = time.monotonic()
    with pytest.raises(RecordAway), record.begin(seconds=0.3) as connection:
        connection.execute(text("SELECT pg_sleep(20)"))
    assert time.monotonic() - began < 5


def test_a_transaction_that_raises_leaves_nothing(record: Record):
    def fail() -> None:
        with record.begin() as connection:
            connection.execute(text("CREATE TABLE half_done (x int)"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with record.begin() as connection:
        assert connection.execute(text("SELECT to_regclass('half_done')")).scalar_one() is None


def test_no_thread_stays_when_a_transaction_is_over(record: Record):
    before = threading.active_count()
    for _ in range(20):
        with record.begin() as connection:
            connection.execute(text("SELECT 1"))
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_what_shows_a_record_shows_no_password(record: Record, empty_url: str):
    password = make_url(empty_url).password
    assert password
    assert password not in repr(record)
    assert password not in repr(record.engine)
    assert password not in record.address


ADDRESSES = [
    ("postgresql://u:p@h:1/d", "h:1/d"),
    ("postgresql://u:p@h/d", "h:5432/d"),
    ("postgresql:///d?host=socket-folder", "socket-folder:5432/d"),
]


@pytest.mark.parametrize("url, address", ADDRESSES)
def test_an_address_is_what_may_be_shown_of_a_url(url: str, address: str):
    assert address_of(make_url(url)) == address
