"""The engine package: domain, fold, adapters and sessions; no Prefect, no Great Expectations."""
