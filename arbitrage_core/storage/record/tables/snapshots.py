"""Snapshots: a session's records as bytes, and what was in them for people to read.

The bytes are authority: schema version, size and SHA-256 stand beside them, and the database itself refuses bytes
that do not match. The other three tables hang on that row and are written with it, from the same bytes.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, LargeBinary, PrimaryKeyConstraint, Table

from arbitrage_core.storage.record.tables.columns import amount, document, moment, number, rule, small, text, time_ns
from arbitrage_core.storage.record.tables.metadata import METADATA
from arbitrage_core.storage.record.tables.sessions import session_id

PAYLOAD_BYTES_MAX = 1 << 26
"""64 MiB: the largest engine and simulated venue together take less than a quarter of it."""

SESSION_SNAPSHOTS = Table(
    "session_snapshots",
    METADATA,
    session_id(),
    number("generation", "counts the session's snapshots, from 1"),
    number("epoch", "the writer that took it"),
    time_ns("taken_ns", "row time; none: before the first row", nullable=True),
    moment("taken_at", "taken_ns"),
    text("cause", "why it was taken: interval, trade opened, trade closed, exit"),
    Column("schema_version", Integer, nullable=False, comment="version of the engine's state record"),
    text("state_hash", "SHA-256 of the engine's state and parameters, hexadecimal"),
    number("journal_rows", "rows journalled before it"),
    Column("payload", LargeBinary, nullable=False, comment="header and records, described in themselves; bytes"),
    Column("sha256", LargeBinary, nullable=False, comment="SHA-256 of payload; 32 bytes"),
    PrimaryKeyConstraint("session_id", "generation"),
    rule(
        "figures_must_fit",
        "generation >= 1",
        "epoch >= 0",
        "taken_ns >= 0",
        "journal_rows >= 0",
        "schema_version >= 1",
        "state_hash ~ '^[0-9a-f]{64}$'",
    ),
    CheckConstraint(f"octet_length(payload) BETWEEN 1 AND {PAYLOAD_BYTES_MAX}", name="size_must_fit"),
    CheckConstraint("sha256(payload) = sha256", name="payload_must_match_its_sha256"),
    comment="Sessions' records as bytes, to go on from",
)


def _of_generation(name: str, comment: str, key: tuple[str, ...], *parts: object) -> Table:
    return Table(
        name,
        METADATA,
        number("session_id", "sessions.id"),
        number("generation", "session_snapshots.generation"),
        *parts,
        PrimaryKeyConstraint("session_id", "generation", *key),
        ForeignKeyConstraint(
            ["session_id", "generation"],
            ["session_snapshots.session_id", "session_snapshots.generation"],
            ondelete="CASCADE",
        ),
        comment=comment,
    )


POSITION_SNAPSHOTS = _of_generation(
    "position_snapshots",
    "Positions in snapshots, by market",
    ("symbol", "venue"),
    text("symbol", "what is held"),
    text("venue", "where"),
    number("position_lots", "held, short is negative; lots of the symbol"),
    number("initial_lots", "held at the start; lots"),
    number("exposure_lots", "held for trades and in working opening orders; lots"),
    number("doubts", "orders whose fate is unknown"),
    rule("figures_must_fit", "initial_lots >= 0", "doubts >= 0"),
)

METRICS_SNAPSHOTS = _of_generation(
    "metrics_snapshots",
    "Figures of the whole session in snapshots",
    (),
    number("rows", "rows applied"),
    amount("start_amount", "what the session started with"),
    amount("equity_amount", "equity at the last mark"),
    amount("realised_amount", "realised, net of fees"),
    amount("fees_amount", "fees"),
    amount("peak_amount", "highest equity marked"),
    amount("drawdown_amount", "deepest fall below the peak"),
    number("entries", "trades that filled"),
    number("closed", "trades closed"),
    number("unwound", "trades unwound"),
    number("voids", "trades that never filled"),
    number("open_trades", "trades in use"),
    rule(
        "figures_must_fit",
        "rows >= 0",
        "drawdown_amount >= 0",
        "entries >= 0",
        "closed >= 0",
        "unwound >= 0",
        "voids >= 0",
        "open_trades >= 0",
    ),
)

RISK_GUARD_SNAPSHOTS = _of_generation(
    "risk_guard_snapshots",
    "What guards remember in snapshots, by symbol",
    ("symbol",),
    text("symbol", "of which symbol"),
    small("session_phase_code", "number of the session's phase: 0 active, 1 paused, 2 ending, 3 halted"),
    number("open_trades", "trades in use"),
    time_ns("cooldown_due_ns", "no entry before; none: no cooldown", nullable=True),
    document("doubts", "orders whose fate is unknown, by venue"),
    document("refusals", "refusals counted so far, by rule"),
    rule("figures_must_fit", "session_phase_code BETWEEN 0 AND 3", "open_trades >= 0"),
)
