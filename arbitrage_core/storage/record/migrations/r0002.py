"""Revision 0002 in SQL: the events of guards become a log of the engine. Frozen: a change is another revision.

The table as revision 0001 made it was never written to.
"""

SQL = """
DROP TABLE guard_events;
CREATE TABLE guard_events (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    release_ns BIGINT,
    observed DOUBLE PRECISION NOT NULL,
    limit_value DOUBLE PRECISION NOT NULL,
    kind_code SMALLINT NOT NULL,
    cause_code SMALLINT NOT NULL,
    guard TEXT NOT NULL,
    symbol TEXT,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (CASE kind_code WHEN 1 THEN 'TRIPPED' WHEN 2 THEN 'RELEASED' END) VIRTUAL,
    cause TEXT GENERATED ALWAYS AS (CASE cause_code WHEN 0 THEN 'ENGINE' WHEN 1 THEN 'OPERATOR' END) VIRTUAL,
    CONSTRAINT guard_events_pk PRIMARY KEY (session_id, number),
    CONSTRAINT guard_events_codes_must_be_known CHECK (
        (kind_code BETWEEN 1 AND 2) AND (cause_code BETWEEN 0 AND 1) AND (guard <> '')
    ),
    CONSTRAINT guard_events_figures_must_fit CHECK ((number >= 0) AND (now_ns > 0) AND (release_ns > now_ns))
);
COMMENT ON TABLE guard_events IS 'Guards with memory, and switches, that tripped or were released';
COMMENT ON COLUMN guard_events.session_id IS 'sessions.id';
COMMENT ON COLUMN guard_events.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN guard_events.now_ns IS 'row time; nanoseconds UTC';
COMMENT ON COLUMN guard_events.release_ns IS
    'when time releases it; none: a new day or the operator does; nanoseconds UTC';
COMMENT ON COLUMN guard_events.observed IS 'what was seen, in the guard''s own unit; 0: nothing is measured';
COMMENT ON COLUMN guard_events.limit_value IS 'what it may be at most, in the same unit';
COMMENT ON COLUMN guard_events.kind_code IS 'number of kind';
COMMENT ON COLUMN guard_events.cause_code IS 'number of cause';
COMMENT ON COLUMN guard_events.guard IS 'the rule';
COMMENT ON COLUMN guard_events.symbol IS 'of one symbol; none: of the whole session';
COMMENT ON COLUMN guard_events.now_at IS 'now_ns, cut to microseconds; virtual';
COMMENT ON COLUMN guard_events.kind IS 'TRIPPED or RELEASED; virtual';
COMMENT ON COLUMN guard_events.cause IS 'ENGINE: what happened, or time; OPERATOR; virtual';

ALTER TABLE sessions ADD COLUMN recorded_guards BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ALTER COLUMN recorded_guards DROP DEFAULT;
COMMENT ON COLUMN sessions.recorded_guards IS 'entries of the log of guards recorded so far';
ALTER TABLE sessions DROP CONSTRAINT sessions_counts_must_not_be_negative;
ALTER TABLE sessions ADD CONSTRAINT sessions_counts_must_not_be_negative CHECK (
    (recorded_orders >= 0) AND (recorded_changes >= 0) AND (recorded_fills >= 0) AND (recorded_trades >= 0)
    AND (recorded_incidents >= 0) AND (recorded_equity >= 0) AND (recorded_funding >= 0) AND (recorded_guards >= 0)
);

CREATE OR REPLACE FUNCTION remove_session_logs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM orders WHERE session_id = OLD.id;
    DELETE FROM order_changes WHERE session_id = OLD.id;
    DELETE FROM fills WHERE session_id = OLD.id;
    DELETE FROM trades WHERE session_id = OLD.id;
    DELETE FROM incidents WHERE session_id = OLD.id;
    DELETE FROM equity WHERE session_id = OLD.id;
    DELETE FROM funding WHERE session_id = OLD.id;
    DELETE FROM guard_events WHERE session_id = OLD.id;
    RETURN OLD;
END
$$;
"""
