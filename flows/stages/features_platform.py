"""The features of the platform: stages, record, live state, tuning, robustness, recovery, scale, monitoring, operation.

A feature of a stage that is still to come names the module of that stage: the day it is written the audit sees it.
"""

from flows.stages.feature import Feature, Probe


def _coming(name: str, stage: str, why: str, *code: str, critical: bool = True) -> Feature:
    """A feature that a stage still to come brings: its module with the stage's data, its tests, all its checks."""
    number = stage.lower()
    return Feature(
        name=name,
        stage=stage,
        why=why,
        code=(f"flows.stages.{number}:{stage}", *code),
        tests=(f"tests/flows/stages/test_{number}.py",),
        probe=Probe(stages=(stage,), checks=("*",)),
        critical=critical,
    )


JUDGED = (
    Feature(
        name="Audit that names what is switched off",
        stage="D64",
        why="a list that would be the same whatever is missing is worth nothing",
        code=("flows.audit:audited", "flows.audit_controls:control_checks"),
        tests=("tests/flows/test_audit.py", "tests/flows/test_audit_controls.py"),
        probe=Probe(stages=("D64",), checks=("audit notices *",)),
    ),
    Feature(
        name="Standard campaigns",
        stage="D64",
        why="the same figures, asked of every version",
        code=("flows.stages.d64:D64",),
        tests=("tests/flows/stages/test_d64.py",),
        probe=Probe(
            stages=("D64",), checks=("S1 shows what it must", "S2 shows what it must", "S6 shows what it must")
        ),
    ),
    Feature(
        name="Order of stages",
        stage="D65",
        why="nothing is accepted on ground that was not",
        code=("flows.stages.order:before", "flows.audit_checks:order_check", "flows.accept:stand_before"),
        tests=("tests/flows/test_audit_checks.py", "tests/flows/test_order.py"),
        probe=Probe(stages=("D65",), checks=("stages before it are accepted",)),
    ),
    Feature(
        name="Win rates that follow the market",
        stage="D65",
        why="an engine that wins everywhere was fed its wins",
        code=("flows.stages.d65:D65",),
        tests=("tests/flows/stages/test_d65.py::test_its_bands_hold_on_every_seed_with_no_law_broken",),
        probe=Probe(stages=("D65",), checks=("C1 win rate", "C2 win rate", "C3 win rate")),
    ),
    Feature(
        name="Data-quality checks",
        stage="D65",
        why="a stage rests on tables, so the tables are checked by rules written a second time",
        code=("checks.gate:gate", "checks.input_rows:gate_rows"),
        tests=("tests/checks/test_gate.py::test_every_rule_has_a_defect_that_breaks_it",),
        probe=Probe(stages=("D64", "D65"), checks=("sessions: *", "orders: *", "fills: *", "trades: *")),
    ),
    Feature(
        name="Record equals ledger",
        stage="D65",
        why="what Postgres says happened is what the engine booked",
        code=("arbitrage_core.storage.record.comparison:differences",),
        tests=("tests/storage/record/test_round_trip.py::test_the_record_equals_the_ledger_exactly",),
        probe=Probe(stages=("D64", "D65"), checks=("record equals ledger",)),
    ),
    Feature(
        name="Live state in Redis",
        stage="D65",
        why="a screen and an operator see a running session, and none is trusted over the record",
        code=("arbitrage_core.storage.live_state.writer", "arbitrage_core.storage.live_state.state_store"),
        tests=(
            "tests/storage/live_state/test_state_store.py::test_an_epoch_once_claimed_refuses_the_older_one_before_it_has_written",
        ),
        probe=Probe(stages=("D65",), table="sessions", where=(("mode", "paper"), ("status", "complete"))),
    ),
    Feature(
        name="Backtests of recorded quotes",
        stage="D65",
        why="a market that was made up proves nothing of one that is",
        code=("arbitrage_core.feeds.recorded:RecordedQuotes",),
        tests=("tests/feeds/test_recorded.py", "tests/feeds/test_bad_recordings.py"),
        probe=Probe(stages=("D69",), checks=("recorded quotes *",)),
        critical=False,
        limit="no campaign trades a recording",
    ),
)

