"""Sessions, as revision 0001 makes them."""

SQL = """
CREATE TABLE sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    run INTEGER NOT NULL,
    campaign_run_id BIGINT,
    mode TEXT NOT NULL,
    strategy TEXT NOT NULL,
    session_key BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    seed BIGINT NOT NULL,
    levels SMALLINT NOT NULL,
    reporting_currency TEXT NOT NULL,
    reporting_digits SMALLINT NOT NULL,
    config JSONB NOT NULL,
    config_digest TEXT NOT NULL,
    data JSONB NOT NULL,
    data_digest TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    code_version TEXT NOT NULL,
    started_ns BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (started_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    ended_ns BIGINT,
    ended_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (ended_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    status TEXT NOT NULL,
    reason TEXT,
    state_hash TEXT,
    preflight JSONB,
    document JSONB,
    recorded_orders BIGINT NOT NULL,
    recorded_changes BIGINT NOT NULL,
    recorded_fills BIGINT NOT NULL,
    recorded_trades BIGINT NOT NULL,
    recorded_incidents BIGINT NOT NULL,
    recorded_equity BIGINT NOT NULL,
    recorded_funding BIGINT NOT NULL,
    CONSTRAINT sessions_pk PRIMARY KEY (id),
    CONSTRAINT sessions_name_run_once UNIQUE (name, run),
    CONSTRAINT sessions_name_started_ns_once UNIQUE (name, started_ns),
    CONSTRAINT sessions_name_must_say_something CHECK ((name <> '') AND (run >= 1)),
    CONSTRAINT sessions_mode_must_be_known CHECK ((mode IN ('backtest', 'paper', 'live', 'replay'))),
    CONSTRAINT sessions_status_must_be_known CHECK (
        (status IN ('running', 'complete', 'broken', 'abandoned'))
        AND ((status = 'running') = (ended_ns IS NULL))
    ),
    CONSTRAINT sessions_figures_must_fit CHECK (
        (session_key >= 0) AND (epoch >= 0) AND (seed >= 0) AND (levels >= 1) AND (reporting_digits >= 0)
    ),
    CONSTRAINT sessions_digests_must_be_sha256 CHECK (
        (config_digest ~ '^[0-9a-f]{64}$') AND (data_digest ~ '^[0-9a-f]{64}$')
        AND (state_hash IS NULL OR state_hash ~ '^[0-9a-f]{64}$')
    ),
    CONSTRAINT sessions_times_must_be_positive CHECK ((started_ns > 0) AND (ended_ns > 0)),
    CONSTRAINT sessions_counts_must_not_be_negative CHECK (
        (recorded_orders >= 0) AND (recorded_changes >= 0) AND (recorded_fills >= 0)
        AND (recorded_trades >= 0) AND (recorded_incidents >= 0) AND (recorded_equity >= 0)
        AND (recorded_funding >= 0)
    ),
    CONSTRAINT sessions_campaign_run_id_known FOREIGN KEY(campaign_run_id)
        REFERENCES campaign_runs (id) ON DELETE SET NULL
);
CREATE INDEX sessions_by_start ON sessions (started_ns DESC);
COMMENT ON TABLE sessions IS 'Runs of the engine';
COMMENT ON COLUMN sessions.id IS 'number of this run; other tables name it session_id';
COMMENT ON COLUMN sessions.name IS
    'derived from mode, data and session key; the same for every run of the same session';
COMMENT ON COLUMN sessions.run IS '1 for the first run of this name, then 2, …';
COMMENT ON COLUMN sessions.campaign_run_id IS 'the campaign this session was run for, if any';
COMMENT ON COLUMN sessions.mode IS 'backtest, paper, live or replay';
COMMENT ON COLUMN sessions.strategy IS 'name of the strategy';
COMMENT ON COLUMN sessions.session_key IS '63-bit key under which client order ids are derived';
COMMENT ON COLUMN sessions.epoch IS 'the writer that may write now; only grows';
COMMENT ON COLUMN sessions.seed IS 'seed of the simulated venue';
COMMENT ON COLUMN sessions.levels IS 'depth of the books, in levels';
COMMENT ON COLUMN sessions.reporting_currency IS 'currency that amounts are stated in';
COMMENT ON COLUMN sessions.reporting_digits IS 'decimal digits of its booking unit: amount / 10^digits is money';
COMMENT ON COLUMN sessions.config IS 'the whole configuration; infinite limits as the text Infinity';
COMMENT ON COLUMN sessions.config_digest IS 'SHA-256 of the configuration, hexadecimal';
COMMENT ON COLUMN sessions.data IS 'where the rows come from, as the feed says it';
COMMENT ON COLUMN sessions.data_digest IS 'SHA-256 of the identity of the rows, hexadecimal';
COMMENT ON COLUMN sessions.schema_version IS 'version of the engine''s state record';
COMMENT ON COLUMN sessions.code_version IS 'the program that ran it';
COMMENT ON COLUMN sessions.started_ns IS 'when the run began, by the clock; nanoseconds UTC';
COMMENT ON COLUMN sessions.started_at IS 'started_ns, cut to microseconds; virtual';
COMMENT ON COLUMN sessions.ended_ns IS 'when it ended, by the clock; none while it runs; nanoseconds UTC';
COMMENT ON COLUMN sessions.ended_at IS 'ended_ns, cut to microseconds; virtual';
COMMENT ON COLUMN sessions.status IS
    'running, complete, broken (by an invariant) or abandoned (found without its process)';
COMMENT ON COLUMN sessions.reason IS 'why it broke or was abandoned';
COMMENT ON COLUMN sessions.state_hash IS 'SHA-256 of the engine''s last state and parameters, hexadecimal';
COMMENT ON COLUMN sessions.preflight IS 'what was found before the start';
COMMENT ON COLUMN sessions.document IS 'the result, as the command line prints it';
COMMENT ON COLUMN sessions.recorded_orders IS 'entries of the log of orders recorded so far';
COMMENT ON COLUMN sessions.recorded_changes IS 'entries of the log of changes recorded so far';
COMMENT ON COLUMN sessions.recorded_fills IS 'entries of the log of fills recorded so far';
COMMENT ON COLUMN sessions.recorded_trades IS 'entries of the log of trades recorded so far';
COMMENT ON COLUMN sessions.recorded_incidents IS 'entries of the log of incidents recorded so far';
COMMENT ON COLUMN sessions.recorded_equity IS 'entries of the log of equity recorded so far';
COMMENT ON COLUMN sessions.recorded_funding IS 'entries of the log of funding recorded so far';
"""
