"""The account: all that the simulated venues know, as one record apart from the engine's, and the terms they deal on.

docs/simulation_assumptions.md says what they do and where they lie. One record serves all venues of a session.
"""

import numpy as np

from arbitrage_core.domain.identity import key_of
from arbitrage_core.domain.market import Market, MarketKind
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.record import one, record
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.params import NS_PER_MS, lots_of
from arbitrage_core.engine.state import CURRENCY_SLOTS, LEGS, LONG_AGO_NS, NEVER_NS, Shape

REPORTS_MAX = 16
"""Reports of one order under way at once; later ones join the last (figures are cumulative)."""

PENDING_REPORT = record(due_ns="i8", sequence="i8", filled_lots="i8", cost_quote="f8", fee="f8", status="i8")

VENUE_ORDER = record(
    reports=(PENDING_REPORT, (REPORTS_MAX,)),
    report_count="i8",
    state="i8",  # OrderState; PENDING while under way to the venue
    client_id="i8",
    trade="i8",
    attempt="i8",
    leg="i8",
    venue="i8",
    side="i8",
    style="i8",
    purpose="i8",
    lots="i8",
    filled_lots="i8",
    cost_amount="i8",  # booked so far, quote currency units
    fee_amount="i8",
    reported_lots="i8",  # what the engine has been told of
    sequence="i8",
    arrives_ns="i8",
    cancel_sequence="i8",
    cancel_arrives_ns="i8",
    query_sequence="i8",
    query_arrives_ns="i8",
    last_due_ns="i8",
    lost="i8",  # its reports get lost
    limit_px="f8",
    fee="f8",  # so far, at the rates of its fills
    taker_cost_quote="f8",
    maker_cost_quote="f8",
)
"""An order as the venue knows it. Its slot is used again once all it had to report was delivered."""

MARKET_TERMS = record(
    exists="i8",
    spot="i8",
    quote="i8",
    fee_currency="i8",
    step_lots="i8",
    initial_lots="i8",
    short_limit_lots="i8",
    latency_ns="i8",
    latency_jitter_ns="i8",
    report_latency_ns="i8",
    tick="f8",
    min_notional_quote="f8",
    taker_fee_bps="f8",
    maker_fee_bps="f8",
    slippage_bps="f8",
    reject_rate="f8",
    report_loss_rate="f8",
)

VENUE_TERMS = record(key="i8", home_currency="i8", outage_from_ns="i8", outage_until_ns="i8")


def terms_dtype(shape: Shape) -> np.dtype:
    """What the venues deal on; never written after the start."""
    market_terms = (MARKET_TERMS, (shape.venues,))
    return record(
        seed="i8",
        venue_count="i8",
        symbol_count="i8",
        initial_capital_quote="f8",
        units=("f8", (CURRENCY_SLOTS,)),
        venues=(VENUE_TERMS, (shape.venues,)),
        symbols=(record(key="i8", lot_base="f8", markets=market_terms), (shape.symbols,)),
    )


def account_dtype(shape: Shape) -> np.dtype:
    """The venues' books, orders and ledger."""
    levels_f8, levels_i8 = ("f8", (shape.levels,)), ("i8", (shape.levels,))
    book = record(
        withheld="i8",  # Withheld: why nothing is dealt at this book
        good_bid_px="f8",  # the last one that could be, 0 before the first; likewise the ask
        good_ask_px="f8",
        bid_px=levels_f8, bid_qty=levels_f8, ask_px=levels_f8, ask_qty=levels_f8,
        bid_taken_lots=levels_i8, ask_taken_lots=levels_i8,
    )  # fmt: skip
    symbol = record(
        touched=("i8", (shape.venues,)),  # non-zero: the next quote finds taken depth or resting orders
        books=(book, (shape.venues,)),
        resting=("i8", (shape.venues,)),  # how many orders rest
        crossed_quotes=("i8", (shape.venues,)),
        implausible_quotes=("i8", (shape.venues,)),
        position_lots=("i8", (shape.venues,)),
        reported_lots=("i8", (shape.venues,)),  # the position as far as reported
        report_sequence="i8",
        orders=(VENUE_ORDER, (LEGS * shape.trades,)),
    )
    return record(
        due_ns="i8",  # earliest arrival or report
        arrival_ns="i8",
        report_ns="i8",
        first_ns="i8",  # of the session's first row; outages are counted from it
        arrivals_ns=("i8", (shape.symbols,)),
        reports_ns=("i8", (shape.symbols,)),
        rates=("f8", (CURRENCY_SLOTS,)),
        cash_amounts=("i8", (shape.venues, CURRENCY_SLOTS)),
        symbols=(symbol, (shape.symbols,)),
        report=(row_dtype(shape.levels), (1,)),  # the one being delivered
    )


