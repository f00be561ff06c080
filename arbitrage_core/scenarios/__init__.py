"""Robustness scenarios: what is injected, how that is proved, and what must come of it."""
