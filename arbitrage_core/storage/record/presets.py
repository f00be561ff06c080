"""Presets in the record: named sets of parameters, each version for good, with the study it came of."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of, key_of
from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.tables import STRATEGY_PRESETS


@dataclass(frozen=True)
class StrategyPreset:
    """One version of a preset; `digest` is the SHA-256 of its parameters, hexadecimal."""

    name: str
    version: int
    strategy: str
    params: dict[str, Any]
    digest: str
    study_id: int | None
    note: str | None


def add_preset(
    connection: Connection, name: str, strategy: str, params: dict[str, Any], study_id: int | None, note: str
) -> StrategyPreset:
    """Adds a version of the preset, or gives the newest one if it has the same parameters and strategy."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key_of(f"preset {name}")})
    versions = select(func.max(STRATEGY_PRESETS.c.version)).where(STRATEGY_PRESETS.c.name == name)
    newest = connection.execute(versions).scalar_one() or 0
    if newest:
        found = read_preset(connection, name)
        if (found.strategy, found.digest) == (strategy, digest_of(params)):
            return found
    made = StrategyPreset(name, newest + 1, strategy, params, digest_of(params), study_id, note)
    values = {
        "name": name,
        "version": made.version,
        "strategy": strategy,
        "params": json_form(params, f"preset {name}"),
        "params_digest": made.digest,
        "study_id": study_id,
        "note": note,
        "created_ns": time.time_ns(),
    }
    connection.execute(insert(STRATEGY_PRESETS).values(values))
    return made


def read_preset(connection: Connection, name: str, version: int | None = None) -> StrategyPreset:
    """A version of a preset, the newest unless told otherwise. Raises BadInput for none of that name, and for one
    whose parameters are not those of its digest."""
    table = STRATEGY_PRESETS.c
    query = select(STRATEGY_PRESETS).where(table.name == name).order_by(table.version.desc())
    if version is not None:
        query = query.where(table.version == version)
    row = connection.execute(query.limit(1)).mappings().one_or_none()
    if row is None:
        which = f" of version {version}" if version else ""
        raise BadInput(f"no preset {name!r}{which}", "arb tune --save makes one")
    if digest_of(row["params"]) != row["params_digest"]:
        raise BadInput(f"preset {name}: its parameters are not those it was made with", "make it again from its study")
    kept = {field: row[field] for field in ("name", "version", "strategy", "params", "study_id", "note")}
    return StrategyPreset(**kept, digest=row["params_digest"])