def fresh_account(config: SessionConfig, shape: Shape) -> np.ndarray:
    """The venues before the first row: `account_dtype(shape)[1]`, capital and inventories in place."""
    account = one(account_dtype(shape))
    head = account[0]
    head.due_ns = head.arrival_ns = head.report_ns = NEVER_NS
    head.arrivals_ns[:], head.reports_ns[:] = NEVER_NS, NEVER_NS
    head.first_ns = LONG_AGO_NS
    head.rates[:] = np.nan
    head.rates[0] = 1.0
    head.cash_amounts[: len(config.venues), 0] = config.starting_amounts()
    names = [venue.name for venue in config.venues]
    for market in config.markets:
        symbol, v = head.symbols[config.symbols.index(market.symbol)], names.index(market.venue)
        initial_lots = lots_of(market.initial_base, config.lot_base(market.symbol))
        symbol.reported_lots[v] = symbol.position_lots[v] = initial_lots
    return account


def terms_record(config: SessionConfig, shape: Shape) -> np.ndarray:
    """The configuration as `terms_dtype(shape)[1]`."""
    terms = one(terms_dtype(shape))
    head, currencies = terms[0], config.currencies
    head.seed, head.initial_capital_quote = config.seed, config.initial_capital_quote
    head.venue_count, head.symbol_count = len(config.venues), len(config.symbols)
    head.units[: len(currencies)] = [booking_unit(currency) for currency in currencies]
    for index, venue in enumerate(config.venues):
        target = head.venues[index]
        target.key, target.home_currency = venue.key, config.home_currency(venue.name)
        target.outage_from_ns = target.outage_until_ns = NEVER_NS
        if venue.outage_from_ms is not None and venue.outage_until_ms is not None:
            target.outage_from_ns = round(venue.outage_from_ms * NS_PER_MS)
            target.outage_until_ns = round(venue.outage_until_ms * NS_PER_MS)
    for index, symbol in enumerate(config.symbols):
        target = head.symbols[index]
        target.key, target.lot_base = key_of(symbol), config.lot_base(symbol)
        for v, venue in enumerate(config.venues):
            market = config.market(venue.name, symbol)
            if market is not None:
                _write_market(target.markets[v], market, config, target.lot_base)
    return terms


def _write_market(target: np.record, market: Market, config: SessionConfig, lot_base: float) -> None:
    target.exists, target.spot = 1, market.kind == MarketKind.SPOT
    target.quote = config.currencies.index(market.quote_currency)
    target.fee_currency = config.currencies.index(market.fees_in)
    target.step_lots = round(market.lot_base / lot_base)
    target.initial_lots = lots_of(market.initial_base, lot_base)
    target.short_limit_lots = lots_of(market.short_limit_base, lot_base)
    back_ms = market.latency_ms if market.report_latency_ms is None else market.report_latency_ms
    target.latency_ns = round(market.latency_ms * NS_PER_MS)
    target.latency_jitter_ns = round(market.latency_jitter_ms * NS_PER_MS)
    target.report_latency_ns = round(back_ms * NS_PER_MS)
    for name in ("tick", "min_notional_quote", "taker_fee_bps", "maker_fee_bps", "slippage_bps"):
        target[name] = getattr(market, name)
    target.reject_rate, target.report_loss_rate = market.reject_rate, market.report_loss_rate
