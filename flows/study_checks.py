"""The checks of studies: that each was recorded whole, holds or does not hold as stated, and knew nothing it must not.

A tuner that looks a row too far ahead, or judges by what it should prove itself on, finds what is not there, and every
other check passes. So each seed's study is reviewed (flows/study_review.py), and what it must not know is asked here.
"""

from collections.abc import Callable

from flows.outcome import Check, SeedOutcome
from flows.report.quantity import number
from flows.stages.stage import Campaign, StudyPlan
from flows.study_evidence import StudyEvidence

SHOWN_MAX = 3
Fault = Callable[[SeedOutcome, StudyEvidence], str | None]


def study_checks(campaign: Campaign, backtests: tuple[SeedOutcome, ...]) -> list[Check]:
    """Of one campaign; none where it has no study. A seed whose study is missing fails them all."""
    plan = campaign.study
    if plan is None:
        return []

    def every(name: str, expected: str, observed: str, fault: Fault) -> Check:
        found = [(seed.seed, _fault(seed, fault)) for seed in backtests]
        faults = [f"seed {seed}: {what}" for seed, what in found if what is not None]
        return Check(
            name=f"{campaign.name} {name}",
            passed=bool(backtests) and not faults,
            observed=f"{len(found) - len(faults)} of {len(found)} studies{observed}",
            expected=expected,
            detail="; ".join(faults[:SHOWN_MAX]),
        )

    studies = [seed.study for seed in backtests if seed.study is not None]
    orders, moved = sum(one.orders_compared for one in studies), sum(one.out_of_sample_changed for one in studies)
    return [
        every(
            "every set is recorded, each once", f"{plan.trials} sets, every seed", f", {plan.trials} sets each", _whole
        ),
        every("the best set's session is what was tried", "one state hash, every seed", "", _same_session),
        every("figures in and out of sample are those of the trades", "every split, every seed", "", _splits),
        every(
            "no order was decided by rows after it",
            "the same orders before each boundary, whatever comes after it",
            f", {number(orders)} orders",
            _foreseen,
        ),
        every(
            "nothing out of sample was known in sample",
            "the same figures and the same choice, whatever comes after the last boundary",
            f"; out of sample {number(moved)} sets changed, as they must",
            _known,
        ),
        _holds_up(campaign, plan, backtests),
    ]


def _fault(seed: SeedOutcome, fault: Fault) -> str | None:
    return "there is no study" if seed.study is None else fault(seed, seed.study)


def _whole(seed: SeedOutcome, one: StudyEvidence) -> str | None:
    return None if one.trials == one.planned > 0 and one.study_id > 0 else f"{one.trials} of {one.planned} sets"


def _same_session(seed: SeedOutcome, one: StudyEvidence) -> str | None:
    if one.state_hash and one.state_hash == seed.state_hash:
        return None
    return f"trial {one.trial} left {one.state_hash[:12] or 'none'}, its session {seed.state_hash[:12] or 'none'}"


def _splits(seed: SeedOutcome, one: StudyEvidence) -> str | None:
    return one.split_differences[0] if one.split_differences else None


def _foreseen(seed: SeedOutcome, one: StudyEvidence) -> str | None:
    if one.foreseen:
        return one.foreseen[0]
    return None if one.moments > 0 and one.orders_compared > 0 else "no order was compared"


def _known(seed: SeedOutcome, one: StudyEvidence) -> str | None:
    if one.in_sample_changed:
        return f"figures in sample changed: {', '.join(one.in_sample_changed)}"
    if not one.chosen_again:
        return "another set is chosen"
    return None if one.out_of_sample_changed > 0 else "nothing changed out of sample: the rows were not exchanged"


def _holds_up(campaign: Campaign, plan: StudyPlan, backtests: tuple[SeedOutcome, ...]) -> Check:
    """On how many seeds nothing speaks against the best set; a seed without its study is none of either."""
    least, most = plan.holds_up
    told = [(seed.seed, seed.study.objections) for seed in backtests if seed.study is not None]
    held = sum(not objections for _, objections in told)
    named = [f"seed {seed}: {objections[0]}" for seed, objections in told if objections]
    if not least:
        named = [f"seed {seed} is said to hold up" for seed, objections in told if not objections]
    return Check(
        name=f"{campaign.name} {'what holds up is told' if least else 'luck is called luck'}",
        passed=bool(told) and len(told) == len(backtests) and least <= held <= most,
        observed=f"the best set holds up on {held} of {len(told)} seeds",
        expected=f"on {least} to {most}" if most else "on none",
        detail="; ".join(named[:SHOWN_MAX]),
    )
