"""The composition root: a session built from its parts, run, replayed and recovered."""
