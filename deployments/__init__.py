"""Prefect deployments, schedules and their environment."""
