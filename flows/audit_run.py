"""The flow `audit`: what is there, what was shown of it, what is missing; written to docs, and shown as artifacts."""

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from arbitrage_core.storage.record.database import Record
from flows.audit import gaps_of
from flows.audit_checks import list_checks
from flows.audit_controls import control_checks
from flows.audit_documents import AUDIT, ROADMAP, Audit, write_documents
from flows.complaint import plainly
from flows.grounds import ground
from flows.stages.features import FEATURES

ROOT = Path(__file__).resolve().parent.parent


@flow(name="audit", description="What is there, what was shown of it, what is missing.", log_prints=False)
@plainly
def audit() -> dict[str, Any]:
    """Builds the gap matrix from the sources and the record, and tries itself on sessions with a feature off."""
    line = get_run_logger().info
    here = ground(line)
    with Record.open(here.postgres_url) as record:
        found = write_documents(record, ROOT)
    line("trying the audit on sessions with a feature switched off")
    checks = (*control_checks(FEATURES, workers=here.workers), *list_checks(FEATURES, found.findings, found.report))
    show_audit(found)
    return {
        "complete": all(check.passed for check in checks),
        "features": [one.model_dump(mode="json") for one in found.findings],
        "critical": [{"name": gap.name, "stage": gap.stage, "why": gap.evidence} for gap in gaps_of(found.findings)],
        "checks": [check.model_dump(mode="json") for check in checks],
        "documents": [AUDIT.as_posix(), ROADMAP.as_posix()],
    }


def show_audit(found: Audit) -> None:
    """The matrix and its report as artifacts of the run."""
    gaps = len(gaps_of(found.findings))
    said = f"{len(found.findings)} features, {gaps} critical gaps"
    rows = [
        {"": str(one.state), "stage": one.stage, "feature": one.name, "evidence": one.evidence}
        for one in found.findings
    ]
    create_table_artifact(table=rows, key="audit-features", description=said)
    create_markdown_artifact(markdown=found.report, key="audit", description=said)
