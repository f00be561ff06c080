"""The run of an audit: Prefect ready, the flow, the matrix."""

from typing import Any

from rich.table import Table

from console.accept_run import checks_shown, say
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.page import Page, shown_of
from console.prefect_ready import prefect_ready


def run(*, as_json: bool) -> int:
    """Runs the audit, shows it and gives the exit code."""
    prefect_ready(say)
    from flows.audit_run import audit

    document = audit()
    if as_json:
        print_document(document)
    else:
        _show(document)
    return ACCEPTED if document["complete"] else FAILED


def _show(document: dict[str, Any]) -> None:
    failed = [check for check in document["checks"] if not check["passed"]]
    document, console = shown_of(document), Page()
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("", "stage", "feature", "evidence"):
        table.add_column(head, overflow="fold")
    for one in document["features"]:
        table.add_row(one["state"], one["stage"], one["name"], one["evidence"])
    console.print(table)
    if failed:
        console.print(checks_shown(failed))
    said = "complete and true" if document["complete"] else "not complete, or not true"
    console.print(
        f"\n{len(document['features'])} features, {len(document['critical'])} critical gaps; the audit is {said}"
    )
    console.print(f"written: {', '.join(document['documents'])}")
