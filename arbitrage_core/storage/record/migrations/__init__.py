"""Migrations: how a database comes to the schema this program knows. Alembic runs them, from `schema_version`."""
