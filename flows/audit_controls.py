"""The audit's control experiments: sessions with a feature switched off, and whether the audit names just that.

They need no store. What the audit finds missing with nothing switched off is missing in the checkout, and is taken away
from what it finds in the others.
"""

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.session.backtest import run_backtest
from flows.audit import Evidence, Looking, Mark, audited, look
from flows.outcome import CampaignOutcome, Check, SeedOutcome
from flows.seed_faults import defect_of
from flows.seed_rows import config_of, feed_of
from flows.seed_run import counts_of, figures_of
from flows.stages.controls import CONTROLS, SAMPLE, Control
from flows.stages.feature import Feature

STAGE = "D64"
"""The stage whose campaigns the sample stands for."""


def control_checks(features: Iterable[Feature], *, looking: Looking = look, workers: int = 1) -> tuple[Check, ...]:
    """Runs the controls, and checks of each that the audit notices what is off. `looking`: the audit under trial."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        outcomes = list(pool.map(control_outcome, CONTROLS))
    return judged_controls(tuple(features), dict(zip(CONTROLS, outcomes, strict=True)), looking)


def control_outcome(control: Control) -> SeedOutcome:
    """One experiment, without record, journal and replay."""
    (seed,) = SAMPLE.seeds
    replaced = dict(defect_of(control.fault).replaced) or None
    config, feed = config_of(SAMPLE, seed, control.settings), feed_of(SAMPLE, seed)
    found = {"figures": {}, "exits": {}, "order_states": {}}
    state_hash, findings = "", ()
    try:
        with np.errstate(all="ignore"):  # interpreted, NumPy warns where compiled arithmetic goes on
            result = run_backtest(config, feed, replaced=replaced, interpreted=replaced is not None)
        found = {"figures": figures_of(result.document, result.log), **counts_of(result)}
        state_hash = str(result.document["state_hash"])
    except InvariantBroken as broken:
        findings = (f"the session stopped itself: {broken}",)
    return SeedOutcome(
        campaign=SAMPLE.name,
        seed=seed,
        mode="backtest",
        session=f"control-{control.name.replace(' ', '-')}",
        record_id=0,
        config_digest=config.digest,
        state_hash=state_hash,
        **found,
        findings=findings,
        identical=False,
        elapsed_s=0.0,
    )


def judged_controls(
    features: tuple[Feature, ...], outcomes: dict[Control, SeedOutcome], looking: Looking = look
) -> tuple[Check, ...]:
    """A check a control: the features its audit finds missing are those it names, and no others."""
    everywhere = _missing(features, None, looking)
    checks = []
    for control, outcome in outcomes.items():
        found = [name for name in _missing(features, outcome, looking) if name not in everywhere]
        checks.append(
            Check(
                name=f"audit notices {control.name}",
                passed=not outcome.findings and sorted(found) == sorted(control.missing),
                observed=f"❌ {', '.join(found)}" if found else "nothing missing",
                expected=f"❌ {', '.join(control.missing)}" if control.missing else "nothing missing",
                detail="; ".join(outcome.findings),
            )
        )
    return tuple(checks)


def _missing(features: tuple[Feature, ...], outcome: SeedOutcome | None, looking: Looking) -> list[str]:
    """What an audit over this session alone finds missing; over none, what is missing in the checkout."""
    ran = {} if outcome is None else {STAGE: (_as_campaign(outcome),)}
    return [one.name for one in audited(features, Evidence(ran), looking) if one.state is Mark.MISSING]


def _as_campaign(outcome: SeedOutcome) -> CampaignOutcome:
    return CampaignOutcome(campaign=SAMPLE.name, run_id=0, backtests=(outcome,), papers=(), elapsed_s=0.0)
