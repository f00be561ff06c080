"""The revisions, oldest first. A published one never changes: a change of the tables is another revision."""
