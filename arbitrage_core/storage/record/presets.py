"""Presets in the record: named sets of parameters, each version for good, with the evidence it was saved on.

A name means its newest version, or the one an operator chose (`use_preset`); a choice is a row that can be taken back,
so the versions themselves never change. Two digests show that they did not: `digest`, of the parameters alone, is what
a session says it ran with; the whole one covers name, version, strategy and evidence as well. Where they are wrong: a
digest shows damage and careless edits; whoever changes a row and hashes it anew is not found out.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or_change

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of, key_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.operator_actions import OperatorAction, insert_actions
from arbitrage_core.storage.record.tables import PRESETS_IN_USE, STRATEGY_PRESETS, TUNING_STUDIES

NAME_PATTERN = "^[^@\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$"
"""A name holds no @: behind it stands a version. Nor what does not print, or writes backwards."""

ACTION = "preset_use"
NAMED_MAX = 10


class PresetTampered(BadInput):
    """What the record holds under a preset's name is not what was saved."""

    from_outside = True


@dataclass(frozen=True)
class StrategyPreset:
    """One version of a preset.

    `digest`: SHA-256 (hex) of the parameters, `whole_digest` of all of it (none: saved before there was one).
    `evidence`: what it was saved on, as `tuning/preset_evidence.py` has it. `study`, `trials`: the search it came of
    and the sets tried there; None when that is not known.
    """

    name: str
    version: int
    strategy: str
    params: dict[str, Any]
    digest: str
    whole_digest: str | None
    evidence: dict[str, Any] | None
    study_id: int | None
    study: str | None
    trials: int | None
    note: str | None
    created_ns: int

    @property
    def cited(self) -> dict[str, Any]:
        """What a session that runs with it says of it, in its manifest, record and document."""
        rows = (self.evidence or {}).get("data_digest")
        named = {"name": self.name, "version": self.version, "digest": self.digest}
        return {**named, "study": self.study, "trials": self.trials, "data_digest": rows}

    @property
    def flaw(self) -> str | None:
        """What of it is not as it was saved; None: nothing."""
        if digest_of(self.params) != self.digest:
            return "its parameters are not those it was made with"
        if self.whole_digest is not None and self.whole_digest != _whole(vars(self)):
            return "its strategy or evidence is not what it was saved with"
        return None

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class Listed:
    """A preset by its name: the version in use, the newest, and whether an operator chose the one in use."""

    used: StrategyPreset
    newest: int
    chosen: bool


