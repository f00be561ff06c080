"""Revision 0007 in SQL: presets with their evidence, the versions in use, and which preset a session ran with.

Frozen: a change is another revision. Presets from before have neither evidence nor a digest of the whole.
"""

SQL = r"""
ALTER TABLE strategy_presets ADD COLUMN evidence JSONB;
ALTER TABLE strategy_presets ADD COLUMN whole_digest TEXT;
ALTER TABLE strategy_presets ADD CONSTRAINT strategy_presets_evidence_must_be_hashed
    CHECK ((whole_digest ~ '^[0-9a-f]{64}$') AND (evidence IS NULL OR whole_digest IS NOT NULL));
COMMENT ON COLUMN strategy_presets.evidence IS
    'what it was saved on: study, trials, figures, digests; none: not known';
COMMENT ON COLUMN strategy_presets.whole_digest IS
    'SHA-256 of name, version, strategy, parameters and evidence, hexadecimal; none: saved before it was kept';

CREATE TABLE presets_in_use (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    chosen_ns BIGINT NOT NULL,
    chosen_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (chosen_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT presets_in_use_pk PRIMARY KEY (name),
    CONSTRAINT presets_in_use_name_known FOREIGN KEY(name, version) REFERENCES strategy_presets (name, version),
    CONSTRAINT presets_in_use_times_must_be_positive CHECK ((chosen_ns > 0))
);
COMMENT ON TABLE presets_in_use IS 'Versions of presets that operators chose; operator_actions says who and why';
COMMENT ON COLUMN presets_in_use.name IS 'name of the preset; one that is not here means its newest version';
COMMENT ON COLUMN presets_in_use.version IS 'the version it means instead';
COMMENT ON COLUMN presets_in_use.chosen_ns IS 'when an operator chose it, by the clock; nanoseconds UTC';
COMMENT ON COLUMN presets_in_use.chosen_at IS 'chosen_ns, cut to microseconds; virtual';

ALTER TABLE sessions ADD COLUMN preset JSONB;
COMMENT ON COLUMN sessions.preset IS 'the preset it ran with: name, version, digest, study, trials; none: none';
"""
