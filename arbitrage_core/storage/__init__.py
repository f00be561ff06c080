"""What outlives a session: the journal, snapshots and databases."""
