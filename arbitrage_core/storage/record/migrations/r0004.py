"""Revision 0004 in SQL: what verdicts and campaigns stand for: which code, which settings, which planted defect.

Frozen: a change is another revision. Rows from before do not say which code they are of, and count for none.
"""

SQL = """
ALTER TABLE stage_verdicts ADD COLUMN code_digest TEXT;
ALTER TABLE stage_verdicts ADD COLUMN config_digest TEXT;
ALTER TABLE stage_verdicts ADD COLUMN seed_fault TEXT;
ALTER TABLE stage_verdicts ADD CONSTRAINT stage_verdicts_digests_must_be_sha256
    CHECK ((code_digest ~ '^[0-9a-f]{64}$') AND (config_digest ~ '^[0-9a-f]{64}$'));
COMMENT ON COLUMN stage_verdicts.code_digest IS
    'SHA-256 of the sources that ran and judged, hexadecimal; none: recorded before they were hashed';
COMMENT ON COLUMN stage_verdicts.config_digest IS
    'SHA-256 of the stage''s data and of the settings of its sessions, hexadecimal; none: likewise';
COMMENT ON COLUMN stage_verdicts.seed_fault IS 'the defect planted in this run; none: the real thing';

ALTER TABLE campaign_runs ADD COLUMN code_digest TEXT;
ALTER TABLE campaign_runs ADD COLUMN seed_fault TEXT;
ALTER TABLE campaign_runs ADD CONSTRAINT campaign_runs_digest_must_be_sha256 CHECK ((code_digest ~ '^[0-9a-f]{64}$'));
COMMENT ON COLUMN campaign_runs.code_digest IS
    'SHA-256 of the sources that ran it, hexadecimal; none: recorded before they were hashed';
COMMENT ON COLUMN campaign_runs.seed_fault IS 'the defect planted in this run; none: the real thing';
"""
