"""A real PostgreSQL for these tests, and in it a database for each test that wants one of its own."""

from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest
from sqlalchemy import make_url

from arbitrage_core.storage.record.database import Record
from tests.services.servers import postgres_url

__all__ = ["postgres_url"]

_NUMBERS = count(1)


@pytest.fixture
def new_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases: each call gives the URL of another one, dropped in the end."""
    made = []

    def make() -> str:
        name = f"record_{next(_NUMBERS)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        made.append(name)
        return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)

    yield make
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in made:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty_url(new_database: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return new_database()


@pytest.fixture
def record(empty_url: str) -> Iterator[Record]:
    """An empty record."""
    with Record.open(empty_url) as opened:
        yield opened
