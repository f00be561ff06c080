"""Revision 0005 in SQL: what tuning studies and their results stand for, and sets that could not be judged.

Frozen: a change is another revision. Studies were not recorded before it.
"""

SQL = r"""
ALTER TABLE tuning_studies ADD COLUMN definition JSONB NOT NULL;
ALTER TABLE tuning_studies ADD COLUMN code_digest TEXT NOT NULL;
ALTER TABLE tuning_studies ADD COLUMN config_digest TEXT NOT NULL;
ALTER TABLE tuning_studies ADD COLUMN reason TEXT;
ALTER TABLE tuning_studies ADD CONSTRAINT tuning_studies_digests_must_be_sha256
    CHECK ((code_digest ~ '^[0-9a-f]{64}$') AND (config_digest ~ '^[0-9a-f]{64}$'));
COMMENT ON COLUMN tuning_studies.definition IS 'sampler, objectives, constraints and splits';
COMMENT ON COLUMN tuning_studies.code_digest IS 'SHA-256 of the sources that searched, hexadecimal';
COMMENT ON COLUMN tuning_studies.config_digest IS
    'SHA-256 of the configuration that the parameters are varied in, hexadecimal';
COMMENT ON COLUMN tuning_studies.reason IS 'why it failed; none: it did not';

ALTER TABLE tuning_results ALTER COLUMN in_sample DROP NOT NULL;
ALTER TABLE tuning_results ADD COLUMN data_digest TEXT NOT NULL;
ALTER TABLE tuning_results ADD COLUMN code_digest TEXT NOT NULL;
ALTER TABLE tuning_results ADD COLUMN config_digest TEXT NOT NULL;
ALTER TABLE tuning_results ADD COLUMN state_hash TEXT;
ALTER TABLE tuning_results ADD COLUMN failure TEXT;
ALTER TABLE tuning_results ADD CONSTRAINT tuning_results_digests_must_be_sha256
    CHECK ((data_digest ~ '^[0-9a-f]{64}$') AND (code_digest ~ '^[0-9a-f]{64}$')
    AND (config_digest ~ '^[0-9a-f]{64}$') AND (state_hash ~ '^[0-9a-f]{64}$'));
ALTER TABLE tuning_results ADD CONSTRAINT tuning_results_a_result_or_a_failure
    CHECK (((in_sample IS NULL) = (failure IS NOT NULL)));
COMMENT ON COLUMN tuning_results.in_sample IS
    'the first objective on the rows it was chosen by; none: it was stopped';
COMMENT ON COLUMN tuning_results.data_digest IS 'SHA-256 of the identity of the rows, hexadecimal';
COMMENT ON COLUMN tuning_results.code_digest IS 'SHA-256 of the sources that evaluated it, hexadecimal';
COMMENT ON COLUMN tuning_results.config_digest IS 'SHA-256 of its whole configuration, hexadecimal';
COMMENT ON COLUMN tuning_results.state_hash IS
    'state hash that a backtest of it leaves, hexadecimal; none: it was stopped';
COMMENT ON COLUMN tuning_results.failure IS 'why the engine stopped itself; none: it did not';
"""
