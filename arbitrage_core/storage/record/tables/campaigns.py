"""Campaigns and stages: which sessions were run to show what, and the verdict on it."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, PrimaryKeyConstraint, Table

from arbitrage_core.storage.record.tables.columns import document, moment, number, one_of, rule, text, time_ns
from arbitrage_core.storage.record.tables.metadata import METADATA

CAMPAIGN_STATUSES = ("running", "passed", "failed", "abandoned")
VERDICTS = ("ACCEPTED", "REJECTED")
STAGE = "stage ~ '^D[0-9]{2}$'"
SHA256 = "{} ~ '^[0-9a-f]{{64}}$'"
UNHASHED = "none: recorded before they were hashed"


def _code_digest(of: str) -> Column:
    return text("code_digest", f"SHA-256 of the sources that {of}, hexadecimal; {UNHASHED}", nullable=True)


def _seed_fault() -> Column:
    return text("seed_fault", "the defect planted in this run; none: the real thing", nullable=True)


STAGE_VERDICTS = Table(
    "stage_verdicts",
    METADATA,
    Column("id", BigInteger, Identity(always=True), comment="number of this verdict"),
    text("stage", "D64 to D74"),
    text("verdict", "ACCEPTED or REJECTED"),
    document("checks", "each check: name, passed, observed, expected"),
    text("report", "the report, in Markdown"),
    text("code_version", "the program that judged"),
    text("flow_run_id", "the Prefect run that asked for it", nullable=True),
    time_ns("decided_ns", "when, by the clock"),
    moment("decided_at", "decided_ns"),
    _code_digest("ran and judged"),
    text(
        "config_digest",
        "SHA-256 of the stage's data and of the settings of its sessions, hexadecimal; none: likewise",
        nullable=True,
    ),
    _seed_fault(),
    PrimaryKeyConstraint("id"),
    rule("stage_must_be_known", STAGE, one_of("verdict", VERDICTS)),
    rule("checks_must_be_a_list", "jsonb_typeof(checks) = 'array'"),
    rule("times_must_be_positive", "decided_ns > 0"),
    rule("digests_must_be_sha256", SHA256.format("code_digest"), SHA256.format("config_digest")),
    Index("stage_verdicts_by_stage", "stage", "decided_ns"),
    comment="Verdicts on stages",
)

CAMPAIGN_RUNS = Table(
    "campaign_runs",
    METADATA,
    Column("id", BigInteger, Identity(always=True), comment="number of this run"),
    text("campaign", "name of the campaign"),
    text("stage", "the stage it was run for, if any", nullable=True),
    Column(
        "stage_verdict_id",
        BigInteger,
        ForeignKey("stage_verdicts.id", ondelete="SET NULL"),
        comment="the verdict it was evidence for, if any",
    ),
    text("mode", "backtest, paper or live"),
    document("bands", "what the outcome must lie in"),
    document("outcome", "what came out; none while it runs", nullable=True),
    text("status", "running, passed, failed or abandoned"),
    text("code_version", "the program that ran it"),
    text("flow_run_id", "the Prefect run that ran it", nullable=True),
    number("sessions_planned", "sessions it is made of"),
    time_ns("started_ns", "when it began, by the clock"),
    moment("started_at", "started_ns"),
    time_ns("ended_ns", "when it ended; none while it runs", nullable=True),
    moment("ended_at", "ended_ns"),
    _code_digest("ran it"),
    _seed_fault(),
    PrimaryKeyConstraint("id"),
    rule("campaign_must_be_named", "campaign <> ''", STAGE, one_of("mode", ("backtest", "paper", "live"))),
    rule("status_must_be_known", one_of("status", CAMPAIGN_STATUSES), "(status = 'running') = (ended_ns IS NULL)"),
    rule("figures_must_fit", "sessions_planned >= 0", "started_ns > 0", "ended_ns > 0"),
    rule("digest_must_be_sha256", SHA256.format("code_digest")),
    Index("campaign_runs_by_start", "campaign", "started_ns"),
    comment="Runs of campaigns",
)
