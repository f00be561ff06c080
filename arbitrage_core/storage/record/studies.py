"""Studies in the record: one row each, and one for every parameter set tried, each exactly once.

What makes a set count once is its key, (study, number): a second writer breaks it and is refused, aloud. So that two do
not search on in vain, whoever works on a study holds a lock of the database; what it does not do is fence anything.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of, key_of
from arbitrage_core.storage.record.availability import faults_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.tables import TUNING_RESULTS, TUNING_STUDIES

IDENTITY = ("strategy", "space", "objective", "data_digest", "seed", "definition", "code_digest", "config_digest")
"""What must be the same when a study is resumed."""


@dataclass(frozen=True)
class StudyStart:
    """What a study is, before any set was tried. Digests are SHA-256, hexadecimal."""

    name: str
    strategy: str
    space: dict[str, Any]
    objective: str
    data_digest: str
    seed: int
    definition: dict[str, Any]
    code_version: str
    code_digest: str
    config_digest: str


@dataclass(frozen=True)
class TrialResult:
    """A set that was tried. `failure` says why the engine stopped itself; then there are no figures."""

    trial: int
    params: dict[str, Any]
    in_sample: float | None
    out_of_sample: float | None
    figures: dict[str, Any] | None
    data_digest: str
    code_digest: str
    config_digest: str
    state_hash: str | None
    failure: str | None = None


@contextmanager
def held(record: Record, name: str) -> Iterator[None]:
    """Holds a study while the block lasts. Raises BadInput when somebody else does, RecordAway."""
    connection, mine, key = record.connect(), False, key_of(f"study {name}")
    try:
        with faults_of(record.address):
            mine = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one()
            connection.commit()
        if not mine:
            raise BadInput(f"somebody else works on the study {name}", "wait for them, or name another study")
        yield
    finally:
        if mine:
            _let_go(connection, key)
        connection.invalidate()  # the lock ends with its connection, also when that is dead already
        connection.close()


def _let_go(connection: Connection, key: int) -> None:
    """Ends the lock now. With its connection it ends when the server comes to notice, which on a busy machine is later
    than the next sitting of the same study asks for it."""
    with suppress(SQLAlchemyError):
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def begin_study(connection: Connection, start: StudyStart) -> int:
    """The number of the study, begun or taken up again. Raises BadInput when one of that name is another."""
    table = TUNING_STUDIES.c
    found = connection.execute(select(TUNING_STUDIES).where(table.name == start.name)).mappings().one_or_none()
    values = {name: json_form(value, name) for name, value in vars(start).items()}
    if found is None:
        made = {**values, "status": "running", "trials": 0, "started_ns": time.time_ns()}
        return connection.execute(insert(TUNING_STUDIES).values(made).returning(table.id)).scalar_one()
    changed = [name for name in IDENTITY if found[name] != values[name]]
    if changed:
        raise BadInput(
            f"the study {start.name} was begun with another {', '.join(changed)}",
            "give this one another name, or run it as it was begun",
        )
    again = {"status": "running", "ended_ns": None, "reason": None, "outcome": None}
    connection.execute(update(TUNING_STUDIES).where(table.id == found["id"]).values(again))
    return found["id"]


def read_results(connection: Connection, study_id: int) -> list[TrialResult]:
    """All sets tried so far, by number."""
    query = select(TUNING_RESULTS).where(TUNING_RESULTS.c.study_id == study_id).order_by(TUNING_RESULTS.c.trial)
    names = TrialResult.__dataclass_fields__
    return [TrialResult(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def insert_results(connection: Connection, study_id: int, results: Sequence[TrialResult]) -> None:
    """Records sets just tried, and how many there are now."""
    rows = [
        {
            "study_id": study_id,
            **{name: json_form(value, f"trial {one.trial}: {name}") for name, value in vars(one).items()},
            "params_digest": digest_of(one.params),
        }
        for one in results
    ]
    connection.execute(insert(TUNING_RESULTS), rows)
    count = select(func.count()).select_from(TUNING_RESULTS).where(TUNING_RESULTS.c.study_id == study_id)
    tried = count.scalar_subquery()
    connection.execute(update(TUNING_STUDIES).where(TUNING_STUDIES.c.id == study_id).values(trials=tried))


def end_study(
    connection: Connection,
    study_id: int,
    status: str,
    *,
    reason: str | None = None,
    deflated_sharpe: float | None = None,
    overfit_probability: float | None = None,
    outcome: dict[str, Any] | None = None,
) -> None:
    """Ends a study: `complete`, with what it came to, `failed` with the reason, or `abandoned`. It may be taken up
    again."""
    values = {
        "status": status,
        "ended_ns": time.time_ns(),
        "reason": reason,
        "deflated_sharpe": deflated_sharpe,
        "overfit_probability": overfit_probability,
        "outcome": json_form(outcome, "outcome"),
    }
    connection.execute(update(TUNING_STUDIES).where(TUNING_STUDIES.c.id == study_id).values(values))
