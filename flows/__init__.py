"""Prefect flows: thin bodies over campaigns, with each stage as data."""
