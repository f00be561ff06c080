"""The suite: rules put to Great Expectations over frames, and what it says put into words.

Great Expectations leaves out missing values, so that a check would pass on them: a frame that comes here has none, and
one that has is a mistake of ours (InvariantBroken). It takes seconds to import, so that is done on first use.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import pandas as pd

from arbitrage_core.storage.record.availability import InvariantBroken
from checks.result import CheckResult
from checks.rule import Rule

ROWS_SHOWN = 5


def great_expectations() -> ModuleType:
    """The package, told to send nothing to its makers."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    # It imports sre_constants and sre_parse, which Python calls deprecated and still has, and urllib3, which misses
    # SOCKS: no matter of ours. For good, because it is imported in a thread, and `catch_warnings` is not made for that.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message="module 'sre_")
    warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
    import great_expectations as gx

    return gx


def run_rules(
    frames: Mapping[str, pd.DataFrame], rules: Sequence[Rule], keys: Mapping[str, Sequence[str]]
) -> list[CheckResult]:
    """Every rule over its frame, in the rules' order. `keys`: the columns that name a row, by frame.

    Raises InvariantBroken when a rule cannot be evaluated: a check that breaks is never one that passed.
    """
    gx = great_expectations()
    context = _quiet_context(gx)
    found: dict[str, CheckResult] = {}
    for name in dict.fromkeys(rule.frame for rule in rules):
        of_frame = [rule for rule in rules if rule.frame == name]
        _must_have_no_gaps(name, frames[name])
        batch = _batch(context, name, frames[name])
        outcomes = _validated(gx, context, batch, name, of_frame, {"result_format": "BASIC"})
        for rule, outcome in zip(of_frame, outcomes, strict=True):
            rows = () if outcome["success"] else _rows_at_fault(gx, context, batch, rule, tuple(keys[name]))
            found[rule.name] = _said(rule, outcome, len(frames[name]), rows)
    return [found[rule.name] for rule in rules]


def _quiet_context(gx: ModuleType) -> Any:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


def _batch(context: Any, name: str, frame: pd.DataFrame) -> Any:
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    return asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": frame})


def _validated(
    gx: ModuleType, context: Any, batch: Any, name: str, rules: Sequence[Rule], result_format: dict[str, object]
) -> list[dict[str, Any]]:
    """What became of each rule, in their order."""
    suite = gx.ExpectationSuite(name=f"{name} {len(rules)} {result_format['result_format']} {rules[0].name}")
    for number, rule in enumerate(rules):
        expectation = getattr(gx.expectations, rule.kind)
        severity = "critical" if rule.critical else "warning"
        suite.add_expectation(expectation(**rule.arguments, severity=severity, meta={"number": number}))
    outcome = batch.validate(context.suites.add(suite), result_format=result_format)
    by_number = {one.expectation_config.meta["number"]: one.to_json_dict() for one in outcome.results}
    found = [by_number[number] for number in range(len(rules))]
    for rule, one in zip(rules, found, strict=True):
        raised = one["exception_info"]
        if raised.get("raised_exception", True):
            raise InvariantBroken(f"check {rule.name!r} could not be evaluated: {raised}")
    return found


def _rows_at_fault(gx: ModuleType, context: Any, batch: Any, rule: Rule, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The first rows that break a rule: their keys, and the values it looked at."""
    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": list(keys),
        "partial_unexpected_count": ROWS_SHOWN,
    }
    result = _validated(gx, context, batch, rule.frame, [rule], wanted)[0]["result"]
    found = []
    for row in (result.get("unexpected_index_list") or [])[:ROWS_SHOWN]:
        named = [f"{key}={row[key]}" for key in keys]
        seen = [f"{column}={row[column]}" for column in rule.columns if column in row and column not in keys]
        found.append(" ".join(named + seen))
    return tuple(found)


def _said(rule: Rule, outcome: dict[str, Any], rows: int, at_fault: tuple[str, ...]) -> CheckResult:
    wrong = int(outcome["result"].get("unexpected_count", 0))
    observed = f"{rows:,} rows, all so" if outcome["success"] else f"{wrong:,} of {rows:,} rows are not so"
    return CheckResult(rule.name, bool(outcome["success"]), observed, rule.expected, rule.critical, at_fault)


def _must_have_no_gaps(name: str, frame: pd.DataFrame) -> None:
    missing = [column for column in frame.columns if frame[column].isna().any()]
    if missing:
        raise InvariantBroken(f"the frame {name!r} has missing values in {', '.join(missing)}: no check would see them")
