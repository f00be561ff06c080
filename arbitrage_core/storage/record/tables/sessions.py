"""The sessions: one row a run of the engine, from its start on. All else of a run hangs on its `id`.

`name` is derived from what the session is of, so the same command gives the same name: `run` tells its runs apart. The
`recorded_…` columns say how far the logs are recorded; each batch moves them in its own transaction, under the epoch
of its writer, so nothing is recorded twice and an older writer is refused.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, PrimaryKeyConstraint, Table, text
from sqlalchemy import UniqueConstraint as Unique

from arbitrage_core.storage.record.tables.columns import (
    document,
    moment,
    number,
    one_of,
    rule,
    small,
    time_ns,
)
from arbitrage_core.storage.record.tables.columns import text as text_column
from arbitrage_core.storage.record.tables.metadata import METADATA

MODES = ("backtest", "paper", "live", "replay")
STATUSES = ("running", "complete", "broken", "abandoned")
DIGEST = "~ '^[0-9a-f]{64}$'"
LOGS = ("orders", "changes", "fills", "trades", "incidents", "equity", "funding", "guards")
"""The logs of the engine that are recorded, by their names in `SessionLog`."""


def recorded(log: str) -> str:
    """The column of `sessions` that says how many entries of a log are recorded."""
    return f"recorded_{log}"


SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", BigInteger, Identity(always=True), comment="number of this run; other tables name it session_id"),
    text_column("name", "derived from mode, data and session key; the same for every run of the same session"),
    Column("run", Integer, nullable=False, comment="1 for the first run of this name, then 2, …"),
    Column(
        "campaign_run_id",
        BigInteger,
        ForeignKey("campaign_runs.id", ondelete="SET NULL"),
        comment="the campaign this session was run for, if any",
    ),
    text_column("mode", "backtest, paper, live or replay"),
    text_column("strategy", "name of the strategy"),
    number("session_key", "63-bit key under which client order ids are derived"),
    number("epoch", "the writer that may write now; only grows"),
    number("seed", "seed of the simulated venue"),
    small("levels", "depth of the books, in levels"),
    text_column("reporting_currency", "currency that amounts are stated in"),
    small("reporting_digits", "decimal digits of its booking unit: amount / 10^digits is money"),
    document("config", "the whole configuration; infinite limits as the text Infinity"),
    text_column("config_digest", "SHA-256 of the configuration, hexadecimal"),
    document("data", "where the rows come from, as the feed says it"),
    text_column("data_digest", "SHA-256 of the identity of the rows, hexadecimal"),
    Column("schema_version", Integer, nullable=False, comment="version of the engine's state record"),
    text_column("code_version", "the program that ran it"),
    time_ns("started_ns", "when the run began, by the clock"),
    moment("started_at", "started_ns"),
    time_ns("ended_ns", "when it ended, by the clock; none while it runs", nullable=True),
    moment("ended_at", "ended_ns"),
    text_column("status", "running, complete, broken (by an invariant) or abandoned (found without its process)"),
    text_column("reason", "why it broke or was abandoned", nullable=True),
    text_column("state_hash", "SHA-256 of the engine's last state and parameters, hexadecimal", nullable=True),
    document("preflight", "what was found before the start", nullable=True),
    document("document", "the result, as the command line prints it", nullable=True),
    document("preset", "the preset it ran with: name, version, digest, study, trials; none: none", nullable=True),
    *(number(recorded(log), f"entries of the log of {log} recorded so far") for log in LOGS),
    PrimaryKeyConstraint("id"),
    Unique("name", "run"),
    Unique("name", "started_ns"),
    rule("name_must_say_something", "name <> ''", "run >= 1"),
    rule("mode_must_be_known", one_of("mode", MODES)),
    rule("status_must_be_known", one_of("status", STATUSES), "(status = 'running') = (ended_ns IS NULL)"),
    rule("figures_must_fit", "session_key >= 0", "epoch >= 0", "seed >= 0", "levels >= 1", "reporting_digits >= 0"),
    rule(
        "digests_must_be_sha256",
        f"config_digest {DIGEST}",
        f"data_digest {DIGEST}",
        f"state_hash IS NULL OR state_hash {DIGEST}",
    ),
    rule("times_must_be_positive", "started_ns > 0", "ended_ns > 0"),
    rule("counts_must_not_be_negative", *(f"{recorded(log)} >= 0" for log in LOGS)),
    Index("sessions_by_start", text("started_ns DESC")),
    comment="Runs of the engine",
)


def session_id(**reference: object) -> Column:
    """The column that names the session a row belongs to; the row goes when the session does."""
    return Column(
        "session_id",
        BigInteger,
        ForeignKey("sessions.id", ondelete="CASCADE"),
        comment="sessions.id",
        nullable=bool(reference.get("nullable", False)),
    )
