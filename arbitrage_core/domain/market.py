"""The market: one symbol on one venue, with the rules and costs of dealing there; and the venue itself."""

from enum import StrEnum
from math import isinf
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from arbitrage_core.domain.currency import LEAST_NOTIONAL_USDT, typical
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import key_of

Bps = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
PositiveQuantity = Annotated[float, Field(gt=0, allow_inf_nan=False)]
TICK_LEAST = 1e-18
LimitQuote = Annotated[float, Field(ge=0, allow_inf_nan=True)]
"""A limit in money; infinity is a stated "no limit"."""


class MarketKind(StrEnum):
    """Spot sells only what is held; a linear perpetual reserves margin and books funding."""

    SPOT = "spot"
    PERPETUAL = "perpetual"


class Market(BaseModel):
    """What a market declares. Money in its quote currency, quantities in base currency.

    The simulated venue uses latency, reject and loss rates, slippage and fees as what happens; the engine uses fees
    and slippage as what to expect.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    venue: str = Field(min_length=1)
    symbol: str = Field(min_length=1)
    kind: MarketKind = MarketKind.PERPETUAL
    quote_currency: str = "USDT"
    fee_currency: str = Field("", description="currency fees are paid in; empty: the quote currency")
    tick: float = Field(0.0, ge=0, allow_inf_nan=False, description="price step; 0: prices as quoted")
    lot: PositiveQuantity = Field(1e-5, description="quantity step in contracts")
    contract_size: PositiveQuantity = Field(1.0, description="base currency per contract")
    min_notional_quote: float = Field(
        LEAST_NOTIONAL_USDT, ge=0, allow_inf_nan=False, description="by default about 5 USDT in the quote currency"
    )
    taker_fee_bps: float = Field(10.0, ge=-100, le=1_000, allow_inf_nan=False)
    maker_fee_bps: float = Field(10.0, ge=-100, le=1_000, allow_inf_nan=False)
    slippage_bps: Bps = Field(0.0, description="how much worse than the book the simulated venue fills")
    latency_ms: Milliseconds = Field(20.0, description="from our send to the venue")
    latency_jitter_ms: Milliseconds = Field(0.0, description="drawn on top, uniform, per order")
    report_latency_ms: Milliseconds | None = Field(None, description="from the venue to us; default: latency_ms")
    reject_rate: Share = 0.0
    report_loss_rate: Share = Field(0.0, description="share of orders whose reports are lost (then they are UNKNOWN)")
    margin_rate: float = Field(0.2, gt=0, le=1, description="share of the notional reserved by a perpetual")
    initial_base: float = Field(0.0, ge=0, allow_inf_nan=False, description="spot inventory at the start")
    short_limit_base: float = Field(0.0, ge=0, allow_inf_nan=False, description="how far spot may be sold short")

    @model_validator(mode="before")
    @classmethod
    def _least_follows_the_currency(cls, given: Any) -> Any:
        currency = given.get("quote_currency", "USDT") if isinstance(given, dict) else None
        if not isinstance(currency, str):
            return given
        return {"min_notional_quote": typical(LEAST_NOTIONAL_USDT, currency), **given}

    @field_validator("tick")
    @classmethod
    def _tick_can_be_counted(cls, tick: float) -> float:
        """Prices are multiples of it: of one below the smallest price there are more than a number can hold."""
        if 0.0 < tick < TICK_LEAST:
            raise BadInput(
                f"tick = {tick:g} is finer than any price", f"allowed: {TICK_LEAST:g} or more, or 0: prices as quoted"
            )
        return tick

    @property
    def key(self) -> str:
        """`VENUE.SYMBOL`, as in `--set market.VENUE.SYMBOL.name=value`."""
        return f"{self.venue}.{self.symbol}"

    @property
    def lot_base(self) -> float:
        """Quantity step in base currency."""
        return self.lot * self.contract_size

    @property
    def fees_in(self) -> str:
        """The currency fees are paid in."""
        return self.fee_currency or self.quote_currency


class Venue(BaseModel):
    """What holds for a whole venue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    exposure_max_quote: LimitQuote = Field(float("inf"), description="in the reporting currency")
    transfer_cost_bps: Bps = Field(0.0, description="of moving money away from it; prices the moves a report suggests")
    orders_per_s_max: int = Field(50, ge=1, le=256, description="submits in any one second")
    outage_from_ms: float | None = Field(None, ge=0, description="simulated outage, from the session's first row")
    outage_until_ms: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _outage_is_a_window(self) -> "Venue":
        if (self.outage_from_ms is None) != (self.outage_until_ms is None):
            raise ValueError("an outage needs both outage_from_ms and outage_until_ms")
        if self.outage_from_ms is not None and not self.outage_from_ms < self.outage_until_ms:
            raise ValueError("outage_from_ms must lie before outage_until_ms")
        return self

    @property
    def key(self) -> int:
        """63-bit key of the name, for derived chance."""
        return key_of(self.name)


def unlimited(limit_quote: float) -> bool:
    """Whether a limit was stated as none."""
    return isinf(limit_quote)
