"""A real PostgreSQL with sessions recorded in it, its tables' own rules taken away so that defects can be planted."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import make_url, text

from arbitrage_core.session.result import document_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.writer import RecordWriter
from tests.services.servers import postgres_url
from tests.storage.record.runs import STARTED_NS, Run, mixed_run

__all__ = ["postgres_url"]

ROWS = 30_000
Recorded = Callable[[int], list[int]]


@pytest.fixture(scope="session")
def record_url(postgres_url: str) -> Iterator[str]:
    """A database of its own for these tests."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE checks")
    yield make_url(postgres_url).set(database="checks").render_as_string(hide_password=False)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE checks WITH (FORCE)")


@pytest.fixture(scope="session")
def recorded(record_url: str) -> Recorded:
    """Records so many runs of one backtest and gives their ids."""
    run, began = mixed_run(ROWS), iter(range(10_000))

    def record_runs(count: int) -> list[int]:
        with Record.open(record_url) as record:
            return [record_one(record, run, STARTED_NS + next(began)) for _ in range(count)]

    return record_runs


def record_one(record: Record, run: Run, started_ns: int) -> int:
    """Records a whole run with its document, and gives its id."""
    figures = {"state_hash": run.state_hash}
    document = document_of(run.start.name, "backtest", run.start.config, run.log, run.state, figures)
    with RecordWriter.begin(record, replace(run.start, started_ns=started_ns)) as writer:
        for batch in run.batches:
            writer.append(batch)
        writer.end(
            status="complete",
            ended_ns=started_ns + 1,
            state_hash=run.state_hash,
            document=document,
            state=run.state,
        )
    return writer.session.id


@pytest.fixture(scope="session")
def lawless(record_url: str, recorded: Recorded) -> str:
    """The record without the rules of its tables: what the database refuses by itself must be seen without it too."""
    recorded(1)
    of_ours = "contype = 'c' AND connamespace = 'public'::regnamespace"
    found = f"SELECT conrelid::regclass, conname FROM pg_constraint WHERE {of_ours}"
    with Record.open(record_url) as record, record.begin() as connection:
        for table, name in connection.execute(text(found)).all():
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        for index in ("orders_sent_once", "trades_end_once"):
            connection.execute(text(f"DROP INDEX {index}"))
    return record_url
