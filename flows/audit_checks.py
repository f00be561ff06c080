"""The audit's checks: that its list is complete, that every gap has an owner, and what a gap means for a stage."""

from collections import Counter
from collections.abc import Iterable, Sequence

from flows.audit import Finding, Mark, gaps_of
from flows.outcome import Check, Standing
from flows.stages.feature import Feature
from flows.stages.features import FEATURES_MIN
from flows.stages.order import ORDER, before


def list_checks(features: Sequence[Feature], findings: Sequence[Finding], report: str) -> tuple[Check, ...]:
    """Whether the list of features is whole, and its gaps stand in the report with their owners."""
    owners = {one.stage for one in features}
    faults = list(_faults(features, findings))
    unlisted = [one.name for one in gaps_of(findings) if not _is_listed(one, report)]
    missing = [one for one in findings if one.state is Mark.MISSING]
    return (
        Check(
            name="audit is complete",
            passed=not faults,
            observed=f"{len(features)} features of {len(owners)} stages",
            expected=f"at least {FEATURES_MIN}, each with code, tests, probe and owner; every stage owns some",
            detail="; ".join(faults),
        ),
        Check(
            name="audit lists every gap with its owner",
            passed=bool(findings) and not unlisted,
            observed=f"{len(missing)} missing, {len(gaps_of(findings))} of them critical gaps",
            expected="each in the report, with a stage of the road",
            detail="; ".join(unlisted),
        ),
    )


def order_check(stage: str, standings: Iterable[Standing]) -> Check:
    """Whether the stages before this one are accepted on the same code and settings."""
    by_name = {one.stage: one for one in standings}
    asked = before(stage)
    words = {name: _standing_words(by_name.get(name)) for name in asked}
    wrong = [name for name in asked if not (name in by_name and by_name[name].accepted)]
    return Check(
        name="stages before it are accepted",
        passed=not wrong,
        observed=", ".join(f"{name} {word}" for name, word in words.items()) or "none before it",
        expected=f"{', '.join(asked)} accepted on this code and these settings",
        detail=f"not accepted: {', '.join(wrong)}" if wrong else "",
    )


def gap_check(stage: str, findings: Sequence[Finding]) -> Check:
    """Whether this stage and those before it own no critical gap: none is carried over."""
    owners = (*before(stage), stage)
    gaps = gaps_of(findings, owners)
    return Check(
        name="no open critical gap",
        passed=bool(findings) and not gaps,
        observed=f"{len(gaps)} of {sum(one.stage in owners for one in findings)} features",
        expected=f"none that {owners[0]} to {stage} own",
        detail="; ".join(f"{one.stage} {one.name}: {one.evidence}" for one in gaps),
    )


def _faults(features: Sequence[Feature], findings: Sequence[Finding]) -> Iterable[str]:
    if len(features) < FEATURES_MIN:
        yield f"{len(features)} features"
    if [one.name for one in features] != [one.name for one in findings]:
        yield "not every feature has its finding"
    names = Counter(one.name for one in features)
    yield from (f"{name} is there twice" for name, count in names.items() if count > 1)
    owners = {one.stage for one in features}
    yield from (f"{stage} owns nothing" for stage in ORDER if stage not in owners)
    yield from (f"{stage} is no stage of the road" for stage in sorted(owners - set(ORDER)))
    for one in features:
        yield from (f"{one.name} looks at {stage}" for stage in one.probe.stages if stage not in ORDER)


def _is_listed(finding: Finding, report: str) -> bool:
    """Whether a line of the report names both the gap and its owner."""
    return finding.stage in ORDER and any(
        finding.name in line and finding.stage in line for line in report.splitlines()
    )


def _standing_words(standing: Standing | None) -> str:
    if standing is None:
        return "not run"
    if standing.verdict_id is None:
        return "not there yet"
    return "accepted" if standing.accepted else "rejected"
