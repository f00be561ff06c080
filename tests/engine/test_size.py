"""The size of an entry: the walk through both books, by hand."""

import numpy as np
import pytest

from arbitrage_core.engine import size
from tests.engine.bench import Bench, plain, quiet
from tests.engine.small_market import EAST, WEST, small_config

NAN = float("nan")
Levels = list[tuple[float, float]]


def walked(asks: Levels, bids: Levels, steps: tuple[int, int] = (1, 1), **params: object) -> tuple[int, float, float]:
    """(lots, buy reference, sell reference) with these levels of (price, quantity) at east's ask and west's bid."""
    changes = {"qty_base": 1.0, "entry_spread_bps": 20.0, **params}
    bench = Bench(small_config(session={"levels": 3}, **changes))
    for index in range(10):
        ask = asks[index] if index < len(asks) else (0.0, 0.0)
        bid = bids[index] if index < len(bids) else (0.0, 0.0)
        east, west = bench.symbol.books[EAST], bench.symbol.books[WEST]
        east.ask_px[index], east.ask_qty[index] = ask
        west.bid_px[index], west.bid_qty[index] = bid
    bench.symbol.touches[EAST].ask, bench.symbol.touches[WEST].bid = asks[0][0], bids[0][0]
    bench.terms.markets[EAST].step_lots, bench.terms.markets[WEST].step_lots = steps
    with quiet():
        lots, buy_ref, sell_ref = plain(size.walk)(bench.symbol, bench.terms, EAST, WEST)
    return int(lots), float(buy_ref), float(sell_ref)


WALKS = [
    ("the first levels are enough", [(100, 2)], [(101, 2)], {}, (100, 100, 101)),
    ("the thinner side decides", [(100, 0.4)], [(101, 2)], {}, (40, 100, 101)),
    ("a second ask still pays", [(100, 0.4), (100.5, 2)], [(101, 2)], {}, (100, 100.5, 101)),
    ("a second ask does not pay", [(100, 0.4), (100.9, 2)], [(101, 2)], {}, (40, 100, 101)),
    ("both sides advance together", [(100, 0.4), (100.1, 1)], [(101, 0.4), (100.9, 1)], {}, (100, 100.1, 100.9)),
    ("they take turns", [(100, 0.3), (100.1, 0.4), (100.2, 9)], [(101, 0.5), (100.9, 9)], {}, (100, 100.2, 100.9)),
    ("the spread of a level must exceed the floor", [(100, 0.4), (100.8, 2)], [(101.0016, 2)], {}, (40, 100, 101.0016)),
    ("a level without price ends it", [(100, 0.4), (0, 5), (100.1, 5)], [(101, 2)], {}, (40, 100, 101)),
    ("a level that is no number ends it", [(100, 0.4), (NAN, 5)], [(101, 2)], {}, (40, 100, 101)),
    ("an empty level is passed over", [(100, 0.4), (100.2, 0.0), (100.3, 2)], [(101, 2)], {}, (100, 100.3, 101)),
    ("a quantity that is no number is none", [(100, NAN)], [(101, 2)], {}, (0, 100, 101)),
    ("a negative quantity is none", [(100, -5)], [(101, 2)], {}, (0, 100, 101)),
    ("a quantity beyond counting is more than enough", [(100, 1e300)], [(101, 2)], {}, (100, 100, 101)),
    ("so is one without end", [(100, float("inf"))], [(101, 2)], {}, (100, 100, 101)),
    ("the books end before the wish", [(100, 0.2), (100.1, 0.2), (100.2, 0.2)], [(101, 9)], {}, (60, 100.2, 101)),
    ("three tenths are thirty lots", [(100, 0.1 + 0.2)], [(101, 2)], {}, (30, 100, 101)),
    ("a notional is a size at the ask", [(100, 9)], [(101, 9)], {"qty_base": None, "notional_quote": 50.0},
     (50, 100, 101)),
    ("the net edge must be met on every level", [(100, 0.4), (100.5, 2)], [(101, 2)], {"entry_net_edge_bps": 50.0},
     (40, 100, 101)),
]  # fmt: skip


@pytest.mark.parametrize("name, asks, bids, params, expected", WALKS, ids=[walk[0] for walk in WALKS])
def test_the_walk_takes_what_pays(
    name: str, asks: Levels, bids: Levels, params: dict[str, object], expected: tuple[int, float, float]
) -> None:
    assert walked(asks, bids, **params) == expected


@pytest.mark.parametrize(
    "steps, east_qty, expected",
    [((1, 10), 0.47, 40), ((10, 1), 0.47, 40), ((10, 1), 0.09, 0), ((10, 10), 0.99, 90), ((1, 1), 0.47, 47)],
)
def test_the_size_is_a_multiple_of_the_coarser_step(steps: tuple[int, int], east_qty: float, expected: int) -> None:
    assert walked([(100, east_qty)], [(101, 2)], steps=steps)[0] == expected


@pytest.mark.parametrize("seed", range(20))
def test_the_walk_never_takes_more_than_wanted_or_shown_or_at_a_price_that_does_not_pay(seed: int) -> None:
    draw = np.random.default_rng(seed)
    asks = [(100 + 0.2 * k, float(draw.integers(0, 60)) / 100) for k in range(3)]
    bids = [(101 - 0.2 * k, float(draw.integers(0, 60)) / 100) for k in range(3)]
    lots, buy_ref, sell_ref = walked(asks, bids)
    shown = min(sum(round(qty * 100) for _, qty in side) for side in (asks, bids))
    assert 0 <= lots <= min(100, shown)
    if lots:
        assert (sell_ref - buy_ref) / buy_ref * 1e4 > 20.0


TICKS = [
    (100.04, 0.1, 1, 100.0),
    (100.04, 0.1, -1, 100.1),
    (100.0, 0.1, 1, 100.0),
    (100.0, 0.1, -1, 100.0),
    (0.1 + 0.2, 0.1, 1, 0.3),
    (0.1 + 0.2, 0.1, -1, 0.3),
    (100.04, 0.0, 1, 100.04),
    (100.04, NAN, 1, 100.04),
]


@pytest.mark.parametrize("px, tick, side, expected", TICKS)
def test_a_limit_is_rounded_to_the_tick_in_our_favour(px: float, tick: float, side: int, expected: float) -> None:
    assert plain(size.on_tick)(px, tick, side) == pytest.approx(expected, rel=1e-12)
