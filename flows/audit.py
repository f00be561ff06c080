"""The audit: of each feature, whether its code and tests exist and whether it was seen at work, as one matrix.

Pure: what exists and what was measured is handed in. ❌ when code or tests are missing, or the feature was looked for
in what ran and is not there. ⚠️ when nothing that ran could have shown it yet, or a limit is stated. ✅ when code, tests
and measured evidence of the present code are there. A critical feature that is ❌ is a critical gap.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

from flows.existence import missing_code, missing_tests
from flows.outcome import CampaignOutcome, Check
from flows.stages.feature import Feature, Probe
from flows.stages.order import ORDER

SHOWN_MAX = 3


class Mark(StrEnum):
    """How a feature stands."""

    MET = "✅"
    LIMITED = "⚠️"
    MISSING = "❌"


class Finding(BaseModel):
    """A feature, how it stands, and what that rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    stage: str = Field(description="the one that owns it")
    state: Mark
    evidence: str = Field(description="what was measured, or what is missing")
    critical: bool
    why: str = Field(description="why the feature matters")

    @property
    def is_gap(self) -> bool:
        """Whether it is critical and missing."""
        return self.critical and self.state is Mark.MISSING


@dataclass(frozen=True)
class Evidence:
    """What was measured on the present code, without a planted defect.

    `campaigns`: of each stage all of whose campaigns were run, the newest outcome of each. `checks`: of each stage with
    a verdict, those of the newest. `rows`: of each probe of a table, how many rows of the present engine it finds.
    """

    campaigns: dict[str, tuple[CampaignOutcome, ...]] = field(default_factory=dict)
    checks: dict[str, tuple[Check, ...]] = field(default_factory=dict)
    rows: dict[Probe, int] = field(default_factory=dict)

    def with_run(self, stage: str, campaigns: tuple[CampaignOutcome, ...], checks: tuple[Check, ...]) -> "Evidence":
        """The same with this run in place of the stage's earlier ones."""
        return Evidence({**self.campaigns, stage: campaigns}, {**self.checks, stage: checks}, self.rows)


@dataclass(frozen=True)
class Look:
    """What a probe found: shown, or absent (False), or nothing that ran could have shown it (None)."""

    shown: bool | None
    words: str


Looking = Callable[[Probe, Evidence], Look]


def look(probe: Probe, evidence: Evidence) -> Look:
    """Looks where a probe points."""
    if probe.figures:
        return _figures(probe, evidence)
    if probe.checks:
        return _checks(probe, evidence)
    return _rows(probe, evidence)


def always_yes(probe: Probe, evidence: Evidence) -> Look:
    """A blind `look`, for the seed fault that the audit's own controls must notice."""
    return Look(True, "seen")


def audited(features: Iterable[Feature], evidence: Evidence, looking: Looking = look) -> tuple[Finding, ...]:
    """The matrix: a finding a feature, in their order. Raises InvariantBroken for a probe into nothing."""
    return tuple(_finding(feature, evidence, looking) for feature in features)


def gaps_of(findings: Iterable[Finding], stages: Iterable[str] = ORDER) -> tuple[Finding, ...]:
    """The critical gaps that these stages own."""
    owners = set(stages)
    return tuple(finding for finding in findings if finding.is_gap and finding.stage in owners)


def _finding(feature: Feature, evidence: Evidence, looking: Looking) -> Finding:
    absent = [f"no code {name}" for name in missing_code(feature.code)]
    absent += [f"no test {name}" for name in missing_tests(feature.tests)]
    if absent:
        state, words = Mark.MISSING, "; ".join(absent)
    else:
        found = looking(feature.probe, evidence)
        state = {True: Mark.MET, False: Mark.MISSING, None: Mark.LIMITED}[found.shown]
        words = found.words
        if feature.limit:
            state, words = (Mark.LIMITED if found.shown else state), f"{words}; {feature.limit}"
    return Finding(
        name=feature.name,
        stage=feature.stage,
        state=state,
        evidence=words,
        critical=feature.critical,
        why=feature.why,
    )


def _not_run(stages: Iterable[str]) -> Look:
    return Look(None, f"nothing measured on this code yet: {', '.join(stages)} not run")


def _figures(probe: Probe, evidence: Evidence) -> Look:
    ran = [stage for stage in probe.stages if stage in evidence.campaigns]
    missing = [stage for stage in probe.stages if stage not in ran]
    if not ran:
        return _not_run(probe.stages)
    sums = {
        (stage, path): sum(seed.at(path) or 0.0 for one in evidence.campaigns[stage] for seed in one.all)
        for stage in ran
        for path in probe.figures
    }
    if probe.together:
        sums = {(", ".join(ran), path): sum(sums[stage, path] for stage in ran) for path in probe.figures}
    short = [key for key, value in sums.items() if not value >= probe.least]
    words = ", ".join(f"{_name(path)} {value:,.0f} in {where}" for (where, path), value in sums.items())
    if short and probe.together and missing:
        return Look(None, f"{words}; nothing measured on this code yet: {', '.join(missing)} not run")
    return Look(not short, words)


def _checks(probe: Probe, evidence: Evidence) -> Look:
    ran = [stage for stage in probe.stages if stage in evidence.checks]
    if not ran:
        return _not_run(probe.stages)
    wrong, passed = [], 0
    for stage in ran:
        for pattern in probe.checks:
            met = [check for check in evidence.checks[stage] if fnmatchcase(check.name, pattern)]
            wrong += [] if met else [f"{stage} has no check {pattern!r}"]
            wrong += [f"{stage} {check.name!r} failed" for check in met if not check.passed]
            passed += sum(check.passed for check in met)
    if wrong:
        more = [f"and {len(wrong) - SHOWN_MAX} more"] if wrong[SHOWN_MAX:] else []
        return Look(False, "; ".join([*wrong[:SHOWN_MAX], *more]))
    named = ", ".join(repr(pattern) for pattern in probe.checks)
    return Look(True, f"{named} in {', '.join(ran)}: {passed} checks passed")


def _rows(probe: Probe, evidence: Evidence) -> Look:
    """How many rows there are hangs on how often something was run, and is not said: the audit tells what, not when."""
    columns = ", ".join(f"{name} {value}" for name, value in probe.where)
    words = f"table {probe.table}" + (f" ({columns})" if columns else "")
    if evidence.rows.get(probe, 0) >= probe.least:
        return Look(True, f"{words}: {probe.least:,.0f} row or more")
    if not any(stage in evidence.campaigns or stage in evidence.checks for stage in probe.stages):
        return _not_run(probe.stages)
    return Look(False, f"{words}: fewer than {probe.least:,.0f} row")


def _name(path: str) -> str:
    return path.removeprefix("figures.").rpartition(".")[2]
