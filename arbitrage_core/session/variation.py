"""The variation: a session's configuration with one thing otherwise, validated whole like any other."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from arbitrage_core.domain.currency import most_money
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams

SIZES = ("qty_base", "notional_quote", "symbol_exposure_max_quote", "symbol_daily_loss_max_quote")
VENUE_LIMITS = ("exposure_max_quote",)
SESSION_LIMITS = ("portfolio_exposure_max_quote", "portfolio_daily_loss_max_quote", "drawdown_max_quote")
LATENCY_CAP_SHARE = 0.999
"""Of the time after which an answer is called unknown: a latency must lie below it."""


def with_taker_fee(config: SessionConfig, fee_bps: float) -> SessionConfig:
    """The same taker fee on all markets. Raises BadInput for one that cannot be."""
    return _varied(config, markets=_markets(config, taker_fee_bps=fee_bps))


def with_latency(config: SessionConfig, latency_ms: float) -> SessionConfig:
    """The same latency to all venues, and back from those that have none of their own for it. Raises BadInput."""
    return _varied(config, markets=_markets(config, latency_ms=latency_ms))


def with_size(config: SessionConfig, factor: float) -> SessionConfig:
    """So many times the size of each trade, and of all the money that stands beside it: the capital, and the limits of
    exposure and loss. Then what the books show limits it, as it does a session of another purse.

    The capital grows to the most that can be set in its currency and no further. Raises BadInput.
    """
    return _varied(
        config,
        **_grown(config, factor, SESSION_LIMITS),
        params=_sized(config.params, factor),
        symbol_params={symbol: _sized(params, factor) for symbol, params in config.symbol_params.items()},
        venues=tuple(_made(Venue, {**dict(one), **_grown(one, factor, VENUE_LIMITS)}) for one in config.venues),
        initial_capital_quote=min(config.initial_capital_quote * factor, _most_capital(config)),
    )


def purse_is_short(config: SessionConfig, factor: float) -> bool:
    """Whether a session of so many times the size cannot have so many times the capital: no more of it can be set."""
    return config.initial_capital_quote * factor > _most_capital(config)


def _most_capital(config: SessionConfig) -> float:
    return max(most_money(config.reporting_currency), config.initial_capital_quote)


def latency_most_ms(config: SessionConfig) -> float:
    """The highest latency that `with_latency` may set: beyond it answers would be called unknown before they come."""
    return LATENCY_CAP_SHARE * min(_latency_room_ms(config, market) for market in config.markets)


def _latency_room_ms(config: SessionConfig, market: Market) -> float:
    room_ms = config.params_of(market.symbol).answer_timeout_ms - 2 * market.latency_jitter_ms
    return room_ms / 2 if market.report_latency_ms is None else room_ms - market.report_latency_ms


def _markets(config: SessionConfig, **changes: float) -> tuple[Market, ...]:
    return tuple(_made(Market, {**dict(market), **changes}) for market in config.markets)


def _sized(params: StrategyParams, factor: float) -> StrategyParams:
    return _made(StrategyParams, {**dict(params), **_grown(params, factor, SIZES)})


def _grown(model: BaseModel, factor: float, names: Iterable[str]) -> dict[str, float | None]:
    """So many times each of these; what is not set stays so, and no limit stays none."""
    found = {name: getattr(model, name) for name in names}
    return {name: None if value is None else value * factor for name, value in found.items()}


def _varied(config: SessionConfig, **changes: Any) -> SessionConfig:
    return _made(SessionConfig, {**dict(config), **changes})


def _made(model: Any, values: dict[str, Any]) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"a session cannot be varied like this: {first['msg']}") from error
