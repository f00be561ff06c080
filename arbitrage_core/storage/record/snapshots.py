"""Snapshots in the record: a session's records as bytes, to go on from where no disk of its own survived.

The payload describes itself: a magic, the length of a description, the description as JSON (header, and of each part
its name, layout and shape), the parts' bytes. No pickle. SHA-256 and size stand beside it; the database refuses bytes
that do not match, and a reader checks again. What people look at (positions, figures, guards) is written with it, from
the same bytes, into three tables of its own.

A damaged generation is refused, never read in part, and the one before it is given instead.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, func, insert, select

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.storage.layout import dtype_of, layout_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.session_row import SessionRow, find_row, hold_row
from arbitrage_core.storage.record.tables import (
    METRICS_SNAPSHOTS,
    POSITION_SNAPSHOTS,
    RISK_GUARD_SNAPSHOTS,
    SESSION_SNAPSHOTS,
)
from arbitrage_core.storage.record.tables.snapshots import PAYLOAD_BYTES_MAX
from arbitrage_core.storage.record.writer import RecordWriter

_MAGIC = b"ARBSNAP1"
_LENGTH = struct.Struct("<I")
GENERATIONS_KEPT = 2


@dataclass(frozen=True)
class RecordedSnapshot:
    """A snapshot as read. `refused` says of each newer generation what is wrong with it."""

    generation: int
    epoch: int
    schema_version: int
    state_hash: str
    journal_rows: int
    header: dict[str, object]
    parts: dict[str, np.ndarray]
    refused: tuple[str, ...] = ()


def record_snapshot(
    writer: RecordWriter,
    header: dict[str, object],
    parts: Mapping[str, np.ndarray],
    *,
    cause: str,
    schema_version: int,
    state_hash: str,
    journal_rows: int,
) -> int:
    """Records the next generation of a session's snapshot and gives its number, from 1 on; older ones are removed
    but for the last before it.

    `parts` are arrays of records, `parts["state"]` the engine's state (one record); `header` is JSON. Raises BadInput
    for what cannot be stored or is too large, EpochPassed, RecordAway.
    """
    payload = packed_snapshot(header, parts)
    state = parts["state"][0]
    with writer.record.begin() as connection:
        session = hold_row(connection, writer.session.id, writer.epoch)
        newest = select(func.coalesce(func.max(SESSION_SNAPSHOTS.c.generation), 0))
        generation = 1 + connection.execute(newest.where(SESSION_SNAPSHOTS.c.session_id == session.id)).scalar_one()
        key = {"session_id": session.id, "generation": generation}
        connection.execute(
            insert(SESSION_SNAPSHOTS).values(
                **key,
                epoch=writer.epoch,
                taken_ns=int(state["now_ns"]) if state["now_ns"] > 0 else None,
                cause=cause,
                schema_version=schema_version,
                state_hash=state_hash,
                journal_rows=journal_rows,
                payload=payload,
                sha256=hashlib.sha256(payload).digest(),
            )
        )
        _record_figures(connection, session, key, state)
        outdated = SESSION_SNAPSHOTS.c.generation <= generation - GENERATIONS_KEPT
        connection.execute(SESSION_SNAPSHOTS.delete().where(SESSION_SNAPSHOTS.c.session_id == session.id, outdated))
    return generation


def _record_figures(connection: Connection, session: SessionRow, key: dict[str, int], state: np.record) -> None:
    positions, guards = [], []
    for s, symbol in enumerate(session.symbols):
        mine = state["symbols"][s]
        doubts = {venue: int(mine["doubts"][v]) for v, venue in enumerate(session.venues)}
        for v, venue in enumerate(session.venues):
            lots = {name: int(mine[name][v]) for name in ("position_lots", "initial_lots", "exposure_lots")}
            positions.append({**key, "symbol": symbol, "venue": venue, **lots, "doubts": doubts[venue]})
        due_ns = int(mine["cooldown_due_ns"])
        guards.append(
            {
                **key,
                "symbol": symbol,
                "session_phase_code": int(state["phase"]),
                "open_trades": int(mine["in_use"]),
                "cooldown_due_ns": None if due_ns == NEVER_NS else due_ns,
                "doubts": doubts,
                "refusals": {
                    Refusal(code).name: int(mine["refusals"][code])
                    for code in np.flatnonzero(mine["refusals"]).tolist()
                },
            }
        )
    connection.execute(insert(POSITION_SNAPSHOTS), positions)
    connection.execute(insert(RISK_GUARD_SNAPSHOTS), guards)
    amounts = ("start", "equity", "realised", "fees", "peak", "drawdown")
    symbols = state["symbols"][: len(session.symbols)]
    connection.execute(
        insert(METRICS_SNAPSHOTS).values(
            **key,
            rows=int(state["rows"]),
            **{f"{name}_amount": int(state[f"{name}_amount"]) for name in amounts},
            **{name: int(symbols[name].sum()) for name in ("entries", "closed", "unwound", "voids")},
            open_trades=int(symbols["in_use"].sum()),
        )
    )


def newest_snapshot(record: Record, session: int) -> RecordedSnapshot:
    """The newest whole generation of a run's snapshot. Raises BadInput when there is none, RecordAway."""
    with record.begin() as connection:
        row = find_row(connection, session)
        query = select(SESSION_SNAPSHOTS).where(SESSION_SNAPSHOTS.c.session_id == row.id)
        found = connection.execute(query.order_by(SESSION_SNAPSHOTS.c.generation.desc())).mappings().all()
    if not found:
        raise BadInput(f"the record has no snapshot of session {row}", "start it anew from its journal")
    refused: list[str] = []
    for one in found:
        try:
            header, parts = unpacked_snapshot(bytes(one["payload"]), bytes(one["sha256"]))
        except BadInput as error:
            refused.append(f"generation {one['generation']}: {error}")
            continue
        same = ("generation", "epoch", "schema_version", "state_hash", "journal_rows")
        return RecordedSnapshot(
            **{name: one[name] for name in same}, header=header, parts=parts, refused=tuple(refused)
        )
    raise BadInput(f"no snapshot of session {row} is whole: {'; '.join(refused)}", "start it anew from its journal")


