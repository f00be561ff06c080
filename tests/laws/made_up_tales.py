"""Tales made up as they go: a few trades, dealt in parts, refused, unwound or completed, and closed in the end."""

from collections.abc import Callable, Iterator

from arbitrage_core.domain.order import OrderState, OrderStyle, Purpose
from tests.laws.story import MS, START_NS, Order, Story, Trade

Below = Callable[[int], int]
"""A number from 0 to one less than asked."""


def made_up(story: Story, below: Below) -> Iterator[None]:
    """One to three trades, one after the other, each to its end; a pause after each thing that happens."""
    story.quote(START_NS, (59_990, 60_000), (60_300, 60_310))
    for _ in range(1 + below(3)):
        _requote(story, below)
        yield from _work_off(story, list(story.enter(story.now_ns, 1 + below(12))), below)
        trade = story.trades[-1]
        yield from _even_out(story, trade, below)
        while trade.legs[0].lots:
            _requote(story, below)
            lots = 1 + below(trade.legs[0].lots)
            exits = [story.submit(story.now_ns, trade, leg, Purpose.EXIT, lots) for leg in (0, 1)]
            yield from _work_off(story, exits, below)
            yield from _even_out(story, trade, below, generous=True)


def _requote(story: Story, below: Below) -> None:
    bid = 59_900 + 10 * below(20)
    other = bid + 300 - 10 * below(60)
    story.quote(story.now_ns + (1 + below(300)) * MS, (bid, bid + 10), (other, other + 10))


def _work_off(story: Story, orders: list[Order], below: Below, generous: bool = False) -> Iterator[None]:
    """The venues deal each order, or a part of it, or nothing, and tell of it some time later, in any order."""
    while orders:
        order = orders[below(len(orders))]
        rest = order.lots - order.dealt_lots
        lots = rest if generous else below(rest + 1)
        if lots:
            story.deal(order, lots, story.books[order.leg][1 if order.side > 0 else 0] - 2 + below(5))
            yield
        ns = story.now_ns + (1 + below(40)) * MS
        if order.dealt_lots == order.lots:
            story.report(ns, order, OrderState.FILLED)
        elif lots and not order.filled and below(2):
            story.report(ns, order, OrderState.PARTIALLY_FILLED)
        else:
            story.report(ns, order, OrderState.EXPIRED if order.dealt_lots or below(2) else OrderState.REJECTED)
        yield
        if not order.working:
            orders.remove(order)


def _even_out(story: Story, trade: Trade, below: Below, generous: bool = False) -> Iterator[None]:
    """A leg alone is completed or reversed until the legs are equal; from the second try on the venues deal it all."""
    while trade.legs[0].lots != trade.legs[1].lots:
        _requote(story, below)
        lead = 0 if trade.legs[0].lots > trade.legs[1].lots else 1
        lots = abs(trade.legs[0].lots - trade.legs[1].lots)
        closing = trade.legs[0].order is not None and trade.legs[0].order.purpose == Purpose.EXIT
        closing |= trade.legs[1].order is not None and trade.legs[1].order.purpose == Purpose.EXIT
        if closing:
            order = story.submit(story.now_ns, trade, lead, Purpose.EXIT, lots)
        elif below(2):
            order = story.submit(story.now_ns, trade, 1 - lead, Purpose.COMPLETE, lots)
        else:
            order = story.submit(story.now_ns, trade, lead, Purpose.REVERSE, lots, OrderStyle.MARKET)
        yield
        yield from _work_off(story, [order], below, generous)
        generous = True
