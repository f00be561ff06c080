"""Exposure followed through the record: worked examples, and that of every instant of tales made up as they go."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.order import NO_LIMIT_PX, Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from flows.report.exposure import exposure_of
from tests.laws.log_table import LogTable
from tests.laws.made_up_tales import made_up
from tests.laws.story import START_NS, Story
from tests.laws.tales import TALES, Tale, begun
from tests.laws.told_evidence import evidence_of

LOT = 0.01
CONFIG = SessionConfig(
    venues=(Venue(name="east", exposure_max_quote=900.0), Venue(name="west")),
    symbols=("AAA/USDT", "BBB/USDT"),
    markets=tuple(
        Market(venue=venue, symbol=symbol, lot=LOT) for venue in ("east", "west") for symbol in ("AAA/USDT", "BBB/USDT")
    ),
    params=StrategyParams(symbol_exposure_max_quote=500.0, slippage_bound_bps=100.0),
    portfolio_exposure_max_quote=800.0,
)


class Told(LogTable):
    """Orders of one market and what became of them, told in order of time; moments in whole nanoseconds."""

    symbol = venue = 0
    markets: dict[int, tuple[int, int]]

    def __init__(self) -> None:
        super().__init__()
        self.markets = {}

    def send(self, at: int, order: int, lots: int, *, purpose: Purpose = Purpose.ENTRY, market: tuple = (0, 0), **more):
        """An order; its price is 100 unless told otherwise."""
        self.markets[order] = market
        where = dict(zip(("symbol", "venue"), market, strict=True))
        told = {"side": 1, "limit_px": 100.0, "decision_px": 100.0, **more}
        self.add("orders", now_ns=at, client_id=order, lots=lots, purpose=purpose, **where, **told)
        self.add("changes", now_ns=at, client_id=order, lots=lots, after=OrderState.PENDING, **where)
        return self

    def fill(self, at: int, order: int, lots: int, px: float, *, purpose: Purpose = Purpose.ENTRY):
        """Some of its lots at a price."""
        where = dict(zip(("symbol", "venue"), self.markets[order], strict=True))
        cost = round(lots * LOT * px * 1e8)
        money = {"cost_quote_amount": cost, "cash_reporting_amount": -cost}
        self.add("fills", now_ns=at, client_id=order, lots=lots, purpose=purpose, **where, **money)
        return self

    def end(self, at: int, order: int, lots: int, filled: int, state: OrderState = OrderState.EXPIRED):
        """No more of it."""
        where = dict(zip(("symbol", "venue"), self.markets[order], strict=True))
        ended = {"before": OrderState.OPEN, "after": state, "lots": lots, "filled_lots": filled}
        self.add("changes", now_ns=at, client_id=order, **where, **ended)
        return self

    def values(self) -> list[tuple[int, float]]:
        """The first symbol's exposure at its moments."""
        track = exposure_of(CONFIG, self.session_log()).symbols[0]
        return list(zip(track.moments_ns.tolist(), track.values.round(6).tolist(), strict=True))


EXIT = Purpose.EXIT
LIVES = {
    "sent, filled, closed": (
        Told().send(1, 7, 50).fill(5, 7, 50, 98.0).end(5, 7, 50, 50, OrderState.FILLED).send(8, 8, 50, purpose=EXIT)
        .fill(9, 8, 50, 99.0, purpose=EXIT),
        [(1, 50.0), (5, 49.0), (9, 0.0)],
    ),
    "part of it fills, the rest is given up": (
        Told().send(1, 7, 50).fill(5, 7, 20, 98.0).end(5, 7, 50, 20),
        [(1, 50.0), (5, 19.6)],
    ),
    "unknown counts in full": (Told().send(1, 7, 50).end(5, 7, 50, 0, OrderState.UNKNOWN), [(1, 50.0)]),
    "a fill past its end counts": (
        Told().send(1, 7, 50).end(4, 7, 50, 0).fill(6, 7, 30, 98.0),
        [(1, 50.0), (4, 0.0), (6, 29.4)],
    ),
    "sent and refused at one instant": (Told().send(1, 7, 50).end(1, 7, 50, 0, OrderState.REJECTED), [(1, 0.0)]),
    "a sale at no less than the touch": (Told().send(1, 7, 50, side=-1, decision_px=104.0), [(1, 52.0)]),
    "a market order buys at the bound": (
        Told().send(1, 7, 50, style=OrderStyle.MARKET, limit_px=NO_LIMIT_PX),
        [(1, 50.5)],
    ),
    "a query is no order": (Told().send(1, 7, 50).send(2, 7, 50, action=Action.QUERY), [(1, 50.0)]),
    "an exit that works adds nothing": (Told().send(1, 7, 50, purpose=EXIT), []),
    "completing adds": (Told().send(1, 7, 50).send(3, 8, 10, purpose=Purpose.COMPLETE), [(1, 50.0), (3, 60.0)]),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES)
