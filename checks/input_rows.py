"""Placeholder."""


def gate_rows() -> None:
    """Later."""
