"""The parameters: a session's configuration as the record the engine reads. Never written by it."""

import numpy as np

from arbitrage_core.domain.identity import key_of
from arbitrage_core.domain.market import Market, MarketKind
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.order import OrderStyle
from arbitrage_core.domain.record import one, record
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import RUNGS_MAX, EntryOrder, ExitOrder, LegPolicy, StrategyParams
from arbitrage_core.domain.trade import SingleLegPolicy
from arbitrage_core.engine.state import CURRENCY_SLOTS, NEVER_NS, Shape

NS_PER_MS = 1_000_000
NO_SHARE = 1e18
"""Of a peak: more than can be lost of it, and a number even of a peak of 0, which infinity is not."""
CHEAP_TEST_SLACK = 1e-9
"""How much wider than the exact threshold the cheap edge test is, relative: it may only err towards a full look."""

MARKET_PARAMS = record(
    exists="i8",
    spot="i8",
    quote="i8",  # currency index
    fee_currency="i8",
    step_lots="i8",
    initial_lots="i8",
    short_limit_lots="i8",
    tick="f8",
    min_notional_quote="f8",
    taker_fee_bps="f8",
    slippage_bps="f8",
    margin_rate="f8",
)

VENUE_PARAMS = record(key="i8", home_currency="i8", orders_per_s_max="i8", exposure_max_quote="f8")


def symbol_params_dtype(venues: int) -> np.dtype:
    """What holds for one symbol, what every look reads before the rest."""
    return record(
        entry_factor="f8",  # of the cheap edge test
        entry_spread_bps="f8",
        entry_net_edge_bps="f8",  # −inf: no gate
        spread_max_bps="f8",
        quote_age_max_ns="i8",
        skew_max_ns="i8",
        frozen_max_ns="i8",  # NEVER: off
        max_open_trades="i8",
        converts="i8",  # non-zero: some market's quote or fee currency is not the reporting one
        round_trip_bps=("f8", (venues * venues,)),  # of a round trip [bought at × venues + sold at], slippage included
        exit_spread_bps="f8",
        stop_loss_bps="f8",  # inf: off
        slippage_bound_bps="f8",
        complete_bound_bps="f8",
        hold_risk_bps="f8",
        lot_base="f8",
        notional_quote="f8",  # 0: qty_lots holds
        exposure_max_quote="f8",
        daily_loss_max_quote="f8",
        slippage_excess_max_bps="f8",  # inf: off
        losses_in_a_row_max="i8",  # NEVER: off
        guard_pause_ns="i8",
        key="i8",
        qty_lots="i8",
        hold_max_ns="i8",
        cooldown_ns="i8",
        working_max_ns="i8",
        exit_wait_max_ns="i8",
        answer_timeout_ns="i8",
        retry_ns="i8",
        single_leg_deadline_ns="i8",
        single_leg_policy="i8",
        entry_style="i8",
        exit_style="i8",
        rungs="i8",
        rung_costs_bps=("f8", (RUNGS_MAX,)),
        rung_shares=("f8", (RUNGS_MAX,)),
        markets=(MARKET_PARAMS, (venues,)),
    )


def params_dtype(shape: Shape) -> np.dtype:
    """All parameters of a session."""
    return record(
        session_key="i8",
        venue_count="i8",
        symbol_count="i8",
        currency_count="i8",
        rate_age_max_ns="i8",
        initial_capital_quote="f8",
        portfolio_exposure_max_quote="f8",
        daily_loss_max_quote="f8",
        drawdown_max_quote="f8",
        drawdown_max_share="f8",  # NO_SHARE: off
        reduce_at="f8",  # inf: never; not above flatten_at
        flatten_at="f8",  # inf: never
        watches_exposure="i8",  # non-zero: some exposure has a finite limit
        judges_day="i8",  # non-zero: some loss of a day has a finite limit, or none
        units=("f8", (CURRENCY_SLOTS,)),
        venues=(VENUE_PARAMS, (shape.venues,)),
        symbols=(symbol_params_dtype(shape.venues), (shape.symbols,)),
    )


