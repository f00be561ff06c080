"""Which campaigns the report tells symbol by symbol in charts, and which of its sessions stands for a campaign."""

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.stages.stage import Campaign, Stage

EXPOSURE_LIMIT = "exposure_max_quote"
"""How the names of settings that limit an exposure end."""


def tells_symbols_apart(campaign: Campaign) -> bool:
    """Whether a campaign is about its symbols or what they risk: it names them, has a band for one, compares each with
    itself alone, or limits an exposure. One with a scenario is told beside its baseline, as a whole."""
    if campaign.scenario:
        return False
    limited = any(setting.partition("=")[0].endswith(EXPOSURE_LIMIT) for setting in campaign.settings)
    return bool(campaign.symbols) or campaign.alone or limited or any(band.symbol for band in campaign.bands)


def tells_refusals(stage: Stage) -> bool:
    """Whether a stage is about what its rules refuse: it requires some, or tells symbols apart."""
    required = stage.required_refusals or stage.required_trips
    return bool(required) or any(tells_symbols_apart(campaign) for campaign in stage.campaigns)


def shown_seed(campaign: Campaign) -> int | None:
    """The seed whose backtest is drawn: that of the paper session, else the first; None when there is none."""
    return campaign.paper_seed if campaign.paper_seed is not None else next(iter(campaign.seeds), None)


def shown_outcome(campaign: Campaign, outcome: CampaignOutcome | None) -> SeedOutcome | None:
    """The backtest of the seed that is shown; None when it was not run."""
    seeds = outcome.backtests if outcome is not None else ()
    return next((one for one in seeds if one.seed == shown_seed(campaign)), None)
