"""A recorded snapshot comes back bit for bit, or the one before it does, or it is refused: never a part of one."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.record import one
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.storage.record import snapshots
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.session_row import EpochPassed
from arbitrage_core.storage.record.snapshots import (
    newest_snapshot,
    packed_snapshot,
    record_snapshot,
    unpacked_snapshot,
)
from arbitrage_core.storage.record.writer import RecordWriter
from tests.storage.record.runs import mixed_run

HASH = "0" * 64


def parts_of(number: int) -> dict[str, np.ndarray]:
    """The state of a run, and a number that tells snapshots apart."""
    state = one(mixed_run().state.dtype)
    state[0] = mixed_run().state
    return {"state": state, "number": np.array([[number]], "i8")}


def taken(writer: RecordWriter, number: int, **changes: object) -> int:
    """Records a snapshot."""
    said = {"cause": "interval", "schema_version": SCHEMA_VERSION, "state_hash": HASH, "journal_rows": number}
    return record_snapshot(writer, {"n": number}, changes.pop("parts", parts_of(number)), **{**said, **changes})


def test_the_newest_snapshot_comes_back_bit_for_bit(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        assert [taken(writer, number) for number in (1, 2, 3)] == [1, 2, 3]
    found = newest_snapshot(record, writer.session.id)
    assert (found.generation, found.header, found.journal_rows, found.refused) == (3, {"n": 3}, 3, ())
    for name, part in parts_of(3).items():
        assert found.parts[name].dtype == part.dtype
        assert found.parts[name].tobytes() == part.tobytes()


def test_two_generations_are_kept_with_what_belongs_to_them(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        for number in range(5):
            taken(writer, number)
    tables = ("session_snapshots", "position_snapshots", "metrics_snapshots", "risk_guard_snapshots")
    with record.begin() as connection:
        for table in tables:
            kept = connection.execute(text(f"SELECT DISTINCT generation FROM {table} ORDER BY 1")).scalars().all()
            assert kept == [4, 5], table


def test_people_read_what_the_bytes_say(record: Record):
    state = mixed_run().state
    with RecordWriter.begin(record, mixed_run().start) as writer:
        taken(writer, 1)
    with record.begin() as connection:
        figures = connection.execute(text("SELECT * FROM metrics_snapshots")).mappings().one()
        position = "SELECT symbol, venue, position_lots FROM position_snapshots"
        held = {(row.symbol, row.venue): row.position_lots for row in connection.execute(text(position))}
        guards = connection.execute(text("SELECT symbol, refusals FROM risk_guard_snapshots")).mappings().all()
    assert figures["realised_amount"] == state["realised_amount"]
    assert figures["closed"] == state["symbols"]["closed"].sum() > 0
    for s, symbol in enumerate(writer.session.symbols):
        for v, venue in enumerate(writer.session.venues):
            assert held[symbol, venue] == state["symbols"][s]["position_lots"][v]
    assert sum(sum(row["refusals"].values()) for row in guards) == state["symbols"]["refusals"].sum()


def damage(record: Record, generation: int) -> None:
    """Changes a byte of a payload behind the database's back: its own checks would refuse that."""
    with record.begin() as connection:
        connection.execute(text("ALTER TABLE session_snapshots DROP CONSTRAINT "
                                "session_snapshots_payload_must_match_its_sha256"))  # fmt: skip
        flip = "UPDATE session_snapshots SET payload = set_byte(payload, 5000, 255 - get_byte(payload, 5000))"
        connection.execute(text(f"{flip} WHERE generation = :generation"), {"generation": generation})
        connection.execute(text("ALTER TABLE session_snapshots ADD CONSTRAINT "
                                "session_snapshots_payload_must_match_its_sha256 "
                                "CHECK (sha256(payload) = sha256) NOT VALID"))  # fmt: skip


def test_a_damaged_snapshot_is_refused_and_the_generation_before_it_is_read(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        taken(writer, 1)
        taken(writer, 2)
    damage(record, 2)
    found = newest_snapshot(record, writer.session.id)
    assert (found.generation, found.header) == (1, {"n": 1})
    assert found.refused == ("generation 2: it does not match its SHA-256",)


def test_when_no_generation_is_whole_that_is_said(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        taken(writer, 1)
    damage(record, 1)
    with pytest.raises(BadInput, match=r"no snapshot of session .* is whole"):
        newest_snapshot(record, writer.session.id)


def test_the_database_refuses_a_changed_byte(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        taken(writer, 1)
    changed = pytest.raises(InvariantBroken, match="payload_must_match_its_sha256")
    with changed, record.begin() as connection:
        connection.execute(text("UPDATE session_snapshots SET payload = set_byte(payload, 9, 1)"))


def test_an_older_writer_records_no_snapshot(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as old, RecordWriter.resume(record, old.session.id, 2) as new:
        taken(new, 1)
        with pytest.raises(EpochPassed):
            taken(old, 2)
    assert newest_snapshot(record, old.session.id).header == {"n": 1}


def test_a_snapshot_before_the_first_row_is_one(record: Record):
    parts = parts_of(1)
    parts["state"]["now_ns"] = -(2**62)
    with RecordWriter.begin(record, mixed_run().start) as writer:
        taken(writer, 1, parts=parts)
    assert newest_snapshot(record, writer.session.id).generation == 1


NOT_STORED = [
    ({"pnl": float("nan")}, {}, "cannot be stored"),
    ({}, {"a": np.array([{}])}, "cannot be stored"),
    ({}, {"a": np.array(["text"])}, "cannot be stored"),
    ({}, {"a": np.zeros(1000)}, "at most 4,000 are recorded"),
]


@pytest.mark.parametrize("header, parts, said", NOT_STORED)
def test_what_cannot_be_stored_is_refused(monkeypatch: pytest.MonkeyPatch, header: dict, parts: dict, said: str):
    monkeypatch.setattr(snapshots, "PAYLOAD_BYTES_MAX", 4000)
    with pytest.raises(BadInput, match=said):
        packed_snapshot(header, parts)


def test_a_session_without_a_snapshot_says_so(record: Record):
    with RecordWriter.begin(record, mixed_run().start) as writer, pytest.raises(BadInput, match="has no snapshot"):
        newest_snapshot(record, writer.session.id)


SMALL = packed_snapshot({"n": 1}, {"points": np.arange(4, dtype="i8")})


@given(st.integers(0, len(SMALL) - 1), st.integers(0, 255))
def test_any_flip_or_truncation_is_found(position: int, bits: int):
    changed = bytearray(SMALL)
    changed[position] ^= bits
    broken = bytes(changed) if bits else SMALL[:position]
    with pytest.raises(BadInput):
        unpacked_snapshot(broken, hashlib.sha256(SMALL).digest())


FORGED = [
    b"",
    b"ARBSNAP1",
    b"ARBSNAP2" + SMALL[8:],
    SMALL + b"\0",
    SMALL[:-1],
    b"ARBSNAP1" + struct.pack("<I", 2) + b"[]",
    b"ARBSNAP1" + struct.pack("<I", 9) + b'{"parts":',
]


@pytest.mark.parametrize("payload", FORGED)
def test_a_payload_that_is_no_snapshot_is_refused_though_its_sum_is_right(payload: bytes):
    with pytest.raises(BadInput):
        unpacked_snapshot(payload, hashlib.sha256(payload).digest())