SEVERAL = (
    Feature(
        name="Several symbols, independent",
        stage="D66",
        why="a symbol decides among others what it decides alone",
        code=("flows.stages.d66:D66", "flows.independence:independence_of"),
        tests=("tests/test_reference_agreement.py::test_a_symbol_alone_does_what_it_does_among_others",),
        probe=Probe(stages=("D66",), checks=("* each symbol decides as it does alone",)),
    ),
    Feature(
        name="Portfolio adds up, limits are shared",
        stage="D67",
        why="the sum of the parts is the whole, and what all may lose is one number",
        code=("flows.stages.d67:D67", "arbitrage_core.domain.session:SessionConfig.portfolio_exposure_max_quote"),
        tests=("tests/flows/stages/test_d66_d67.py::test_its_bands_hold_with_no_law_broken_and_no_sum_off",),
        probe=Probe(
            stages=("D67",), checks=("P[0-9] *", "all parts of the portfolio add up", "no exposure limit is crossed")
        ),
    ),
)

PROVED = (
    Feature(
        name="Parameter tuning",
        stage="D68",
        why="the best of many trials is luck until it holds on other data",
        code=(
            "flows.stages.d68:D68",
            "arbitrage_core.tuning.study:run_study",
            "arbitrage_core.tuning.search:Search",
            "console.tune",
        ),
        tests=(
            "tests/flows/stages/test_d68.py",
            "tests/tuning/test_study.py",
            "tests/tuning/test_evaluation.py",
        ),
        probe=Probe(
            stages=("D68",),
            checks=("* every set is recorded, each once", "* the best set's session is what was tried", "sets: *"),
        ),
    ),
    Feature(
        name="Against self-deception",
        stage="D68",
        why="a tuner that looks ahead, or takes luck for skill, finds what is not there",
        code=(
            "arbitrage_core.tuning.objections:objections_to",
            "arbitrage_core.tuning.foresight:foresight_of",
            "arbitrage_core.tuning.plateau:plateau_of",
            "flows.study_review:reviewed",
        ),
        tests=(
            "tests/flows/test_study_checks.py",
            "tests/tuning/test_objections.py",
            "tests/tuning/test_foresight.py",
            "tests/flows/stages/test_d68.py::test_a_planted_defect_is_named",
        ),
        probe=Probe(
            stages=("D68",),
            checks=(
                "* no order was decided by rows after it",
                "* nothing out of sample was known in sample",
                "* figures in and out of sample are those of the trades",
                "* luck is called luck",
                "* what holds up is told",
            ),
        ),
    ),
    Feature(
        name="Postgres is mandatory",
        stage="D68",
        why="without a record there is no evidence, and no stand-in for it",
        code=(
            "flows.study_controls:without_record_check",
            "arbitrage_core.storage.record.database:Record.open",
            "arbitrage_core.storage.record.studies:insert_results",
        ),
        tests=(
            "tests/flows/test_study_controls.py",
            "tests/checks/test_studies.py",
            "tests/session/test_paper.py::test_a_store_that_is_not_there_at_the_start_is_a_clear_error_and_leaves_nothing",
        ),
        probe=Probe(stages=("D68",), checks=("without Postgres nothing is tried", "studies: *")),
    ),
    Feature(
        name="Six scenarios, really injected",
        stage="D69",
        why="a market is not always kind, and injected is measured, not claimed",
        code=(
            "flows.stages.d69:D69",
            "arbitrage_core.scenarios.catalogue:SCENARIOS",
            "arbitrage_core.scenarios.judgement:judged",
            "console.stress",
        ),
        tests=(
            "tests/flows/stages/test_d69.py",
            "tests/scenarios/test_scenarios.py::test_no_proof_holds_with_the_injection_off",
        ),
        probe=Probe(
            stages=("D69",),
            checks=("* injection is measured", "every scenario differs from the baseline and from every other"),
        ),
        limit="backtests only: a paper session is not stressed",
    ),
    Feature(
        name="Verdict: is it worth trading",
        stage="D69",
        why="the question the whole is for, with its uncertainty",
        code=(
            "flows.stages.d69:VERDICT_CAMPAIGNS",
            "arbitrage_core.statistics.verdict:judge",
            "arbitrage_core.statistics.stationary_bootstrap:MeanBootstrap",
            "arbitrage_core.session.verdict_run:verdict_of",
            "flows.verdict_checks:verdict_campaign_checks",
            "console.verdict",
        ),
        tests=(
            "tests/flows/test_verdict_checks.py",
            "tests/flows/stages/test_d69.py::test_a_verdict_without_uncertainty_is_rejected",
            "tests/statistics/test_verdict_calibration.py",
        ),
        probe=Probe(
            stages=("D69",),
            checks=(
                "V1 verdict is TRADE",
                "V2 verdict is TRADE",
                "V3 verdict is NOT ENOUGH EVIDENCE",
                "V4 verdict is DO NOT TRADE",
                "V[0-9] interval holds the market's mean",
                "V[0-9] probability agrees with the interval",
                "V[0-9] expectancy times trades is the record's PnL",
                "V[0-9] cost share is the record's",
                "V[0-9] more trials make it more careful",
                "V[0-9] earning ends where it says",
            ),
        ),
    ),
    Feature(
        name="Snapshots while a session runs",
        stage="D70",
        why="every 5 minutes, at each trade opened or closed, at exit: what a restart goes on from",
        code=("flows.stages.d70:D70", "arbitrage_core.storage.record.snapshots:record_snapshot"),
        tests=("tests/storage/record/test_snapshots.py", "tests/flows/stages/test_d70.py"),
        probe=Probe(stages=("D70",), table="session_snapshots"),
    ),
    _coming("Resume, exactly", "D70", "crashed and resumed is the run that was never interrupted, bit for bit"),
    _coming(
        "Failure injection",
        "D71",
        "each fault of the list, in each phase, on the real thing",
        "arbitrage_core.drills",
    ),
    _coming("Recovery by itself", "D71", "trading again, or halted with a reason: never a silent stall"),
    Feature(
        name="Anomaly watch",
        stage="D71",
        why="what is not trading stops at once, and is kept to be looked into",
        code=("arbitrage_core.session.anomaly_watch:AnomalyWatch", "arbitrage_core.session.debug_bundle"),
        tests=("tests/session/test_anomaly_watch.py", "tests/session/test_debug_bundle.py"),
        probe=Probe(stages=("D71",), checks=("*anomal*",)),
        critical=False,
    ),
    _coming(
        "Live exchanges by ccxt",
        "D71",
        "what pays in simulation is traded on an exchange in the end",
        "arbitrage_core.venues.ccxt",
    ),
    _coming("Scale, 2 to 50 symbols", "D72", "lag under load is loss", "console.scale"),
    _coming("Metrics and dashboards", "D73", "what is not seen is not noticed", "arbitrage_core.monitoring.metrics"),
    _coming("Alerts", "D73", "nobody watches a screen all night", "arbitrage_core.monitoring.alerts"),
    Feature(
        name="Logs as JSON lines, no secret in them",
        stage="D73",
        why="what happened can be searched, and shown to anybody",
        code=("arbitrage_core.monitoring.logs.log_book:LogBook",),
        tests=("tests/monitoring/logs/test_secrets.py::test_a_planted_secret_appears_in_no_output",),
        probe=Probe(stages=("D65",), table="session_logs"),
        critical=False,
    ),
    _coming("Control room", "D74", "one page to see and stop everything from", "console.control_room"),
    Feature(
        name="Operator actions recorded",
        stage="D74",
        why="who ordered what, and what was answered",
        code=("flows.stages.d74:D74", "arbitrage_core.storage.record.tables.operations:OPERATOR_ACTIONS"),
        tests=("tests/session/test_operator.py::test_every_command_is_answered_and_obeyed_once",),
        probe=Probe(stages=("D74",), table="operator_actions"),
    ),
    Feature(
        name="Operator's commands",
        stage="D74",
        why="pause, resume, flatten, stop, kill, symbol off, release a guard: each answered",
        code=("console.session_commands", "console.switches", "console.guard_commands"),
        tests=("tests/session/test_operator.py", "tests/storage/live_state/test_listener.py"),
        probe=Probe(stages=("D74",), checks=("*command*",)),
    ),
)

PLATFORM_FEATURES = (*JUDGED, *SEVERAL, *PROVED)
