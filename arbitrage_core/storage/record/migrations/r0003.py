"""Revision 0003 in SQL: guards that go further than refusing, and those of a venue; trades that were told to leave.

Frozen: a change is another revision. A computed column cannot be changed, so two are made anew.
"""

SQL = """
ALTER TABLE guard_events ADD COLUMN venue TEXT;
COMMENT ON COLUMN guard_events.venue IS 'of one venue; none: of no one venue';
ALTER TABLE guard_events DROP COLUMN kind;
ALTER TABLE guard_events ADD COLUMN kind TEXT GENERATED ALWAYS AS (
    CASE kind_code WHEN 1 THEN 'TRIPPED' WHEN 2 THEN 'RELEASED' WHEN 3 THEN 'REDUCED' WHEN 4 THEN 'FLATTENED' END
) VIRTUAL;
COMMENT ON COLUMN guard_events.kind IS
    'TRIPPED or RELEASED; REDUCED: open trades leave; FLATTENED: for good; virtual';
ALTER TABLE guard_events DROP CONSTRAINT guard_events_codes_must_be_known;
ALTER TABLE guard_events ADD CONSTRAINT guard_events_codes_must_be_known CHECK (
    (kind_code BETWEEN 1 AND 4) AND (cause_code BETWEEN 0 AND 1) AND (guard <> '')
);
COMMENT ON COLUMN guard_events.symbol IS 'of one symbol; none: of the whole session, or of a venue';
COMMENT ON TABLE guard_events IS 'Guards with memory, and switches, that tripped, went further or were released';

ALTER TABLE trades DROP COLUMN exit_reason;
ALTER TABLE trades ADD COLUMN exit_reason TEXT GENERATED ALWAYS AS (
    CASE exit_reason_code
        WHEN 0 THEN 'NONE' WHEN 1 THEN 'CONVERGED' WHEN 2 THEN 'TAKE_PROFIT' WHEN 3 THEN 'HOLD_TIME'
        WHEN 4 THEN 'STOP_LOSS' WHEN 5 THEN 'FEED_ENDED' WHEN 6 THEN 'SESSION_END' WHEN 7 THEN 'REDUCED'
    END
) VIRTUAL;
COMMENT ON COLUMN trades.exit_reason IS 'why it left; NONE for VOID and UNWOUND; virtual';
ALTER TABLE trades DROP CONSTRAINT trades_codes_must_be_known;
ALTER TABLE trades ADD CONSTRAINT trades_codes_must_be_known CHECK (
    (phase_code BETWEEN 5 AND 7) AND (exit_reason_code BETWEEN 0 AND 7)
);
"""
