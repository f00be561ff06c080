"""The servers a checkout runs for itself, found again after a crash, or the operator's own in their place.

`stores` is the way in: `ensure_stores`, `ensure_prefect`, `status`, `stop_all`.
"""
