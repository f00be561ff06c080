"""The record in Postgres: what sessions did, as tables that people and checks can query, and from which logs come back
bit for bit."""
