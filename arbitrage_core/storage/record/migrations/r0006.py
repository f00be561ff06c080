"""Revision 0006 in SQL: what a tuning study came to.

Frozen: a change is another revision. Studies that ended before it have none.
"""

SQL = r"""
ALTER TABLE tuning_studies ADD COLUMN outcome JSONB;
COMMENT ON COLUMN tuning_studies.outcome IS
    'what it came to: best sets, walk-forward, plateau; none: it is not complete';
"""