def test_an_order_counts_from_its_send_until_what_it_filled_is_closed(life: str):
    told, expected = LIVES[life]
    assert told.values() == expected


def test_markets_add_up_to_symbols_venues_and_the_portfolio_each_with_its_limit():
    told = Told().send(1, 7, 50, market=(0, 0)).send(2, 8, 30, market=(0, 1)).send(2, 9, 20, market=(1, 1))
    exposure = exposure_of(CONFIG, told.session_log())
    figures = {track.name: (track.largest, track.limit) for track in (*exposure.venues, *exposure.symbols)}
    assert figures == {
        "east": (50.0, 900.0),
        "west": (50.0, float("inf")),
        "AAA/USDT": (80.0, 500.0),
        "BBB/USDT": (20.0, 500.0),
    }
    assert exposure.portfolio.at(np.array([0, 1, 2, 99])).tolist() == [0.0, 50.0, 100.0, 100.0]
    assert exposure.portfolio.limit == 800.0


def test_a_session_without_orders_risked_nothing():
    exposure = exposure_of(CONFIG, LogTable().session_log())
    assert {track.largest for track in (exposure.portfolio, *exposure.venues, *exposure.symbols)} == {0.0}


def in_won(told: Told) -> list[float]:
    """The same markets quoted in KRW on the west venue; the exposure there, at its moments."""
    markets = (
        Market(venue="east", symbol="AAA/USDT", lot=LOT),
        Market(venue="west", symbol="AAA/USDT", lot=LOT, quote_currency="KRW"),
    )
    config = CONFIG.model_copy(update={"symbols": ("AAA/USDT",), "markets": markets})
    return exposure_of(config, told.session_log()).venues[1].values.tolist()


def test_another_currency_is_converted_as_its_fills_were_booked():
    told = Told().send(1, 7, 50, market=(0, 1), limit_px=130_000.0)
    np.testing.assert_array_equal(in_won(told), [np.nan])  # no fill ever told its rate
    for moment, won_a_dollar in ((5, 1_300), (9, 1_000)):
        cost = {"cost_quote_amount": 25 * won_a_dollar * 10**4, "cash_reporting_amount": -25 * 10**8}  # 1 USDT a lot
        told.add("fills", now_ns=moment, client_id=7, lots=25, venue=1, **cost)
    assert in_won(told) == pytest.approx([50.0, 50.0, 50.0])  # the first fill's rate counts before it, too
    told.send(10, 8, 50, market=(0, 1), limit_px=130_000.0)
    assert in_won(told)[-1] == pytest.approx(100 * 0.01 * 130.0)  # all lots at the new order's price and the last rate


def test_every_instant_of_a_tale_is_what_its_legs_and_orders_hold():
    for tale in TALES:
        follow(begun(tale), tale)


@settings(max_examples=30)
@given(st.data())
def test_tales_made_up_as_they_go_are_followed(data: st.DataObject):
    story = Story()
    for _ in made_up(story, lambda count: data.draw(st.integers(0, count - 1))):
        assert lots_of(story) == story.exposure_lots()


def follow(story: Story, tale: Tale) -> None:
    """Compares after every action."""
    for _ in tale(story, START_NS):
        assert lots_of(story) == story.exposure_lots(), tale.__name__


def lots_of(story: Story) -> list[int]:
    """What the record's exposure comes to in lots, venue by venue: prices of tales lie within 3 % of 60,000."""
    exposure = exposure_of(story.config, evidence_of(story, ended=False).log)
    return [round(venue.last / (60_000 * story.config.lot_base("BTC/USDT"))) for venue in exposure.venues]