_ENTRY_STYLES = {
    EntryOrder.IOC: OrderStyle.IOC,
    EntryOrder.MARKET: OrderStyle.MARKET,
    EntryOrder.GTC: OrderStyle.GTC,
    EntryOrder.POST_ONLY: OrderStyle.POST_ONLY,
}
_EXIT_STYLES = {ExitOrder.IOC: OrderStyle.IOC, ExitOrder.MARKET: OrderStyle.MARKET}
_POLICIES = {
    LegPolicy.AUTO: SingleLegPolicy.AUTO,
    LegPolicy.COMPLETE: SingleLegPolicy.COMPLETE,
    LegPolicy.REVERSE: SingleLegPolicy.REVERSE,
    LegPolicy.HOLD: SingleLegPolicy.HOLD,
}


def shape_of(config: SessionConfig) -> Shape:
    """The smallest engine that holds a configuration."""
    most_trades = max(config.params_of(symbol).max_open_trades for symbol in config.symbols)
    return Shape.holding(len(config.venues), len(config.symbols), config.levels, most_trades)


def params_record(config: SessionConfig, shape: Shape, session_key: int) -> np.ndarray:
    """The configuration as `params_dtype(shape)[1]`."""
    params = one(params_dtype(shape))
    head = params[0]
    currencies = config.currencies
    head.session_key = session_key
    head.venue_count, head.symbol_count = len(config.venues), len(config.symbols)
    head.currency_count = len(currencies)
    head.rate_age_max_ns = _ns(config.rate_age_max_ms)
    head.initial_capital_quote = config.initial_capital_quote
    head.portfolio_exposure_max_quote = config.portfolio_exposure_max_quote
    head.daily_loss_max_quote = config.portfolio_daily_loss_max_quote
    head.drawdown_max_quote = config.drawdown_max_quote
    head.drawdown_max_share = NO_SHARE if config.drawdown_max_share == "off" else config.drawdown_max_share
    head.flatten_at = np.inf if config.flatten_at == "off" else config.flatten_at
    head.reduce_at = head.flatten_at if config.reduce_at == "off" else config.reduce_at
    head.units[: len(currencies)] = [booking_unit(currency) for currency in currencies]
    for index, venue in enumerate(config.venues):
        record_of = head.venues[index]
        record_of.key = venue.key
        record_of.orders_per_s_max = venue.orders_per_s_max
        record_of.exposure_max_quote = venue.exposure_max_quote
        record_of.home_currency = config.home_currency(venue.name)
    for index, symbol in enumerate(config.symbols):
        _write_symbol(head.symbols[index], config, symbol)
    daily = [head.daily_loss_max_quote, *(terms["daily_loss_max_quote"] for terms in head.symbols)]
    head.judges_day = int(not all(limit == np.inf for limit in daily[: len(config.symbols) + 1]))
    exposures = [
        head.portfolio_exposure_max_quote,
        *(head.venues[v].exposure_max_quote for v in range(len(config.venues))),
        *(head.symbols[s].exposure_max_quote for s in range(len(config.symbols))),
    ]
    head.watches_exposure = int(any(limit < np.inf for limit in exposures))
    return params


def _write_symbol(target: np.record, config: SessionConfig, symbol: str) -> None:
    params, lot_base = config.params_of(symbol), config.lot_base(symbol)
    target.key, target.lot_base = key_of(symbol), lot_base
    _write_strategy(target, params, lot_base)
    target.exposure_max_quote = config.exposure_max_quote(symbol)
    for index, venue in enumerate(config.venues):
        market = config.market(venue.name, symbol)
        if market is not None:
            _write_market(target.markets[index], market, config, lot_base)
    _write_costs(target, params.rebalancing_bps)


