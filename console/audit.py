"""`arb audit`: what is there, what was shown of it, and what is missing, through the same flow as in the Prefect UI."""

import typer

from console.options import Json


def audit(as_json: Json = False) -> None:
    """Build the gap matrix from the sources and the record; writes docs/D64_SYSTEM_AUDIT.md and docs/D_ROADMAP_V2.md.

    Exit code 0: the audit is complete and true, however many gaps it lists. 1: it is not, or something it needs is not
    there.
    """
    from console.audit_run import run

    raise typer.Exit(run(as_json=as_json))
