"""Refusals, guards, operators, logs, as revision 0001 makes them."""

SQL = """
CREATE TABLE refusals (
    session_id BIGINT NOT NULL,
    symbol TEXT NOT NULL,
    refusal_code SMALLINT NOT NULL,
    refusal TEXT NOT NULL,
    refused BIGINT NOT NULL,
    missed BIGINT NOT NULL,
    counted_ns BIGINT NOT NULL,
    CONSTRAINT refusals_pk PRIMARY KEY (session_id, symbol, refusal_code),
    CONSTRAINT refusals_counts_must_fit CHECK (
        (refusal_code BETWEEN 1 AND 63) AND (refused >= 0) AND (missed >= 0) AND (counted_ns >= 0)
    ),
    CONSTRAINT refusals_session_id_known FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
COMMENT ON TABLE refusals IS 'Refusals counted by symbol and rule; counts only grow';
COMMENT ON COLUMN refusals.session_id IS 'sessions.id';
COMMENT ON COLUMN refusals.symbol IS 'what was looked at';
COMMENT ON COLUMN refusals.refusal_code IS 'number of the refusal, in order of precedence';
COMMENT ON COLUMN refusals.refusal IS 'the rule that would have been broken';
COMMENT ON COLUMN refusals.refused IS 'looks at which an entry was refused for it';
COMMENT ON COLUMN refusals.missed IS 'opportunities that ended with it as their last refusal';
COMMENT ON COLUMN refusals.counted_ns IS 'row time at which these counts stood; nanoseconds UTC';

CREATE TABLE guard_events (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    guard TEXT NOT NULL,
    kind TEXT NOT NULL,
    escalation TEXT NOT NULL,
    symbol TEXT,
    venue TEXT,
    observed DOUBLE PRECISION,
    limit_value DOUBLE PRECISION,
    details JSONB,
    CONSTRAINT guard_events_pk PRIMARY KEY (session_id, number),
    CONSTRAINT guard_events_kind_must_be_known CHECK (
        (kind IN ('TRIPPED', 'ESCALATED', 'RELEASED'))
        AND (escalation IN ('NONE', 'PAUSE', 'REDUCE', 'FLATTEN'))
    ),
    CONSTRAINT guard_events_figures_must_fit CHECK ((number >= 0) AND (now_ns > 0) AND (guard <> '')),
    CONSTRAINT guard_events_session_id_known FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
COMMENT ON TABLE guard_events IS 'Guards that tripped, escalated or were released';
COMMENT ON COLUMN guard_events.session_id IS 'sessions.id';
COMMENT ON COLUMN guard_events.number IS 'place among the session''s guard events, from 0 on';
COMMENT ON COLUMN guard_events.now_ns IS 'row time; nanoseconds UTC';
COMMENT ON COLUMN guard_events.now_at IS 'now_ns, cut to microseconds; virtual';
COMMENT ON COLUMN guard_events.guard IS 'the rule';
COMMENT ON COLUMN guard_events.kind IS 'TRIPPED, ESCALATED or RELEASED';
COMMENT ON COLUMN guard_events.escalation IS 'what it led to: NONE, PAUSE, REDUCE or FLATTEN';
COMMENT ON COLUMN guard_events.symbol IS 'of one symbol; none: of the whole session or a venue';
COMMENT ON COLUMN guard_events.venue IS 'of one venue; none: of all';
COMMENT ON COLUMN guard_events.observed IS 'what was seen, in the guard''s own unit; none: missing, which refuses';
COMMENT ON COLUMN guard_events.limit_value IS 'what it may be at most, in the guard''s own unit';
COMMENT ON COLUMN guard_events.details IS 'whatever else the guard says';

CREATE TABLE operator_actions (
    command_id TEXT NOT NULL,
    session_id BIGINT,
    action TEXT NOT NULL,
    arguments JSONB,
    operator TEXT NOT NULL,
    source TEXT NOT NULL,
    asked_ns BIGINT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (asked_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    answered_ns BIGINT,
    accepted BOOLEAN,
    answer TEXT,
    CONSTRAINT operator_actions_pk PRIMARY KEY (command_id),
    CONSTRAINT operator_actions_command_must_be_named CHECK ((command_id <> '') AND (action <> '')),
    CONSTRAINT operator_actions_answer_must_be_whole CHECK (
        (asked_ns > 0) AND ((answered_ns IS NULL) = (accepted IS NULL))
        AND (answered_ns IS NULL OR answered_ns > 0)
    ),
    CONSTRAINT operator_actions_session_id_known FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX operator_actions_by_session ON operator_actions (session_id, asked_ns);
COMMENT ON TABLE operator_actions IS 'Commands of operators and their answers';
COMMENT ON COLUMN operator_actions.command_id IS 'given by the sender; a command sent twice is one';
COMMENT ON COLUMN operator_actions.session_id IS 'sessions.id';
COMMENT ON COLUMN operator_actions.action IS 'what was ordered';
COMMENT ON COLUMN operator_actions.arguments IS 'with what';
COMMENT ON COLUMN operator_actions.operator IS 'who ordered it';
COMMENT ON COLUMN operator_actions.source IS 'from where: command line, control room, flow';
COMMENT ON COLUMN operator_actions.asked_ns IS 'when it was ordered, by the clock; nanoseconds UTC';
COMMENT ON COLUMN operator_actions.asked_at IS 'asked_ns, cut to microseconds; virtual';
COMMENT ON COLUMN operator_actions.answered_ns IS 'when it was answered; none: not yet; nanoseconds UTC';
COMMENT ON COLUMN operator_actions.accepted IS 'whether it was carried out; none: not answered yet';
COMMENT ON COLUMN operator_actions.answer IS 'what was answered';

CREATE TABLE session_logs (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    session_id BIGINT,
    number BIGINT,
    logged_ns BIGINT NOT NULL,
    logged_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (logged_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    level TEXT NOT NULL,
    event TEXT NOT NULL,
    fields JSONB,
    CONSTRAINT session_logs_pk PRIMARY KEY (id),
    CONSTRAINT session_logs_session_id_number_once UNIQUE (session_id, number),
    CONSTRAINT session_logs_level_must_be_known CHECK (
        (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'))
    ),
    CONSTRAINT session_logs_size_must_fit CHECK (
        (logged_ns > 0) AND (octet_length(event) <= 65536) AND (octet_length(fields::text) <= 65536)
    ),
    CONSTRAINT session_logs_session_id_known FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX session_logs_by_time ON session_logs (session_id, logged_ns);
COMMENT ON TABLE session_logs IS 'What sessions said in their logs';
COMMENT ON COLUMN session_logs.id IS 'in the order recorded';
COMMENT ON COLUMN session_logs.session_id IS 'sessions.id';
COMMENT ON COLUMN session_logs.number IS 'place among the session''s log records, from 0 on; none: not numbered';
COMMENT ON COLUMN session_logs.logged_ns IS 'when it was logged, by the clock; nanoseconds UTC';
COMMENT ON COLUMN session_logs.logged_at IS 'logged_ns, cut to microseconds; virtual';
COMMENT ON COLUMN session_logs.level IS 'DEBUG, INFO, WARNING, ERROR or CRITICAL';
COMMENT ON COLUMN session_logs.event IS 'what happened';
COMMENT ON COLUMN session_logs.fields IS 'with what; secrets redacted before';
"""
