"""Evidence as a sound study would leave it, to be spoilt one way at a time."""

from typing import Any

from arbitrage_core.storage.record.studies import StudyStart
from arbitrage_core.tuning.space import range_of
from flows.outcome import SeedOutcome
from flows.seed_rows import config_of
from flows.stages.stage import Campaign, StudyPlan
from flows.study_evidence import StudyEvidence
from tests.flows.outcomes import seed_outcome

PLAN = StudyPlan(vary=("entry_spread_bps=20:40:10", "hold_max_ms=2000:8000:3000"), trials=9, holds_up=(2, 2))
SEARCHED = Campaign(
    name="T1", title="a small search", preset="mixed", rows=1_000, seeds=(1, 2), study=PLAN, paper_seed=None
)
LUCKY = SEARCHED.model_copy(update={"study": PLAN.model_copy(update={"holds_up": (0, 0)})})
DIGEST = "a" * 64
SETTINGS = ("entry_spread_bps=30.0", "hold_max_ms=5000.0")


def evidence(seed: int = 1, **changed: Any) -> StudyEvidence:
    """Sound, but for what is changed."""
    sound: dict[str, Any] = {
        "name": f"T1-s{seed:02}-run7",
        "study_id": seed,
        "planned": PLAN.trials,
        "trials": PLAN.trials,
        "failed": 0,
        "objective": "pnl_quote",
        "trial": 4,
        "params": {"entry_spread_bps": 30.0, "hold_max_ms": 5_000.0},
        "settings": SETTINGS,
        "in_sample": {"pnl_quote": 900.0, "trades": 400},
        "out_of_sample": {"pnl_quote": 200.0, "trades": 90},
        "deflated_sharpe": 0.99,
        "overfit_probability": 0.2,
        "loss_probability": 0.0,
        "plateau_share": 0.8,
        "objections": (),
        "state_hash": f"{seed:064x}",
        "split_differences": (),
        "moments": 4,
        "orders_compared": 800,
        "foreseen": (),
        "in_sample_changed": (),
        "out_of_sample_changed": 9,
        "chosen_again": True,
    }
    return StudyEvidence(**{**sound, **changed})


def searched_seed(seed: int = 1, **changed: Any) -> SeedOutcome:
    """A seed of `SEARCHED` with sound evidence, but for what is changed of that."""
    digest = config_of(SEARCHED, seed, SETTINGS).digest
    study = evidence(seed, **changed)
    return seed_outcome(seed, campaign="T1", config_digest=digest, state_hash=f"{seed:064x}", study=study)


def study_start(name: str) -> StudyStart:
    """A study of one parameter, as the record begins it."""
    return StudyStart(
        name=name,
        strategy="threshold",
        space={name: one.model_dump(mode="json") for name, one in [range_of("a=1:3")]},
        objective="pnl_quote,sharpe",
        data_digest=DIGEST,
        seed=1,
        definition={},
        code_version="1",
        code_digest=DIGEST,
        config_digest=DIGEST,
    )
