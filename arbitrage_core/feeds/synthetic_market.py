"""The synthetic market: the process that quotes of one symbol on several venues follow, as numbers with units.

The mid price walks at random. Each venue deals at a premium to it, in bps, the sum of three things: a mean-reverting
noise (Ornstein-Uhlenbeck), jumps that decay quickly (what an arbitrage lives on), and jumps that stay (what it dies
of: the spread is entered and does not come back). Calm and stressed regimes alternate; now and then a venue falls
silent or shows little depth, and, where that is wanted, halts the symbol: it says that its feed ends, and some time
later that it is up again.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from arbitrage_core.domain.market import Share

RateBps = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
PerSecond = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]

INCIDENTS_PER_UPDATE_MAX = 0.25


class SyntheticMarket(BaseModel):
    """The process of one symbol; all symbols of a feed follow the same one, each with draws of its own.

    Rates ending in `_per_s` are of a symbol (all its venues together) unless said otherwise; times ending in `_s` are
    time constants or means, in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    updates_per_s: float = Field(10.0, gt=0, le=1e5, description="quotes of one market; times between are exponential")
    volatility_bps: RateBps = Field(1.0, description="of the mid, per square root of a second")
    half_spread_bps: RateBps = Field(0.5, description="of a venue's own book, in calm")
    tick_bps: float = Field(0.05, gt=0, le=10, description="upper bound of the price step, a power of ten")

    premium_sd_bps: RateBps = Field(1.5, description="of a venue's premium noise when calm, in the long run")
    premium_reversion_s: Seconds = Field(2.0, description="time constant of that noise")

    jumps_per_s: PerSecond = Field(0.02, description="jumps of the premium of one venue, either way, when calm")
    jump_min_bps: RateBps = 20.0
    jump_max_bps: RateBps = Field(40.0, description="sizes are uniform between the two")
    jump_reverting_share: Share = Field(0.5, description="jumps that decay quickly; the others stay")
    jump_decay_s: Seconds = Field(2.0, description="time constant of the quick ones")
    jump_persistence_s: Seconds = Field(60.0, description="time constant of those that stay")

    calm_mean_s: Seconds = Field(600.0, description="mean length of the calm regime")
    stressed_mean_s: Seconds = Field(120.0, description="mean length of the stressed one")
    stressed_premium_factor: Factor = Field(2.0, description="on premium_sd_bps, under stress")
    stressed_jump_factor: Factor = Field(3.0, description="on jumps_per_s, under stress")
    stressed_spread_factor: Factor = Field(2.0, description="on half_spread_bps, under stress")

    gaps_per_s: PerSecond = Field(0.001, description="one venue falls silent")
    gap_mean_s: Seconds = Field(3.0, description="for a time uniform between half and one and a half of this")
    thin_per_s: PerSecond = Field(0.002, description="one venue shows little depth")
    thin_mean_s: Seconds = Field(10.0, description="for a time uniform between half and one and a half of this")
    thin_factor: Factor = Field(0.05, description="on the quantities meanwhile")
    halts_per_s: PerSecond = Field(0.0, description="one venue halts the symbol: FEED ENDED, and UP when it is over")
    halt_mean_s: Seconds = Field(10.0, description="for a time uniform between half and one and a half of this")

    level_notional_quote: float = Field(20_000.0, gt=0, le=1e9, description="median of a level")
    level_sigma: float = Field(0.6, ge=0, le=2, description="log-normal spread of a level's quantity")
    level_step_bps: RateBps = Field(0.5, description="between the levels of one side")

    @model_validator(mode="after")
    def _fits_together(self) -> "SyntheticMarket":
        if self.jump_max_bps < self.jump_min_bps:
            raise ValueError("jump_max_bps must not lie below jump_min_bps")
        stressed_jumps_per_s = self.jumps_per_s * max(1.0, self.stressed_jump_factor)
        switches_per_s = 1.0 / min(self.calm_mean_s, self.stressed_mean_s)
        rare_per_s = self.gaps_per_s + self.thin_per_s + self.halts_per_s
        incidents_per_s = stressed_jumps_per_s + switches_per_s + rare_per_s
        if incidents_per_s > INCIDENTS_PER_UPDATE_MAX * self.updates_per_s:
            raise ValueError(
                f"{incidents_per_s:g} incidents a second (jumps under stress, regime changes, gaps, thin books, "
                f"halts) are too many for updates_per_s = {self.updates_per_s:g}: at most "
                f"{INCIDENTS_PER_UPDATE_MAX:g} an update"
            )
        return self

    def definition(self) -> dict[str, Any]:
        """What the rows follow from, JSON-able. A market without halts is told as before there were any: same rows,
        same identity."""
        return self.model_dump(mode="json", exclude=None if self.halts_per_s else {"halts_per_s", "halt_mean_s"})