def _write_costs(target: np.record, rebalancing_bps: float) -> None:
    """What a round trip is expected to cost: the spread left at the exit, four taker fees, four times slippage, and
    its share of moving back what it moved between the venues."""
    markets = target.markets
    target.converts = int(any(market["quote"] != 0 or market["fee_currency"] != 0 for market in markets))
    for bought in range(len(markets)):
        for sold in range(len(markets)):
            fees_bps = 2.0 * (markets[bought]["taker_fee_bps"] + markets[sold]["taker_fee_bps"])
            slippage_bps = 2.0 * (markets[bought]["slippage_bps"] + markets[sold]["slippage_bps"])
            target.round_trip_bps[bought * len(markets) + sold] = (
                target.exit_spread_bps + fees_bps + slippage_bps + rebalancing_bps
            )


def _write_strategy(target: np.record, params: StrategyParams, lot_base: float) -> None:
    target.entry_factor = (1.0 + params.entry_spread_bps * 1e-4) * (1.0 - CHEAP_TEST_SLACK)
    target.entry_net_edge_bps = -np.inf if params.entry_net_edge_bps == "off" else params.entry_net_edge_bps
    target.stop_loss_bps = np.inf if params.stop_loss_bps == "off" else params.stop_loss_bps
    target.qty_lots = 0 if params.qty_base is None else lots_of(params.qty_base, lot_base)
    target.notional_quote = params.notional_quote or 0.0
    target.daily_loss_max_quote = params.symbol_daily_loss_max_quote
    off = params.slippage_excess_max_bps == "off"
    target.slippage_excess_max_bps = np.inf if off else params.slippage_excess_max_bps
    target.losses_in_a_row_max = NEVER_NS if params.losses_in_a_row_max == "off" else params.losses_in_a_row_max
    for name in ("entry_spread_bps", "exit_spread_bps", "spread_max_bps", "slippage_bound_bps", "complete_bound_bps"):
        target[name] = getattr(params, name)
    target.hold_risk_bps, target.max_open_trades = params.hold_risk_bps, params.max_open_trades
    for name in (
        "hold_max",
        "cooldown",
        "quote_age_max",
        "skew_max",
        "working_max",
        "exit_wait_max",
        "answer_timeout",
        "retry",
        "guard_pause",
    ):
        target[name + "_ns"] = _ns(getattr(params, name + "_ms"))
    target.frozen_max_ns = NEVER_NS if params.frozen_max_ms == "off" else _ns(params.frozen_max_ms)
    target.single_leg_deadline_ns = _ns(params.single_leg_deadline_ms)
    target.single_leg_policy = _POLICIES[params.single_leg_policy]
    target.entry_style, target.exit_style = _ENTRY_STYLES[params.entry_order], _EXIT_STYLES[params.exit_order]
    target.rungs = len(params.take_profit)
    for index, rung in enumerate(params.take_profit):
        target.rung_costs_bps[index], target.rung_shares[index] = rung.closing_cost_bps, rung.share


def _write_market(target: np.record, market: Market, config: SessionConfig, lot_base: float) -> None:
    target.exists, target.spot = 1, market.kind == MarketKind.SPOT
    target.quote = config.currencies.index(market.quote_currency)
    target.fee_currency = config.currencies.index(market.fees_in)
    target.step_lots = round(market.lot_base / lot_base)
    target.initial_lots = lots_of(market.initial_base, lot_base)
    target.short_limit_lots = lots_of(market.short_limit_base, lot_base)
    for name in ("tick", "min_notional_quote", "taker_fee_bps", "slippage_bps", "margin_rate"):
        target[name] = getattr(market, name)


def lots_of(qty_base: float, lot_base: float) -> int:
    """Whole lots in a quantity; a millionth of a lot short still counts as whole (0.3 / 0.1 is not 3)."""
    return int(np.floor(qty_base / lot_base + 1e-6))


def _ns(milliseconds: float) -> int:
    return round(milliseconds * NS_PER_MS)