def packed_snapshot(header: dict[str, object], parts: Mapping[str, np.ndarray]) -> bytes:
    """The payload. Raises BadInput for what cannot be stored, or more than PAYLOAD_BYTES_MAX."""
    try:
        described = [
            {"name": name, "layout": layout_of(part.dtype), "shape": list(part.shape)} for name, part in parts.items()
        ]
        description = json.dumps({"header": header, "parts": described}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise BadInput(f"this cannot be stored in a snapshot: {error}") from error
    bodies = [np.ascontiguousarray(part).tobytes() for part in parts.values()]
    payload = b"".join([_MAGIC, _LENGTH.pack(len(description)), description, *bodies])
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise BadInput(f"a snapshot of {len(payload):,} bytes; at most {PAYLOAD_BYTES_MAX:,} are recorded")
    return payload


def unpacked_snapshot(payload: bytes, sha256: bytes) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """Header and parts. Raises BadInput unless every byte is as it was written."""
    if hashlib.sha256(payload).digest() != sha256:
        raise BadInput("it does not match its SHA-256")
    start = len(_MAGIC) + _LENGTH.size
    if payload[: len(_MAGIC)] != _MAGIC or len(payload) < start:
        raise BadInput("it is no snapshot, or of another version")
    stop = start + _LENGTH.unpack_from(payload, len(_MAGIC))[0]
    parts: dict[str, np.ndarray] = {}
    try:
        description = json.loads(payload[start:stop])
        for part in description["parts"]:
            dtype, shape = dtype_of(part["layout"]), tuple(part["shape"])
            start, stop = stop, stop + dtype.itemsize * int(np.prod(shape, dtype=np.int64))
            parts[part["name"]] = np.frombuffer(bytearray(payload[start:stop]), dtype).reshape(shape)
        header = dict(description["header"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"its description is not understood: {error}") from error
    if stop != len(payload):
        raise BadInput(f"it has {len(payload):,} bytes, its description speaks of {stop:,}")
    return header, parts
