"""Every refusal on both sides of its boundary: what is provably inside is allowed, NaN and what is missing refuses."""

from typing import Any

import pytest

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.engine import book, guards
from arbitrage_core.engine.state import (
    AWAITING_QUOTE,
    LONG_AGO_NS,
    RATE_RING_SLOTS,
    Approval,
    SessionPhase,
)
from arbitrage_core.strategies import taker_taker
from tests.engine.bench import Bench, plain, quiet
from tests.engine.boundary import INF, NAN, Boundary, above, below
from tests.engine.memory_boundaries import MEMORY_BOUNDARIES
from tests.engine.small_market import EAST, WEST, small_config

S = 1_000_000_000


def _session(phase: SessionPhase) -> int:
    bench = Bench()
    bench.state.phase = phase
    return plain(guards.session_refusal)(bench.state, bench.symbol)


def _killed(killed: int) -> int:
    bench = Bench()
    bench.state.killed = killed
    return plain(guards.session_refusal)(bench.state, bench.symbol)


def _off(off: int) -> int:
    bench = Bench()
    bench.symbol.off = off
    return plain(guards.session_refusal)(bench.state, bench.symbol)


def _stores(silent: int) -> int:
    bench = Bench()
    bench.state.stores_silent = silent
    return plain(guards.session_refusal)(bench.state, bench.symbol)


def _pair(bench: Bench) -> int:
    return plain(taker_taker.pair_refusal_of)(
        bench.state, bench.params, bench.symbol, bench.terms, EAST, WEST, bench.now_ns
    )


def _skew(apart_ns: int) -> int:
    bench = Bench(small_config(skew_max_ms=50.0))
    bench.symbol.books[WEST].received_ns -= apart_ns
    return _pair(bench)


def _skew_the_other_way(apart_ns: int) -> int:
    bench = Bench(small_config(skew_max_ms=50.0))
    bench.symbol.books[EAST].received_ns -= apart_ns
    return _pair(bench)


def _skew_limit(limit_ns: int) -> int:
    bench = Bench()
    bench.terms.skew_max_ns = limit_ns
    return _pair(bench)


def _still(still_ns: int) -> int:
    bench = Bench(small_config(frozen_max_ms=2_000.0))
    bench.symbol.books[EAST].moved_ns = bench.now_ns - still_ns
    return _market(bench)


def _still_while_allowed(still_ns: int) -> int:
    bench = Bench(small_config(frozen_max_ms="off"))
    bench.symbol.books[EAST].moved_ns = bench.now_ns - still_ns
    return _market(bench)


def _market(bench: Bench) -> int:
    return plain(book.market_refusal)(bench.state, bench.params, bench.symbol, bench.terms, EAST, bench.now_ns)


def _doubt(orders: int) -> int:
    bench = Bench()
    bench.symbol.doubts[EAST] = orders
    return _market(bench)


def _feed(status: int) -> int:
    bench = Bench()
    bench.symbol.books[EAST].feed = status
    return _market(bench)


def _bid(px: float) -> int:
    bench = Bench()
    bench.quote(EAST, px, 100.0)
    return _market(bench)


def _ask(px: float) -> int:
    bench = Bench()
    bench.quote(EAST, 100.0, px)
    return _market(bench)


def _age(age_ns: int) -> int:
    bench = Bench()
    bench.symbol.books[EAST].received_ns = bench.now_ns - age_ns
    return _market(bench)


def _rated(rate: float, age_ns: int) -> int:
    bench = Bench(small_config(market={"fee_currency": "BNB"}, session={"rate_age_max_ms": 1_500.0}))
    bench.state.rates[1], bench.state.rate_received_ns[1] = rate, bench.now_ns - age_ns
    return _market(bench)


def _rate_age(age_ns: int) -> int:
    return _rated(500.0, age_ns)


def _rate(rate: float) -> int:
    return _rated(rate, 0)


def _edge(net_edge_bps: float) -> int:
    return plain(guards.edge_refusal)(Bench(small_config(entry_net_edge_bps=3.0)).terms, 50.0, net_edge_bps)


def _edge_limit(limit_bps: float) -> int:
    bench = Bench()
    bench.terms.entry_net_edge_bps = limit_bps
    return plain(guards.edge_refusal)(bench.terms, 50.0, 3.0)


