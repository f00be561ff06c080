"""The strategy's parameters: when to enter, how to leave, what to do when a leg stands alone."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from arbitrage_core.domain.currency import USUAL_NOTIONAL_USDT
from arbitrage_core.domain.market import LimitQuote, Milliseconds

SpreadBps = Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False)]
RUNGS_MAX = 4
OPEN_TRADES_LIMIT = 16
Off = Literal["off"]


class EntryOrder(StrEnum):
    """How entry orders work."""

    IOC = "ioc"
    MARKET = "market"
    GTC = "gtc"
    POST_ONLY = "post_only"


class ExitOrder(StrEnum):
    """How exit orders work."""

    IOC = "ioc"
    MARKET = "market"


class LegPolicy(StrEnum):
    """What to do with a leg left alone: the cheapest, or one thing always."""

    AUTO = "auto"
    COMPLETE = "complete"
    REVERSE = "reverse"
    HOLD = "hold"


class Rung(BaseModel):
    """A step of the take-profit ladder: below this closing cost, close this share of the initial size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    closing_cost_bps: SpreadBps
    share: float = Field(gt=0, lt=1)


class StrategyParams(BaseModel):
    """Parameters of a spread strategy; each may be set per symbol. docs/engine.md says what each one does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry_spread_bps: SpreadBps = Field(20.0, description="gross floor: enter only above this spread")
    entry_net_edge_bps: SpreadBps | Off = Field(0.0, description="enter only above this edge after costs; off: no gate")
    exit_spread_bps: SpreadBps = Field(2.0, description="close when the closing cost is below this")
    take_profit: tuple[Rung, ...] = Field((), max_length=RUNGS_MAX, description="partial closes before the last one")
    stop_loss_bps: Annotated[float, Field(gt=0, le=10_000)] | Off = Field(
        "off", description="net loss in bps of notional"
    )
    hold_max_ms: float = Field(30_000.0, gt=0, le=1e12, allow_inf_nan=False)
    qty_base: float | None = Field(None, gt=0, allow_inf_nan=False, description="size in base currency")
    notional_quote: float | None = Field(
        USUAL_NOTIONAL_USDT,
        gt=0,
        allow_inf_nan=False,
        description="size in reporting currency; by default a session takes about 1,000 USDT in it",
    )
    max_open_trades: int = Field(4, ge=1, le=OPEN_TRADES_LIMIT)
    cooldown_ms: Milliseconds = 1_000.0
    quote_age_max_ms: float = Field(1_000.0, gt=0, le=86_400_000, allow_inf_nan=False)
    skew_max_ms: float = Field(
        1_000.0, gt=0, le=86_400_000, allow_inf_nan=False, description="how far apart the two books may have come"
    )
    frozen_max_ms: Annotated[float, Field(gt=0, le=86_400_000)] | Off = Field(
        60_000.0, description="how long best prices may stand still while quotes go on coming; off: any time"
    )
    spread_max_bps: float = Field(500.0, gt=0, le=10_000, description="a wider spread is too good to be true")
    symbol_exposure_max_quote: LimitQuote = Field(float("inf"), description="in the reporting currency, both legs")
    portfolio_weight: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | Off = Field(
        "off", description="of what the portfolio may have exposed, this part of all weights is the most it takes"
    )
    rebalancing_bps: Annotated[float, Field(ge=0, le=10_000)] = Field(
        0.0, description="what moving money and coins back between venues is reckoned to cost a round trip"
    )
    slippage_excess_max_bps: Annotated[float, Field(ge=0, le=10_000)] | Off = Field(
        "off", description="slippage beyond the expected, of the last 16 fills together"
    )
    losses_in_a_row_max: Annotated[int, Field(ge=1, le=1_000_000)] | Off = Field(
        "off", description="so many trades lost one after the other stop entries"
    )
    guard_pause_ms: float = Field(
        600_000.0, gt=0, le=86_400_000, description="for so long: after slippage, after losses in a row"
    )
    symbol_daily_loss_max_quote: LimitQuote = Field(
        float("inf"), description="of the UTC day, in the reporting currency"
    )
    entry_order: EntryOrder = EntryOrder.IOC
    exit_order: ExitOrder = ExitOrder.IOC
    slippage_bound_bps: float = Field(
        5.0, ge=0, lt=10_000, allow_inf_nan=False, description="IOC limit beyond the touch"
    )
    working_max_ms: float = Field(5_000.0, gt=0, le=86_400_000, description="a resting entry is canceled after this")
    exit_wait_max_ms: float = Field(
        2_000.0, gt=0, le=86_400_000, description="a due exit waits so long for fresh books"
    )
    answer_timeout_ms: float = Field(
        3_000.0, gt=0, le=86_400_000, description="after this an unanswered order is unknown"
    )
    retry_ms: float = Field(250.0, gt=0, le=60_000, description="pause before the next try at a leg or exit")
    single_leg_policy: LegPolicy = LegPolicy.AUTO
    single_leg_deadline_ms: float = Field(3_000.0, gt=0, le=86_400_000)
    complete_bound_bps: float = Field(10.0, ge=0, le=10_000, description="how much worse a completion may be priced")
    hold_risk_bps: float = Field(30.0, ge=0, le=10_000, description="what waiting with one leg is reckoned to cost")

    @field_validator("take_profit", mode="before")
    @classmethod
    def _read_ladder(cls, value: object) -> object:
        """Accepts `8:0.5,5:0.25` beside a list of rungs."""
        if not isinstance(value, str):
            return value
        rungs = []
        for part in filter(None, value.split(",")):
            cost, colon, share = part.partition(":")
            if not colon:
                raise ValueError(f"a rung is closing_cost_bps:share, as in 8:0.5, not {part!r}")
            rungs.append({"closing_cost_bps": cost, "share": share})
        return rungs

    @model_validator(mode="after")
    def _fits_together(self) -> "StrategyParams":
        costs = [rung.closing_cost_bps for rung in self.take_profit]
        if costs != sorted(set(costs), reverse=True):
            raise ValueError("take_profit: closing costs must fall from rung to rung")
        if costs and not costs[-1] > self.exit_spread_bps:
            raise ValueError("take_profit: every rung must lie above exit_spread_bps, which closes the rest")
        if sum(rung.share for rung in self.take_profit) >= 1:
            raise ValueError("take_profit: the shares must leave a rest for exit_spread_bps, their sum below 1")
        if (self.qty_base is None) == (self.notional_quote is None):
            raise ValueError("the size is either qty_base or notional_quote: set one, the other to none")
        if not self.spread_max_bps > self.entry_spread_bps:
            raise ValueError("spread_max_bps must lie above entry_spread_bps, or nothing can ever be entered")
        return self
