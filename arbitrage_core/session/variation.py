"""The variation: a session's configuration with one thing otherwise, validated whole like any other."""

from typing import Any

from pydantic import ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.market import Market
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams

CAPITAL_MAX_QUOTE = 9e6
LATENCY_CAP_SHARE = 0.999
"""Of the time after which an answer is called unknown: a latency must lie below it."""


def with_taker_fee(config: SessionConfig, fee_bps: float) -> SessionConfig:
    """The same taker fee on all markets. Raises BadInput for one that cannot be."""
    return _varied(config, markets=_markets(config, taker_fee_bps=fee_bps))


def with_latency(config: SessionConfig, latency_ms: float) -> SessionConfig:
    """The same latency to all venues, and back from those that have none of their own for it. Raises BadInput."""
    return _varied(config, markets=_markets(config, latency_ms=latency_ms))


def with_size(config: SessionConfig, factor: float) -> SessionConfig:
    """So many times the size of each trade, and of the capital, so that depth is what limits it, not the purse.

    Limits on exposure and losses stay as they are: they are the operator's. Raises BadInput.
    """
    return _varied(
        config,
        params=_sized(config.params, factor),
        symbol_params={symbol: _sized(params, factor) for symbol, params in config.symbol_params.items()},
        initial_capital_quote=min(config.initial_capital_quote * factor, CAPITAL_MAX_QUOTE),
    )


def latency_most_ms(config: SessionConfig) -> float:
    """The highest latency that `with_latency` may set: beyond it answers would be called unknown before they come."""
    return LATENCY_CAP_SHARE * min(_latency_room_ms(config, market) for market in config.markets)


def _latency_room_ms(config: SessionConfig, market: Market) -> float:
    room_ms = config.params_of(market.symbol).answer_timeout_ms - 2 * market.latency_jitter_ms
    return room_ms / 2 if market.report_latency_ms is None else room_ms - market.report_latency_ms


def _markets(config: SessionConfig, **changes: float) -> tuple[Market, ...]:
    return tuple(_made(Market, {**dict(market), **changes}) for market in config.markets)


def _sized(params: StrategyParams, factor: float) -> StrategyParams:
    sizes = {name: getattr(params, name) for name in ("qty_base", "notional_quote")}
    return _made(
        StrategyParams,
        {**dict(params), **{name: None if size is None else size * factor for name, size in sizes.items()}},
    )


def _varied(config: SessionConfig, **changes: Any) -> SessionConfig:
    return _made(SessionConfig, {**dict(config), **changes})


def _made(model: Any, values: dict[str, Any]) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"a session cannot be varied like this: {first['msg']}") from error