def _spread(spread_bps: float) -> int:
    return plain(guards.edge_refusal)(Bench(small_config(spread_max_bps=80.0)).terms, spread_bps, 9.0)


def _free_from(after_now_ns: int) -> int:
    bench = Bench()
    bench.symbol.free_from_ns = bench.now_ns + after_now_ns
    return plain(guards.pace_refusal)(bench.symbol, bench.terms, bench.now_ns)


def _in_use(slots: int) -> int:
    bench = Bench(small_config(max_open_trades=2))
    bench.symbol.in_use = slots
    return plain(guards.pace_refusal)(bench.symbol, bench.terms, bench.now_ns)


def _size(lots: int) -> int:
    bench = Bench()
    bench.terms.markets[WEST].step_lots = 10
    return plain(guards.size_refusal)(bench.terms, EAST, WEST, lots)


def _notional(px: float) -> int:
    bench = Bench(small_config(market={"min_notional_quote": 50.0}))
    bench.quote(WEST, px, 101.0)
    return plain(guards.worth_refusal)(bench.symbol, bench.terms, WEST, -1, 50, px)


def _exposure(bench: Bench, px: float = 100.0) -> int:
    """100 lots of 0.01 on both sides."""
    return plain(guards.exposure_refusal)(bench.state, bench.params, 0, EAST, 100, px, WEST, 100, 100.0)


def _symbol_limit(limit_quote: float) -> int:
    bench = Bench()
    bench.terms.exposure_max_quote = limit_quote
    return _exposure(bench)


def _symbol_price(px: float) -> int:
    bench = Bench()
    bench.terms.exposure_max_quote = 200.0
    return _exposure(bench, px)


def _symbol_lots(held_lots: int) -> int:
    bench = Bench()
    bench.terms.exposure_max_quote = 210.0
    bench.symbol.exposure_lots[EAST] = held_lots
    return _exposure(bench)


def _venue_limit(limit_quote: float) -> int:
    bench = Bench()
    bench.params.venues[WEST].exposure_max_quote = limit_quote
    return _exposure(bench)


def _other_symbol(bench: Bench, ask_px: float) -> int:
    bench.state.symbols[1].exposure_lots[WEST] = 50
    bench.state.symbols[1].books[WEST].mark_ask_px = ask_px
    return _exposure(bench)


def _venue_price_of_another(ask_px: float) -> int:
    bench = Bench(small_config(symbols=("AAA", "BBB")))
    bench.params.venues[WEST].exposure_max_quote = 150.0
    return _other_symbol(bench, ask_px)


def _portfolio_limit(limit_quote: float) -> int:
    bench = Bench()
    bench.params.portfolio_exposure_max_quote = limit_quote
    return _exposure(bench)


def _portfolio_price_of_another(ask_px: float) -> int:
    bench = Bench(small_config(symbols=("AAA", "BBB")))
    bench.params.portfolio_exposure_max_quote = 250.0
    bench.state.symbols[1].exposure_lots[EAST] = 50
    bench.state.symbols[1].books[EAST].mark_ask_px = ask_px
    call = plain(guards.exposure_refusal)
    return call(bench.state, bench.params, 0, -1, 0, 0.0, WEST, 200, 100.0)


def _stock(held_lots: int) -> int:
    bench = Bench(small_config(market={"kind": "spot", "short_limit_base": 0.2}))
    bench.symbol.position_lots[WEST], bench.symbol.selling_lots[WEST] = held_lots, 30
    return plain(guards.inventory_refusal)(bench.state, bench.params, 0, WEST, 100)


def _capital(need_amount: int) -> int:
    bench = Bench()
    bench.state.venues[EAST].cash_amounts[0], bench.state.venues[EAST].reserved_amounts[0] = 5_000, 1_000
    return plain(guards.capital_refusal)(bench.state, bench.params, 0, EAST, need_amount)


def _capital_price(px: float) -> int:
    """What is free counts the position held, at its price."""
    bench = Bench()
    bench.symbol.position_lots[EAST] = 1
    bench.symbol.books[EAST].mark_bid_px = px
    bench.state.venues[EAST].cash_amounts[0] = 0
    return plain(guards.capital_refusal)(bench.state, bench.params, 0, EAST, 10**7)


