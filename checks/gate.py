"""The gate: every suite over what a stage's sessions recorded, and one answer.

The columns are read from Postgres as arrays and judged as frames, while Great Expectations is imported beside it.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache

import pandas as pd

from arbitrage_core.storage.record.database import Record
from checks import fills, orders, sessions, studies, trades
from checks.evidence import Evidence, read_evidence
from checks.result import GateResult
from checks.rule import Rule
from checks.suite import great_expectations, run_rules
from checks.terms import terms_of

SUITES = (sessions, orders, fills, trades)
RULES: tuple[Rule, ...] = tuple(rule for suite in SUITES for rule in suite.RULES)
KEYS = {frame: columns for suite in (*SUITES, studies) for frame, columns in suite.KEYS.items()}


@lru_cache(maxsize=1)
def prepare() -> threading.Thread:
    """Begins to import Great Expectations, which takes seconds; whoever will want a gate calls this early."""
    importing = threading.Thread(target=great_expectations, name="great-expectations", daemon=True)
    importing.start()
    return importing


def gate(
    stage: str, postgres_url: str, session_ids: Sequence[int], study_sets: Mapping[int, int] | None = None
) -> GateResult:
    """Every rule over what these sessions recorded.

    stage         what it is for, as it will be named in the report, e.g. D65
    postgres_url  the record, as `ARB_POSTGRES_URL` names it
    session_ids   numbers of the runs, `sessions.id`; without any the gate is not passed
    study_sets    numbers of tuning studies, `tuning_studies.id`, with how many sets each was to try

    Raises BadInput (a URL that is none, a configuration that is not understood) and RecordAway.
    """
    began = time.perf_counter()
    importing = prepare()  # its seconds pass while the database reads
    with Record.open(postgres_url) as record:
        evidence = read_evidence(record, session_ids)
        searched = studies.frames(record, study_sets) if study_sets else {}
    read = time.perf_counter()
    judged, rules = frames_of(evidence) | searched, (*RULES, *(studies.RULES if searched else ()))
    framed = time.perf_counter()
    importing.join()
    imported = time.perf_counter()
    results = run_rules(judged, rules, KEYS) if evidence.asked else []
    ended = time.perf_counter()
    timings_s = {
        "read": read - began,
        "frames": framed - read,
        "import": imported - framed,
        "judge": ended - imported,
        "total": ended - began,
    }
    return GateResult(stage, results, {name: round(value, 3) for name, value in timings_s.items()})


def frames_of(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """The frames of all suites."""
    terms = terms_of(evidence)
    return {name: frame for suite in SUITES for name, frame in suite.frames(evidence, terms).items()}
