"""The controls of the audit: a short standard campaign with one feature switched off, and what the audit has to miss.

Seed 13 of S1's market, its first 10,000 rows, with more rejected orders and lost reports than usual: so few rows then
show everything that is looked for in S1. A fault exchanges a function of the engine and runs
interpreted, which takes seconds where compiling another engine takes half a minute; settings switch off the rest.
"""

from pydantic import BaseModel, ConfigDict, Field

from flows.seed_faults import SeedFault
from flows.stages.d64 import S1

SAMPLE = S1.model_copy(
    update={
        "title": "a short one, for the controls of the audit",
        "span_s": None,
        "rows": 10_000,
        "seeds": (13,),
        "settings": ("reject_rate=0.05", "report_loss_rate=0.04"),
        "paper_seed": None,
    }
)


class Control(BaseModel):
    """An experiment: what is switched off, and the features that must be found missing, no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fault: SeedFault | None = None
    settings: tuple[str, ...] = Field((), description="as --set takes them")
    missing: tuple[str, ...] = Field((), description="names of features")


SOUND = Control(name="nothing switched off")
CONTROLS: tuple[Control, ...] = (
    SOUND,
    Control(name="fees off", settings=("taker_fee_bps=0", "maker_fee_bps=0"), missing=("Fees",)),
    Control(name="slippage off", fault=SeedFault.SLIPPAGE_ZERO, missing=("Slippage",)),
    Control(name="stop-loss off", fault=SeedFault.STOP_LOSS_OFF, missing=("Exit by stop-loss",)),
    Control(name="feed ends unheard", fault=SeedFault.FEED_END_UNHEARD, missing=("Exit when a feed ends",)),
    Control(name="take-profit off", settings=("take_profit=",), missing=("Take-profit ladder, partial closes",)),
    Control(name="convergence off", settings=("exit_spread_bps=-9999",), missing=("Exit by convergence",)),
    Control(name="holding time off", settings=("hold_max_ms=1e12",), missing=("Exit by holding time",)),
    Control(name="rejections off", settings=("reject_rate=0",), missing=("Rejected orders",)),
    Control(name="lost reports off", settings=("report_loss_rate=0",), missing=("UNKNOWN orders",)),
    Control(name="cooldown off", settings=("cooldown_ms=0",), missing=("Guard: cooldown and open trades",)),
)
