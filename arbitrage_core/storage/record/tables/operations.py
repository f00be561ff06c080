"""What was refused, ordered by the operator and said in the log while a session ran."""

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, PrimaryKeyConstraint, Table
from sqlalchemy import UniqueConstraint as Unique

from arbitrage_core.domain.refusal import REFUSAL_SLOTS
from arbitrage_core.storage.record.tables.columns import (
    document,
    moment,
    number,
    one_of,
    rule,
    small,
    text,
    time_ns,
)
from arbitrage_core.storage.record.tables.metadata import METADATA
from arbitrage_core.storage.record.tables.sessions import session_id

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FIELDS_BYTES_MAX = 65_536

REFUSALS = Table(
    "refusals",
    METADATA,
    session_id(),
    text("symbol", "what was looked at"),
    small("refusal_code", "number of the refusal, in order of precedence"),
    text("refusal", "the rule that would have been broken"),
    number("refused", "looks at which an entry was refused for it"),
    number("missed", "opportunities that ended with it as their last refusal"),
    time_ns("counted_ns", "row time at which these counts stood"),
    PrimaryKeyConstraint("session_id", "symbol", "refusal_code"),
    rule(
        "counts_must_fit",
        f"refusal_code BETWEEN 1 AND {REFUSAL_SLOTS - 1}",
        "refused >= 0",
        "missed >= 0",
        "counted_ns >= 0",
    ),
    comment="Refusals counted by symbol and rule; counts only grow",
)

OPERATOR_ACTIONS = Table(
    "operator_actions",
    METADATA,
    text("command_id", "given by the sender; a command sent twice is one"),
    session_id(nullable=True),
    text("action", "what was ordered"),
    document("arguments", "with what", nullable=True),
    text("operator", "who ordered it"),
    text("source", "from where: command line, control room, flow"),
    time_ns("asked_ns", "when it was ordered, by the clock"),
    moment("asked_at", "asked_ns"),
    time_ns("answered_ns", "when it was answered; none: not yet", nullable=True),
    Column("accepted", Boolean, comment="whether it was carried out; none: not answered yet"),
    text("answer", "what was answered", nullable=True),
    PrimaryKeyConstraint("command_id"),
    rule("command_must_be_named", "command_id <> ''", "action <> ''"),
    rule(
        "answer_must_be_whole",
        "asked_ns > 0",
        "(answered_ns IS NULL) = (accepted IS NULL)",
        "answered_ns IS NULL OR answered_ns > 0",
    ),
    Index("operator_actions_by_session", "session_id", "asked_ns"),
    comment="Commands of operators and their answers",
)

SESSION_LOGS = Table(
    "session_logs",
    METADATA,
    Column("id", BigInteger, Identity(always=True), comment="in the order recorded"),
    session_id(nullable=True),
    number("number", "place among the session's log records, from 0 on; none: not numbered", nullable=True),
    time_ns("logged_ns", "when it was logged, by the clock"),
    moment("logged_at", "logged_ns"),
    text("level", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    text("event", "what happened"),
    document("fields", "with what; secrets redacted before", nullable=True),
    PrimaryKeyConstraint("id"),
    Unique("session_id", "number"),
    rule("level_must_be_known", one_of("level", LEVELS)),
    rule(
        "size_must_fit",
        "logged_ns > 0",
        f"octet_length(event) <= {FIELDS_BYTES_MAX}",
        f"octet_length(fields::text) <= {FIELDS_BYTES_MAX}",
    ),
    Index("session_logs_by_time", "session_id", "logged_ns"),
    comment="What sessions said in their logs",
)
