"""What the verdict says of D69's campaigns, as outcomes of a stage: real sessions, without a record of them."""

from decimal import Decimal
from functools import cache

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.result import SessionResult
from arbitrage_core.statistics.trade_metrics import ended
from arbitrage_core.statistics.verdict import Judge, judge
from flows.outcome import CampaignOutcome, SeedOutcome
from flows.seed_faults import judge_sanguinely
from flows.seed_rows import KeptRows, base_feed_of, config_of
from flows.seed_run import counts_of, figures_of
from flows.seed_verdict import judged_seed
from flows.stages.d69 import VERDICT_CAMPAIGNS
from flows.stages.stage import Campaign
from flows.verdict_outcome import RecordedTrades

CAMPAIGNS = {campaign.name: campaign for campaign in VERDICT_CAMPAIGNS}


@cache
def outcome_of(name: str, *, sanguine: bool = False) -> CampaignOutcome:
    """All seeds of a campaign; `sanguine`: judged without any uncertainty downwards."""
    campaign = CAMPAIGNS[name]
    seeds = tuple(seed_outcome(campaign, seed, judge_sanguinely if sanguine else judge) for seed in campaign.seeds)
    return CampaignOutcome(campaign=name, run_id=1, backtests=seeds, papers=(), elapsed_s=0.1)


def seed_outcome(campaign: Campaign, seed: int, judged: Judge = judge) -> SeedOutcome:
    """One seed, judged; what its record would say is added up from its log."""
    config, feed = config_of(campaign, seed), KeptRows(base_feed_of(campaign, seed))
    result = run_backtest(config, feed)
    return SeedOutcome(
        campaign=campaign.name,
        seed=seed,
        mode="backtest",
        session=f"backtest-{campaign.name.lower()}-s{seed:02}",
        record_id=seed,
        config_digest=config.digest,
        state_hash=result.document["state_hash"],
        figures=figures_of(result.document, result.log),
        **counts_of(result),
        findings=tuple(str(violation) for violation in result.violations),
        judged=judged_seed(campaign, seed, feed, result, recorded(result), judged=judged),
        identical=True,
        elapsed_s=0.1,
    )


def recorded(result: SessionResult) -> RecordedTrades:
    """Its trades added up in whole booking units."""
    trades = ended(result.log.trades)
    unit = Decimal(str(booking_unit(result.config.reporting_currency)))
    sums = {name: sum(map(int, trades[f"{name}_amount"])) * unit for name in ("realised", "fees", "slippage")}
    return RecordedTrades(
        trades=len(trades),
        realised_quote=sums["realised"],
        fees_quote=sums["fees"],
        slippage_quote=sums["slippage"],
    )
