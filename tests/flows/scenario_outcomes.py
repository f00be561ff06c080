"""What the scenarios of D69 came to on one seed, as outcomes of a stage: real sessions, without a record of them."""

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.seed_run import counts_of, figures_of
from flows.stages.d69 import R0, SCENARIO_CAMPAIGNS
from flows.stages.stage import Campaign
from tests.scenarios.stressed import SEED, baseline, stressed


def outcome_of(campaign: Campaign, *, injects: bool = True) -> CampaignOutcome:
    """One seed of a campaign of D69; `injects` False: its scenario's injection is off."""
    run, stress = stressed(campaign.scenario, injects=injects) if campaign.scenario else (baseline(), None)
    seed = SeedOutcome(
        campaign=campaign.name,
        seed=SEED,
        mode="backtest",
        session=f"backtest-{campaign.name.lower()}-s01",
        record_id=1,
        config_digest=run.config.digest,
        state_hash=run.document["state_hash"],
        figures=figures_of(run.document, run.log),
        **counts_of(run.result),
        findings=tuple(str(violation) for violation in run.result.violations),
        stress=stress,
        identical=True,
        elapsed_s=0.1,
    )
    return CampaignOutcome(campaign=campaign.name, run_id=1, backtests=(seed,), papers=(), elapsed_s=0.1)


def outcomes(*, injects: bool = True) -> tuple[CampaignOutcome, ...]:
    """All of D69."""
    return (outcome_of(R0), *(outcome_of(campaign, injects=injects) for campaign in SCENARIO_CAMPAIGNS))
