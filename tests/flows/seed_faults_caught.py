"""Every seed fault on a small stage, and the checks that noticed it.

    python -m tests.flows.seed_faults_caught [FAULT …]

Each fault that exchanges a function of the engine compiles an engine of its own once, half a minute; so this is a
command and not part of the suite, which runs two faults through the whole flow (test_flows.py). Exits 1 when a fault
was not noticed.
"""

import sys

from arbitrage_core.services.home import checkout_id, home
from arbitrage_core.services.stores import ensure_stores
from arbitrage_core.statistics.verdict import judge
from flows.acceptance import stage_checks, verdict_of
from flows.audit import always_yes
from flows.audit_controls import control_checks
from flows.campaign_run import Ground, run_campaigns
from flows.gate import gate_checks
from flows.seed_faults import SeedFault, defect_of
from flows.stages.d65 import D65
from flows.stages.d68 import D68, T1
from flows.stages.d69 import D69, VERDICT_CAMPAIGNS
from flows.stages.features import FEATURES
from flows.stages.stage import Stage

SEEDS, ROWS = (1, 2), 40_000
EXITS, ORDER_STATES = ("CONVERGED", "HOLD_TIME", "STOP_LOSS", "FEED_ENDED"), ("PENDING", "OPEN", "FILLED", "REJECTED")
"""What so few rows show too."""


def small_stage(fault: SeedFault | None) -> Stage:
    """D65 with few seeds and rows; for a fault of tuning two seeds of D68; for one of injections D69 with one seed of
    the baseline and two scenarios, for one of the verdict its own campaigns whole: that none of twenty seeds is called
    TRADE, two would not show."""
    if defect_of(fault).judged is not judge:
        return D69.model_copy(update={"campaigns": VERDICT_CAMPAIGNS, "required_trips": ()})
    if defect_of(fault).looks_ahead or defect_of(fault).leaks_splits:
        return D68.model_copy(update={"campaigns": (T1.model_copy(update={"seeds": (1, 2)}),)})
    if defect_of(fault).injects_nothing:
        few = tuple(campaign.model_copy(update={"seeds": (2,)}) for campaign in D69.campaigns[:3])
        return D69.model_copy(update={"campaigns": few, "required_trips": ()})
    campaigns = tuple(
        campaign.model_copy(update={"seeds": SEEDS, "rows": ROWS, "closed_least": 10}) for campaign in D65.campaigns
    )
    required = {"required_exits": EXITS, "required_order_states": ORDER_STATES}
    return D65.model_copy(update={"campaigns": campaigns, **required})


def noticed(stage: Stage, here: Ground, fault: SeedFault | None) -> tuple[str, list[str]]:
    """The verdict, and the checks that failed."""
    outcomes = run_campaigns(stage.campaigns, here, fault=fault)
    checks = (*stage_checks(stage, outcomes), *gate_checks(stage.name, here.postgres_url, outcomes))
    if defect_of(fault).blinds_the_audit:
        checks = (*checks, *control_checks(FEATURES, looking=always_yes, workers=here.workers))
    return verdict_of(stage, checks), [check.name for check in checks if not check.passed]


def main(names: list[str]) -> int:
    """Runs the faults named, or none and then all; the exit code."""
    stores = ensure_stores(print)
    here = Ground(home(), checkout_id(), stores.postgres_url, stores.redis_url)
    wanted = [SeedFault(name) for name in names] or [None, *SeedFault]
    unnoticed = 0
    for fault in wanted:
        verdict, failed = noticed(small_stage(fault), here, fault)
        right = verdict.endswith("ACCEPTED") == (fault is None)
        unnoticed += not right
        print(
            f"{'as it must be' if right else 'WRONG':13}  {fault or 'no fault':18}  {verdict}  {'; '.join(failed[:6])}"
        )
        sys.stdout.flush()
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
