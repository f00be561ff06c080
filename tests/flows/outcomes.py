"""Outcomes as a sound stage would leave them, to be spoilt one way at a time."""

from typing import Any

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.seed_rows import config_of
from flows.stages.stage import Band, Campaign, Stage

CAMPAIGN = Campaign(
    name="C1",
    title="a small one",
    preset="mixed",
    rows=1_000,
    seeds=(1, 2, 3),
    bands=(Band(figure="win_rate", least=0.4, most=0.6),),
    closed_least=100,
)
STAGE = Stage(
    name="D65",
    title="a small stage",
    purpose="to be judged",
    campaigns=(CAMPAIGN,),
    required_exits=("CONVERGED", "HOLD_TIME"),
    required_order_states=("FILLED", "REJECTED"),
)
FIGURES = {
    "entries": 151,
    "closed": 150,
    "unwound": 1,
    "open": 0,
    "win_rate": 0.5,
    "pnl_quote": -1.5,
    "fees_quote": 12.5,
    "slippage_quote": 0.75,
    "max_drawdown_quote": 3.0,
    "partial_closes": 4.0,
    "start_quote": 10_000.0,
}


def seed_outcome(seed: int, mode: str = "backtest", **changed: Any) -> SeedOutcome:
    """A sound seed; `figures` are merged into the sound ones, everything else takes their place."""
    figures = {**FIGURES, **changed.pop("figures", {})}
    sound: dict[str, Any] = {
        "campaign": CAMPAIGN.name,
        "seed": seed,
        "mode": mode,
        "session": f"{mode}-c1-s{seed:02}",
        "record_id": seed,
        "config_digest": config_of(CAMPAIGN, seed).digest,
        "state_hash": f"{seed:064x}",
        "figures": figures,
        "exits": {"CONVERGED": 80, "HOLD_TIME": 70},
        "order_states": {"FILLED": 600, "REJECTED": 2},
        "identical": True,
        "elapsed_s": 0.5,
    }
    return SeedOutcome(**{**sound, **changed})


def campaign_outcome(**changed: Any) -> CampaignOutcome:
    """A sound campaign, or with other `backtests` or `papers`."""
    sound: dict[str, Any] = {
        "campaign": CAMPAIGN.name,
        "run_id": 7,
        "backtests": tuple(seed_outcome(seed) for seed in CAMPAIGN.seeds),
        "papers": (seed_outcome(1, "paper"),),
        "elapsed_s": 2.0,
    }
    return CampaignOutcome(**{**sound, **changed})


def with_seed(seed: int = 2, **changed: Any) -> CampaignOutcome:
    """A campaign one of whose seeds is spoilt."""
    spoilt = {other: seed_outcome(other) for other in CAMPAIGN.seeds} | {seed: seed_outcome(seed, **changed)}
    return campaign_outcome(backtests=tuple(spoilt.values()))
