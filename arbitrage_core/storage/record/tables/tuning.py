"""Tuning studies with their results, the presets that came of them, and which version of each is in use."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
)
from sqlalchemy import UniqueConstraint as Unique

from arbitrage_core.storage.record.tables.columns import (
    document,
    finite,
    moment,
    number,
    one_of,
    real,
    rule,
    text,
    time_ns,
)
from arbitrage_core.storage.record.tables.metadata import METADATA
from arbitrage_core.storage.record.tables.sessions import DIGEST

STUDY_STATUSES = ("running", "complete", "failed", "abandoned")

TUNING_STUDIES = Table(
    "tuning_studies",
    METADATA,
    Column("id", BigInteger, Identity(always=True), comment="number of this study"),
    text("name", "name of the study"),
    text("strategy", "name of the strategy"),
    document("space", "the parameters searched, and where"),
    text("objective", "what was maximised"),
    text("data_digest", "SHA-256 of the identity of the rows, hexadecimal"),
    number("seed", "seed of the search"),
    text("status", "running, complete, failed or abandoned"),
    number("trials", "parameter sets tried so far"),
    real("deflated_sharpe", "Sharpe ratio less what so many trials give by chance, as a probability", nullable=True),
    real("overfit_probability", "that the best in sample is below the median out of sample", nullable=True),
    text("code_version", "the program that searched"),
    time_ns("started_ns", "when it began, by the clock"),
    moment("started_at", "started_ns"),
    time_ns("ended_ns", "when it ended; none while it runs", nullable=True),
    document("definition", "sampler, objectives, constraints and splits"),
    text("code_digest", "SHA-256 of the sources that searched, hexadecimal"),
    text("config_digest", "SHA-256 of the configuration that the parameters are varied in, hexadecimal"),
    text("reason", "why it failed; none: it did not", nullable=True),
    document("outcome", "what it came to: best sets, walk-forward, plateau; none: it is not complete", nullable=True),
    PrimaryKeyConstraint("id"),
    Unique("name"),
    rule("status_must_be_known", one_of("status", STUDY_STATUSES), "(status = 'running') = (ended_ns IS NULL)"),
    rule(
        "figures_must_fit",
        "name <> ''",
        "seed >= 0",
        "trials >= 0",
        "deflated_sharpe BETWEEN 0 AND 1",
        "overfit_probability BETWEEN 0 AND 1",
        "started_ns > 0",
        "ended_ns > 0",
        f"data_digest {DIGEST}",
    ),
    rule("digests_must_be_sha256", f"code_digest {DIGEST}", f"config_digest {DIGEST}"),
    comment="Searches for parameters",
)

TUNING_RESULTS = Table(
    "tuning_results",
    METADATA,
    Column("study_id", BigInteger, ForeignKey("tuning_studies.id", ondelete="CASCADE"), comment="tuning_studies.id"),
    number("trial", "number of the parameter set in its study, from 0 on"),
    document("params", "the parameters"),
    text("params_digest", "SHA-256 of the parameters, hexadecimal"),
    real("in_sample", "the first objective on the rows it was chosen by; none: it was stopped", nullable=True),
    real("out_of_sample", "the objective on rows it had not seen; none: not tried there", nullable=True),
    document("figures", "whatever else was measured", nullable=True),
    text("data_digest", "SHA-256 of the identity of the rows, hexadecimal"),
    text("code_digest", "SHA-256 of the sources that evaluated it, hexadecimal"),
    text("config_digest", "SHA-256 of its whole configuration, hexadecimal"),
    text("state_hash", "state hash that a backtest of it leaves, hexadecimal; none: it was stopped", nullable=True),
    text("failure", "why the engine stopped itself; none: it did not", nullable=True),
    PrimaryKeyConstraint("study_id", "trial"),
    rule(
        "figures_must_fit",
        "trial >= 0",
        f"params_digest {DIGEST}",
        *finite("in_sample", "out_of_sample"),
    ),
    rule(
        "digests_must_be_sha256",
        *(f"{name} {DIGEST}" for name in ("data_digest", "code_digest", "config_digest", "state_hash")),
    ),
    rule("a_result_or_a_failure", "(in_sample IS NULL) = (failure IS NOT NULL)"),
    comment="Parameter sets tried, with what they brought",
)

STRATEGY_PRESETS = Table(
    "strategy_presets",
    METADATA,
    text("name", "name of the preset"),
    Column("version", Integer, nullable=False, comment="1, 2, …; a version never changes"),
    text("strategy", "name of the strategy"),
    document("params", "the parameters"),
    text("params_digest", "SHA-256 of the parameters, hexadecimal"),
    Column(
        "study_id",
        BigInteger,
        ForeignKey("tuning_studies.id", ondelete="SET NULL"),
        comment="the study it came of, if any",
    ),
    text("note", "why it was made", nullable=True),
    time_ns("created_ns", "when, by the clock"),
    moment("created_at", "created_ns"),
    document("evidence", "what it was saved on: study, trials, figures, digests; none: not known", nullable=True),
    text(
        "whole_digest",
        "SHA-256 of name, version, strategy, parameters and evidence, hexadecimal; none: saved before it was kept",
        nullable=True,
    ),
    PrimaryKeyConstraint("name", "version"),
    rule("figures_must_fit", "name <> ''", "version >= 1", "created_ns > 0", f"params_digest {DIGEST}"),
    rule("evidence_must_be_hashed", f"whole_digest {DIGEST}", "evidence IS NULL OR whole_digest IS NOT NULL"),
    comment="Named, hashed sets of parameters",
)

PRESETS_IN_USE = Table(
    "presets_in_use",
    METADATA,
    text("name", "name of the preset; one that is not here means its newest version"),
    Column("version", Integer, nullable=False, comment="the version it means instead"),
    time_ns("chosen_ns", "when an operator chose it, by the clock"),
    moment("chosen_at", "chosen_ns"),
    PrimaryKeyConstraint("name"),
    ForeignKeyConstraint(["name", "version"], ["strategy_presets.name", "strategy_presets.version"]),
    rule("times_must_be_positive", "chosen_ns > 0"),
    comment="Versions of presets that operators chose; operator_actions says who and why",
)