def _sent(age_of_second_last_ns: int) -> int:
    bench = Bench(small_config(venue={"orders_per_s_max": 2}))
    ring = bench.state.venues[EAST]
    ring.sent_count = 3
    ring.sent_ns[1], ring.sent_ns[2] = bench.now_ns - age_of_second_last_ns, bench.now_ns
    return plain(guards.order_rate_refusal)(bench.state, bench.params, EAST, bench.now_ns)


def _rate_limit(orders_per_s_max: int) -> int:
    bench = Bench()
    bench.params.venues[EAST].orders_per_s_max = orders_per_s_max
    return plain(guards.order_rate_refusal)(bench.state, bench.params, EAST, bench.now_ns)


AGE_MAX_NS, RATE_AGE_MAX_NS, SKEW_NS = 1 * S, 3 * S // 2, S // 20
BOUNDARIES = [
    Boundary(
        Refusal.SESSION_MUST_BE_ACTIVE,
        "the session's phase",
        _session,
        (SessionPhase.ACTIVE,),
        (SessionPhase.PAUSED, SessionPhase.ENDING, SessionPhase.HALTED),
    ),
    Boundary(Refusal.KILL_SWITCH_MUST_BE_OFF, "the kill switch", _killed, (0,), (1, -1)),
    Boundary(Refusal.SYMBOL_MUST_BE_ON, "the symbol switched off", _off, (0,), (1, -1)),
    Boundary(Refusal.BOOKS_MUST_BE_IN_STEP, "how much older the west's book is", _skew, (0, SKEW_NS), (SKEW_NS + 1,)),
    Boundary(
        Refusal.BOOKS_MUST_BE_IN_STEP, "how much older the east's is", _skew_the_other_way, (SKEW_NS,), (SKEW_NS + 1,)
    ),
    Boundary(Refusal.BOOKS_MUST_BE_IN_STEP, "the limit on books of one moment", _skew_limit, (0, 1), (-1,)),
    Boundary(Refusal.BOOK_MUST_MOVE, "how long the prices stood", _still, (0, 2 * S - 1, 2 * S), (2 * S + 1,)),
    Boundary(Refusal.BOOK_MUST_MOVE, "the same, when it may", _still_while_allowed, (2 * S + 1, 10**18), ()),
    Boundary(Refusal.STORES_MUST_ANSWER, "stores that do not answer", _stores, (0,), (1, 2, -1)),
    Boundary(Refusal.MARKET_MUST_NOT_BE_IN_DOUBT, "unknown orders", _doubt, (0,), (1, 2)),
    Boundary(
        Refusal.FEED_MUST_BE_UP,
        "the feed's status",
        _feed,
        (FeedStatus.UP,),
        (FeedStatus.DOWN, FeedStatus.ENDED, AWAITING_QUOTE),
    ),
    Boundary(
        Refusal.BOOK_MUST_BE_UNCROSSED,
        "the bid under an ask of 100",
        _bid,
        (below(100.0), 5e-324),
        (100.0, above(100.0), 0.0, -1.0, NAN, INF),
    ),
    Boundary(
        Refusal.BOOK_MUST_BE_UNCROSSED,
        "the ask over a bid of 100",
        _ask,
        (above(100.0),),
        (100.0, below(100.0), 0.0, NAN, INF),
    ),
    Boundary(
        Refusal.BOOK_MUST_BE_FRESH,
        "the book's age",
        _age,
        (0, AGE_MAX_NS - 1, AGE_MAX_NS),
        (AGE_MAX_NS + 1, Bench().now_ns - LONG_AGO_NS),
    ),
    Boundary(
        Refusal.RATE_MUST_BE_FRESH,
        "the rate's age",
        _rate_age,
        (0, RATE_AGE_MAX_NS - 1, RATE_AGE_MAX_NS),
        (RATE_AGE_MAX_NS + 1,),
    ),
    Boundary(Refusal.RATE_MUST_BE_FRESH, "the rate", _rate, (5e-324, 500.0), (0.0, -1.0, NAN)),
    Boundary(Refusal.EDGE_MUST_EXCEED_COSTS, "the net edge", _edge, (above(3.0), INF), (3.0, below(3.0), NAN, -INF)),
    Boundary(
        Refusal.EDGE_MUST_EXCEED_COSTS, "the edge asked for", _edge_limit, (below(3.0), -INF), (3.0, above(3.0), NAN)
    ),
    Boundary(Refusal.PRICE_MUST_BE_PLAUSIBLE, "the spread", _spread, (below(80.0), 80.0), (above(80.0), INF, NAN)),
    Boundary(Refusal.COOLDOWN_MUST_BE_OVER, "the cooldown's end, from now", _free_from, (-1, 0), (1,)),
    Boundary(Refusal.OPEN_TRADES_MUST_BE_FEWER, "slots in use", _in_use, (0, 1), (2, 3)),
    Boundary(Refusal.SIZE_MUST_BE_TRADABLE, "lots, in steps of 10", _size, (10, 11), (9, 0, -10)),
    Boundary(
        Refusal.SIZE_MUST_BE_TRADABLE,
        "the price of half a coin, 50 at least",
        _notional,
        (100.0, above(100.0)),
        (below(100.0), 0.0, NAN),
    ),
    Boundary(
        Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE,
        "the limit on 200",
        _symbol_limit,
        (200.0, above(200.0), INF),
        (below(200.0), 0.0, NAN),
    ),
    Boundary(
        Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE,
        "the price",
        _symbol_price,
        (100.0, below(100.0)),
        (101.0, INF, NAN),
    ),
    Boundary(Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE, "lots held", _symbol_lots, (9, 10), (11,)),
    Boundary(
        Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,
        "the limit on 100",
        _venue_limit,
        (100.0, above(100.0), INF),
        (below(100.0), 0.0, NAN),
    ),
    Boundary(
        Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,
        "the price of another symbol held",
        _venue_price_of_another,
        (99.0, 100.0),
        (101.0, INF, NAN),
    ),
    Boundary(
        Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE,
        "the limit on 200",
        _portfolio_limit,
        (200.0, above(200.0), INF),
        (below(200.0), 0.0, NAN),
    ),
    Boundary(
        Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE,
        "the price of another symbol held",
        _portfolio_price_of_another,
        (99.0, 100.0),
        (101.0, INF, NAN),
    ),
    Boundary(Refusal.INVENTORY_MUST_COVER, "lots in stock, 30 of them promised", _stock, (110, 111), (109, 0)),
    Boundary(Refusal.CAPITAL_MUST_COVER, "the need, 4,000 being free", _capital, (0, 3_999, 4_000), (4_001, -1)),
    Boundary(Refusal.CAPITAL_MUST_COVER, "the price of the position held", _capital_price, (100.0,), (1.0, NAN)),
    Boundary(Refusal.ORDER_RATE_MUST_STAY_INSIDE, "the second last order's age", _sent, (S + 1, S), (S - 1, 0)),
    Boundary(
        Refusal.ORDER_RATE_MUST_STAY_INSIDE,
        "the limit",
        _rate_limit,
        (1, RATE_RING_SLOTS),
        (0, -1, RATE_RING_SLOTS + 1),
    ),
    *MEMORY_BOUNDARIES,
]
ASKED = [(boundary, value, True) for boundary in BOUNDARIES for value in boundary.passing] + [
    (boundary, value, False) for boundary in BOUNDARIES for value in boundary.refused
]