def add_preset(
    connection: Connection,
    name: str,
    strategy: str,
    params: dict[str, Any],
    study_id: int | None,
    note: str,
    evidence: dict[str, Any] | None = None,
) -> StrategyPreset:
    """Adds a version of the preset, or gives the newest one if it has the same parameters, strategy and evidence.

    Which version is in use stays as it is. Raises BadInput for a name that cannot be one.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise BadInput(f"{name!r} cannot name a preset", "take a name that prints, without @")
    _hold(connection, name)
    versions = versions_of(connection, name)
    params = _as_kept(connection, params, f"preset {name}")
    evidence = None if evidence is None else _as_kept(connection, evidence, f"preset {name}: evidence")
    if versions:
        found = read_preset(connection, name, versions[-1])
        if (found.strategy, found.params, found.evidence) == (strategy, params, evidence):
            return found
    values: dict[str, Any] = {
        "name": name,
        "version": max(versions, default=0) + 1,
        "strategy": strategy,
        "params": params,
    }
    values |= {"evidence": evidence, "params_digest": digest_of(params)}
    values |= {"whole_digest": _whole(values), "study_id": study_id, "note": note, "created_ns": time.time_ns()}
    connection.execute(insert(STRATEGY_PRESETS).values(values))
    return read_preset(connection, name, values["version"])


def read_preset(connection: Connection, name: str, version: int | None = None) -> StrategyPreset:
    """A version of a preset, unless told otherwise the one in use.

    Raises BadInput for none of that name or version, naming those there are, and PresetTampered.
    """
    versions = versions_of(connection, name)
    if not versions:
        raise BadInput(f"no preset {name!r}", _cure(connection, name))
    version = version or _chosen(connection, name) or versions[-1]
    if version not in versions:
        there = ", ".join(map(str, versions))
        raise BadInput(f"no preset {name!r} of version {version}", f"there is version {there}")
    table = STRATEGY_PRESETS.c
    row = connection.execute(_query().where(table.name == name, table.version == version)).mappings().one()
    preset = _preset(row)
    if preset.flaw is not None:
        raise PresetTampered(f"preset {preset}: {preset.flaw}", "save it again from its study, or use another version")
    return preset


def read_named(url: str, wanted: str) -> StrategyPreset:
    """The preset meant by NAME or NAME@VERSION in the record at `url`. Raises BadInput, PresetTampered, RecordAway."""
    name, version = name_and_version(wanted)
    with Record.open(url) as record, record.begin() as connection:
        return read_preset(connection, name, version)


def name_and_version(wanted: str) -> tuple[str, int | None]:
    """`winner@2` as its parts; without a version None. Raises BadInput."""
    name, at, version = wanted.strip().partition("@")
    if not name or (at and not (version.isascii() and version.isdigit() and int(version) > 0)):
        raise BadInput(f"{wanted!r} names no preset", "write NAME or NAME@VERSION, as in winner@2")
    return name, int(version) if at else None


def versions_of(connection: Connection, name: str) -> list[int]:
    """The versions of a name, oldest first."""
    table = STRATEGY_PRESETS.c
    return list(connection.execute(select(table.version).where(table.name == name).order_by(table.version)).scalars())


def list_presets(connection: Connection) -> list[Listed]:
    """Every preset by name, the version in use as it stands in the record, damaged or not (`flaw` says)."""
    newest = select(STRATEGY_PRESETS.c.name, func.max(STRATEGY_PRESETS.c.version).label("newest"))
    there = newest.group_by(STRATEGY_PRESETS.c.name).subquery()
    use = PRESETS_IN_USE.c
    query = (
        _query()
        .add_columns(there.c.newest, use.version.label("chosen"))
        .join(there, there.c.name == STRATEGY_PRESETS.c.name)
        .outerjoin(PRESETS_IN_USE, use.name == STRATEGY_PRESETS.c.name)
        .where(STRATEGY_PRESETS.c.version == func.coalesce(use.version, there.c.newest))
        .order_by(STRATEGY_PRESETS.c.name)
    )
    rows = connection.execute(query).mappings()
    return [Listed(_preset(row), row["newest"], row["chosen"] is not None) for row in rows]


def use_preset(
    connection: Connection, name: str, version: int | None, *, command_id: str, operator: str, source: str, reason: str
) -> StrategyPreset:
    """From now on the name means this version; None: the newest, whichever that is. Recorded as an operator's action.

    Gives the version that is in use now. Raises BadInput for one that is not there, PresetTampered.
    """
    asked_ns = time.time_ns()
    _hold(connection, name)
    before = _chosen(connection, name)
    if version is None:
        connection.execute(delete(PRESETS_IN_USE).where(PRESETS_IN_USE.c.name == name))
        used = read_preset(connection, name)
    else:
        used = read_preset(connection, name, version)
        values = {"version": version, "chosen_ns": asked_ns}
        row = insert_or_change(PRESETS_IN_USE).values(name=name, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
    was = "its newest" if before is None else f"version {before}"
    now = f"its newest, version {used.version}" if version is None else f"version {version}"
    action = OperatorAction(
        command_id=command_id,
        action=ACTION,
        target=name if version is None else str(used),
        reason=reason,
        operator=operator,
        source=source,
        asked_ns=asked_ns,
        answered_ns=time.time_ns(),
        accepted=True,
        answer=f"{name} means {now}; before, {was}",
    )
    insert_actions(connection, None, [action])
    return used


def _query() -> Any:
    """Presets with the study they came of."""
    study = (TUNING_STUDIES.c.name.label("study_name"), TUNING_STUDIES.c.trials.label("study_trials"))
    of = STRATEGY_PRESETS.c.study_id == TUNING_STUDIES.c.id
    return select(STRATEGY_PRESETS, *study).select_from(STRATEGY_PRESETS.outerjoin(TUNING_STUDIES, of))


def _preset(row: RowMapping) -> StrategyPreset:
    """The evidence says how many were tried when it was saved; without any, the study says how many by now."""
    names = ("name", "version", "strategy", "params", "whole_digest", "evidence", "study_id", "note", "created_ns")
    evidence = row["evidence"] or {"study": row["study_name"], "trials": row["study_trials"]}
    known = {name: evidence.get(name) for name in ("study", "trials")}
    return StrategyPreset(**{name: row[name] for name in names}, digest=row["params_digest"], **known)


def _whole(values: dict[str, Any]) -> str:
    return digest_of({name: values[name] for name in ("name", "version", "strategy", "params", "evidence")})


def _as_kept(connection: Connection, document: dict[str, Any], what: str) -> dict[str, Any]:
    """The document as the database will give it back: its numbers know no -0.0 and no exponent, and a digest must be
    of what is read."""
    return connection.execute(select(literal(json_form(document, what), JSONB))).scalar_one()


def _chosen(connection: Connection, name: str) -> int | None:
    query = select(PRESETS_IN_USE.c.version).where(PRESETS_IN_USE.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def _hold(connection: Connection, name: str) -> None:
    """Of two that save or choose at once, one waits until the other's transaction is over."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key_of(f"preset {name}")})


def _cure(connection: Connection, name: str) -> str:
    """The names there are, the nearest first."""
    table = STRATEGY_PRESETS.c
    names: Sequence[str] = connection.execute(select(table.name).distinct().order_by(table.name)).scalars().all()
    if not names:
        return "none is saved yet: arb tune --save NAME makes one"
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    listed = [*close, *(one for one in names if one not in close)]
    return f"there are {', '.join(listed[:NAMED_MAX])}" + (", …" if len(listed) > NAMED_MAX else "")
