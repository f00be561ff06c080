"""The synthetic presets: named markets, each with the session settings it is meant to be traded with. Pure data.

The win rates in the descriptions are designed, not promised: each market lets some trades converge and others end at
their holding time or stop. The campaigns state the bands and measure. `mixed`, `high` and `low` are theirs: one set of
settings, three markets that differ in how many jumps revert, how many there are and how long they stay. Trades of one
jump share its fate, so what makes a seed's win rate steady is many jumps and few trades of each: two, not four
(docs/decisions/0012-campaign-markets.md).
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.synthetic_market import SyntheticMarket

VENUES = ("alpha", "beta")
SYMBOLS = ("BTC/USDT",)
CAMPAIGN_SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
WIDE_SYMBOLS = tuple(f"S{number:02d}/USDT" for number in range(1, 51))


class SyntheticPreset(BaseModel):
    """A market process with what a session on it starts from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    market: SyntheticMarket
    params: dict[str, Any] = Field(description="of StrategyParams")
    market_overrides: dict[str, Any] = Field(description="of Market, for every market")
    venues: tuple[str, ...] = VENUES
    symbols: tuple[str, ...] = SYMBOLS
    rows: int = 600_000
    levels: int = 1


def preset(name: str) -> SyntheticPreset:
    """The preset of that name; BadInput names those there are."""
    if name not in PRESETS:
        raise BadInput(f"no synthetic preset {name!r}", f"there are {', '.join(PRESETS)}")
    return PRESETS[name]


_TRADED = {"entry_spread_bps": 22.0, "exit_spread_bps": 3.0, "hold_max_ms": 8_000.0, "stop_loss_bps": 45.0}
_COSTS = {"taker_fee_bps": 4.0, "maker_fee_bps": 4.0, "latency_ms": 20.0}

_CAMPAIGN_TRADED = {
    **_TRADED,
    "entry_spread_bps": 24.0,
    "exit_spread_bps": 2.0,
    "take_profit": "9:0.3,5:0.3",
    "max_open_trades": 2,
}
_CAMPAIGN_COSTS = {**_COSTS, "slippage_bps": 0.5, "reject_rate": 0.01, "report_loss_rate": 0.005}
_HALTS = {"halts_per_s": 0.002, "halt_mean_s": 5.0}

_LISTED = (
    SyntheticPreset(
        name="mixed",
        description="a bit more than half the jumps revert, the others stay: about as many wins as losses",
        market=SyntheticMarket(jumps_per_s=0.12, jump_reverting_share=0.58, jump_persistence_s=20.0, **_HALTS),
        params=_CAMPAIGN_TRADED,
        market_overrides=_CAMPAIGN_COSTS,
        symbols=CAMPAIGN_SYMBOLS,
    ),
    SyntheticPreset(
        name="high",
        description="nearly all jumps revert: about four trades of five win",
        market=SyntheticMarket(jumps_per_s=0.15, jump_reverting_share=0.95, jump_persistence_s=20.0, **_HALTS),
        params=_CAMPAIGN_TRADED,
        market_overrides=_CAMPAIGN_COSTS,
        symbols=CAMPAIGN_SYMBOLS,
    ),
    SyntheticPreset(
        name="low",
        description="nearly all jumps outstay the holding time: about one trade of five wins",
        market=SyntheticMarket(jumps_per_s=0.05, jump_reverting_share=0.1, jump_persistence_s=40.0, **_HALTS),
        params=_CAMPAIGN_TRADED,
        market_overrides=_CAMPAIGN_COSTS,
        symbols=CAMPAIGN_SYMBOLS,
    ),
    SyntheticPreset(
        name="calm",
        description="no stress and small jumps: nothing exceeds the costs, an honest engine hardly trades",
        market=SyntheticMarket(
            jump_min_bps=2.0,
            jump_max_bps=8.0,
            stressed_premium_factor=1.0,
            stressed_jump_factor=1.0,
            stressed_spread_factor=1.0,
            gaps_per_s=0.0,
            thin_per_s=0.0,
        ),
        params=_TRADED,
        market_overrides=_COSTS,
    ),
    SyntheticPreset(
        name="thin",
        description="little depth over wide steps, slow venues, silences: partial fills and legs left alone",
        market=SyntheticMarket(
            half_spread_bps=2.0,
            volatility_bps=3.0,
            jumps_per_s=0.1,
            jump_min_bps=30.0,
            jump_max_bps=60.0,
            jump_reverting_share=0.7,
            gaps_per_s=0.01,
            thin_per_s=0.02,
            level_notional_quote=400.0,
            level_sigma=1.0,
            level_step_bps=2.0,
        ),
        params={**_TRADED, "entry_spread_bps": 28.0, "stop_loss_bps": 60.0},
        market_overrides={**_COSTS, "latency_ms": 80.0, "latency_jitter_ms": 40.0},
        levels=5,
    ),
    SyntheticPreset(
        name="wide50",
        description="fifty symbols, a row a millisecond each, spread noise that often crosses the entry: benchmarks",
        market=SyntheticMarket(
            updates_per_s=500.0,
            volatility_bps=2.0,
            premium_sd_bps=10.3,
            premium_reversion_s=0.3,
            jumps_per_s=0.0,
            calm_mean_s=1e6,
            stressed_mean_s=60.0,
            gaps_per_s=0.0,
            thin_per_s=0.0,
        ),
        params={"entry_spread_bps": 20.0, "exit_spread_bps": 2.0, "max_open_trades": 4, "cooldown_ms": 50.0},
        market_overrides={**_COSTS, "latency_ms": 5.0},
        symbols=WIDE_SYMBOLS,
        rows=2_000_000,
    ),
)

PRESETS: dict[str, SyntheticPreset] = {listed.name: listed for listed in _LISTED}