def _named(case: tuple[Boundary, Any, bool]) -> str:
    boundary, value, passes = case
    return f"{boundary.refusal.name}: {boundary.of} {value!r} {'passes' if passes else 'is refused'}"


@pytest.mark.parametrize("case", ASKED, ids=_named)
def test_a_guard_allows_only_what_is_inside_its_boundary(case: tuple[Boundary, Any, bool]) -> None:
    boundary, value, passes = case
    with quiet():
        found = Refusal(int(boundary.ask(value)))
    assert found == (Refusal.NONE if passes else boundary.refusal)


def test_every_refusal_has_a_row_in_the_table() -> None:
    assert {boundary.refusal for boundary in BOUNDARIES} == set(Refusal) - {Refusal.NONE}


@pytest.mark.parametrize("lots, granted", [(1, True), (10, True), (11, False), (0, False), (-1, False)], ids=str)
def test_a_reduction_is_approved_up_to_what_is_held(lots: int, granted: bool) -> None:
    bench = Bench()
    leg = bench.symbol.trades[0].legs[0]
    leg.lots = 10
    assert bool(plain(guards.approve_reduction)(bench.state, leg, lots)) is granted
    assert int(bench.state.approval) == (Approval.REDUCE if granted else Approval.NONE)
    assert int(bench.state.approvals_left) == int(granted)
