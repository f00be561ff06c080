"""The audit's documents: audit and roadmap, written below `docs/` from what the record and the checkout hold."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.disk import write_whole
from arbitrage_core.storage.record.database import Record
from flows.audit import Evidence, Finding, Looking, audited, look
from flows.audit_evidence import read_evidence
from flows.report.audit_report import audit_report
from flows.report.roadmap import roadmap
from flows.stages.d64 import D64
from flows.stages.features import FEATURES
from flows.stages.registry import STAGES
from flows.verdicts import standing_of

AUDIT = Path("docs") / "D64_SYSTEM_AUDIT.md"
ROADMAP = Path("docs") / "D_ROADMAP_V2.md"
MUTATION = Path("docs") / "reports" / "mutation.json"


@dataclass(frozen=True)
class Audit:
    """The matrix and its report."""

    findings: tuple[Finding, ...]
    report: str


def newest_evidence(record: Record) -> Evidence:
    """What the record holds of the present code."""
    return read_evidence(record, STAGES.values(), FEATURES)


def audit_of(evidence: Evidence, root: Path, looking: Looking = look) -> Audit:
    """The audit over this evidence; `root`: the checkout, for the mutation run's result. Raises BadInput."""
    findings = audited(FEATURES, evidence, looking)
    return Audit(findings, audit_report(findings, D64, evidence.campaigns.get(D64.name, ()), _mutants(root)))


def write_documents(record: Record, root: Path) -> Audit:
    """Writes audit and roadmap anew, from the newest evidence. Raises DiskRefused, BadInput."""
    audit = audit_of(newest_evidence(record), root)
    found = {name: standing_of(record, stage) for name, stage in STAGES.items()}
    standings = {name: standing for name, standing in found.items() if standing is not None}
    (root / AUDIT).parent.mkdir(parents=True, exist_ok=True)
    write_whole(root / AUDIT, audit.report.encode())
    write_whole(root / ROADMAP, roadmap(audit.findings, standings, tuple(STAGES)).encode())
    return audit


def _mutants(root: Path) -> dict[str, Any] | None:
    file = root / MUTATION
    if not file.is_file():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{MUTATION.as_posix()} is not JSON: {error}", "run the mutation tests again") from error
