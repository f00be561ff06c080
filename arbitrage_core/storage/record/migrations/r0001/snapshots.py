"""Snapshots, as revision 0001 makes them."""

SQL = """
CREATE TABLE session_snapshots (
    session_id BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    taken_ns BIGINT,
    taken_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (taken_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    cause TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    state_hash TEXT NOT NULL,
    journal_rows BIGINT NOT NULL,
    payload BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    CONSTRAINT session_snapshots_pk PRIMARY KEY (session_id, generation),
    CONSTRAINT session_snapshots_figures_must_fit CHECK (
        (generation >= 1) AND (epoch >= 0) AND (taken_ns >= 0) AND (journal_rows >= 0)
        AND (schema_version >= 1) AND (state_hash ~ '^[0-9a-f]{64}$')
    ),
    CONSTRAINT session_snapshots_size_must_fit CHECK (octet_length(payload) BETWEEN 1 AND 67108864),
    CONSTRAINT session_snapshots_payload_must_match_its_sha256 CHECK (sha256(payload) = sha256),
    CONSTRAINT session_snapshots_session_id_known FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
COMMENT ON TABLE session_snapshots IS 'Sessions'' records as bytes, to go on from';
COMMENT ON COLUMN session_snapshots.session_id IS 'sessions.id';
COMMENT ON COLUMN session_snapshots.generation IS 'counts the session''s snapshots, from 1';
COMMENT ON COLUMN session_snapshots.epoch IS 'the writer that took it';
COMMENT ON COLUMN session_snapshots.taken_ns IS 'row time; none: before the first row; nanoseconds UTC';
COMMENT ON COLUMN session_snapshots.taken_at IS 'taken_ns, cut to microseconds; virtual';
COMMENT ON COLUMN session_snapshots.cause IS 'why it was taken: interval, trade opened, trade closed, exit';
COMMENT ON COLUMN session_snapshots.schema_version IS 'version of the engine''s state record';
COMMENT ON COLUMN session_snapshots.state_hash IS 'SHA-256 of the engine''s state and parameters, hexadecimal';
COMMENT ON COLUMN session_snapshots.journal_rows IS 'rows journalled before it';
COMMENT ON COLUMN session_snapshots.payload IS 'header and records, described in themselves; bytes';
COMMENT ON COLUMN session_snapshots.sha256 IS 'SHA-256 of payload; 32 bytes';

CREATE TABLE position_snapshots (
    session_id BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    position_lots BIGINT NOT NULL,
    initial_lots BIGINT NOT NULL,
    exposure_lots BIGINT NOT NULL,
    doubts BIGINT NOT NULL,
    CONSTRAINT position_snapshots_pk PRIMARY KEY (session_id, generation, symbol, venue),
    CONSTRAINT position_snapshots_figures_must_fit CHECK ((initial_lots >= 0) AND (doubts >= 0)),
    CONSTRAINT position_snapshots_session_id_known FOREIGN KEY(session_id, generation)
        REFERENCES session_snapshots (session_id, generation) ON DELETE CASCADE
);
COMMENT ON TABLE position_snapshots IS 'Positions in snapshots, by market';
COMMENT ON COLUMN position_snapshots.session_id IS 'sessions.id';
COMMENT ON COLUMN position_snapshots.generation IS 'session_snapshots.generation';
COMMENT ON COLUMN position_snapshots.symbol IS 'what is held';
COMMENT ON COLUMN position_snapshots.venue IS 'where';
COMMENT ON COLUMN position_snapshots.position_lots IS 'held, short is negative; lots of the symbol';
COMMENT ON COLUMN position_snapshots.initial_lots IS 'held at the start; lots';
COMMENT ON COLUMN position_snapshots.exposure_lots IS 'held for trades and in working opening orders; lots';
COMMENT ON COLUMN position_snapshots.doubts IS 'orders whose fate is unknown';

CREATE TABLE metrics_snapshots (
    session_id BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    start_amount BIGINT NOT NULL,
    equity_amount BIGINT NOT NULL,
    realised_amount BIGINT NOT NULL,
    fees_amount BIGINT NOT NULL,
    peak_amount BIGINT NOT NULL,
    drawdown_amount BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    unwound BIGINT NOT NULL,
    voids BIGINT NOT NULL,
    open_trades BIGINT NOT NULL,
    CONSTRAINT metrics_snapshots_pk PRIMARY KEY (session_id, generation),
    CONSTRAINT metrics_snapshots_figures_must_fit CHECK (
        (rows >= 0) AND (drawdown_amount >= 0) AND (entries >= 0) AND (closed >= 0) AND (unwound >= 0)
        AND (voids >= 0) AND (open_trades >= 0)
    ),
    CONSTRAINT metrics_snapshots_session_id_known FOREIGN KEY(session_id, generation)
        REFERENCES session_snapshots (session_id, generation) ON DELETE CASCADE
);
COMMENT ON TABLE metrics_snapshots IS 'Figures of the whole session in snapshots';
COMMENT ON COLUMN metrics_snapshots.session_id IS 'sessions.id';
COMMENT ON COLUMN metrics_snapshots.generation IS 'session_snapshots.generation';
COMMENT ON COLUMN metrics_snapshots.rows IS 'rows applied';
COMMENT ON COLUMN metrics_snapshots.start_amount IS
    'what the session started with; booking units of the reporting currency';
COMMENT ON COLUMN metrics_snapshots.equity_amount IS
    'equity at the last mark; booking units of the reporting currency';
COMMENT ON COLUMN metrics_snapshots.realised_amount IS
    'realised, net of fees; booking units of the reporting currency';
COMMENT ON COLUMN metrics_snapshots.fees_amount IS 'fees; booking units of the reporting currency';
COMMENT ON COLUMN metrics_snapshots.peak_amount IS 'highest equity marked; booking units of the reporting currency';
COMMENT ON COLUMN metrics_snapshots.drawdown_amount IS
    'deepest fall below the peak; booking units of the reporting currency';
COMMENT ON COLUMN metrics_snapshots.entries IS 'trades that filled';
COMMENT ON COLUMN metrics_snapshots.closed IS 'trades closed';
COMMENT ON COLUMN metrics_snapshots.unwound IS 'trades unwound';
COMMENT ON COLUMN metrics_snapshots.voids IS 'trades that never filled';
COMMENT ON COLUMN metrics_snapshots.open_trades IS 'trades in use';

CREATE TABLE risk_guard_snapshots (
    session_id BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    symbol TEXT NOT NULL,
    session_phase_code SMALLINT NOT NULL,
    open_trades BIGINT NOT NULL,
    cooldown_due_ns BIGINT,
    doubts JSONB NOT NULL,
    refusals JSONB NOT NULL,
    CONSTRAINT risk_guard_snapshots_pk PRIMARY KEY (session_id, generation, symbol),
    CONSTRAINT risk_guard_snapshots_figures_must_fit CHECK (
        (session_phase_code BETWEEN 0 AND 3) AND (open_trades >= 0)
    ),
    CONSTRAINT risk_guard_snapshots_session_id_known FOREIGN KEY(session_id, generation)
        REFERENCES session_snapshots (session_id, generation) ON DELETE CASCADE
);
COMMENT ON TABLE risk_guard_snapshots IS 'What guards remember in snapshots, by symbol';
COMMENT ON COLUMN risk_guard_snapshots.session_id IS 'sessions.id';
COMMENT ON COLUMN risk_guard_snapshots.generation IS 'session_snapshots.generation';
COMMENT ON COLUMN risk_guard_snapshots.symbol IS 'of which symbol';
COMMENT ON COLUMN risk_guard_snapshots.session_phase_code IS
    'number of the session''s phase: 0 active, 1 paused, 2 ending, 3 halted';
COMMENT ON COLUMN risk_guard_snapshots.open_trades IS 'trades in use';
COMMENT ON COLUMN risk_guard_snapshots.cooldown_due_ns IS 'no entry before; none: no cooldown; nanoseconds UTC';
COMMENT ON COLUMN risk_guard_snapshots.doubts IS 'orders whose fate is unknown, by venue';
COMMENT ON COLUMN risk_guard_snapshots.refusals IS 'refusals counted so far, by rule';
"""
