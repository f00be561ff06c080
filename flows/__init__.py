"""Prefect flows with thin bodies, the stages they run as data, and the reports they write."""
