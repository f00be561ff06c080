"""The registry of stages: each by its name. A new stage is a new file and a line here."""

from enum import StrEnum

from arbitrage_core.domain.errors import BadInput
from flows.stages.d64 import D64
from flows.stages.d65 import D65
from flows.stages.d66 import D66
from flows.stages.d67 import D67
from flows.stages.d68 import D68
from flows.stages.d69 import D69
from flows.stages.order import ORDER
from flows.stages.stage import Campaign, Stage

STAGES: dict[str, Stage] = {stage.name: stage for stage in (D64, D65, D66, D67, D68, D69)}


class StageName(StrEnum):
    """D64: what is there, what was shown of it, what is missing? D65: does the engine trade as its markets let it, and
    do all its books agree? D66: does each of several symbols trade as it would alone? D67: does the portfolio add up,
    and do its limits and guards hold? D68: do parameters hold where they were not chosen, and is luck called luck? D69:
    does the engine keep its rules when markets and venues are not kind, and does the verdict know what pays?"""

    D64 = "D64"
    D65 = "D65"
    D66 = "D66"
    D67 = "D67"
    D68 = "D68"
    D69 = "D69"


CAMPAIGNS: dict[str, tuple[Stage, Campaign]] = {
    campaign.name: (stage, campaign) for stage in STAGES.values() for campaign in stage.campaigns
}


CampaignName = StrEnum("CampaignName", {name: name for name in CAMPAIGNS})
CampaignName.__doc__ = "; ".join(f"{name}: {campaign.title}" for name, (_, campaign) in CAMPAIGNS.items())


def stage_of(name: str) -> Stage:
    """A stage by its name. Raises BadInput for one that is not there yet."""
    if name not in STAGES:
        raise BadInput(f"no stage {name!r} yet", f"there are {', '.join(STAGES)}")
    return STAGES[name]


def stages_in_order() -> tuple[Stage, ...]:
    """The stages that can be accepted, in order: up to the first of the road that is not there yet. Those after it can
    be run by themselves, and are rejected for what comes before them."""
    missing = next((place for place, name in enumerate(ORDER) if name not in STAGES), len(ORDER))
    return tuple(STAGES[name] for name in ORDER[:missing])


def campaign_of(name: str) -> tuple[Stage, Campaign]:
    """A campaign by its name, with its stage. Raises BadInput."""
    if name not in CAMPAIGNS:
        raise BadInput(f"no campaign {name!r}", f"there are {', '.join(CAMPAIGNS)}")
    return CAMPAIGNS[name]
