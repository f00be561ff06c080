"""What watches a session while it runs and says what it sees; nothing that trades waits for it."""
