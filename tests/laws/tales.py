"""The tales: what stories are told of. Each is a generator that pauses after every action, so that any instant can be
judged; `told` runs one to its end."""

from collections.abc import Callable, Iterator

from arbitrage_core.domain.order import OrderState, OrderStyle, Purpose
from tests.laws.story import MS, START_NS, Story, story_config

Tale = Callable[[Story, int], Iterator[None]]


def round_trip(story: Story, at: int = START_NS) -> Iterator[None]:
    """Ten lots bought at 60,000 in two parts and sold at 60,300, funded, closed in two parts at 60,200 and 60,210."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    bought, sold = story.enter(at, 10)
    yield
    story.deal(bought, 4, 60_000)
    story.deal(sold, 10, 60_300)
    yield
    story.report(at + 20 * MS, bought, OrderState.PARTIALLY_FILLED)
    yield
    story.deal(bought, 6, 60_000)
    story.report(at + 25 * MS, sold, OrderState.FILLED)
    yield
    story.report(at + 30 * MS, bought, OrderState.FILLED)
    yield
    story.fund(at + 500 * MS, sold.trade, 1, 1234)
    yield
    for part, ns in ((4, at + 600 * MS), (6, at + 800 * MS)):
        story.quote(ns, (60_200, 60_210), (60_200, 60_210))
        orders = [story.submit(ns, sold.trade, leg, Purpose.EXIT, part) for leg in (0, 1)]
        yield
        for leg, px in ((0, 60_200), (1, 60_210)):
            story.deal(orders[leg], part, px)
            yield
            story.report(ns + (20 + leg) * MS, orders[leg], OrderState.FILLED)
            yield


def unwound(story: Story, at: int = START_NS) -> Iterator[None]:
    """Bought ten lots, the sale is rejected; alone for 100 ms, then reversed in part, then the rest by market order."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    bought, sold = story.enter(at, 10)
    story.deal(bought, 10, 60_000)
    story.report(at + 20 * MS, bought, OrderState.FILLED)
    yield
    story.report(at + 21 * MS, sold, OrderState.REJECTED)
    yield
    story.quote(at + 120 * MS, (59_900, 59_910), (60_000, 60_010))
    first = story.submit(at + 120 * MS, bought.trade, 0, Purpose.REVERSE, 10)
    yield
    story.deal(first, 7, 59_900)
    story.report(at + 140 * MS, first, OrderState.EXPIRED)
    yield
    story.quote(at + 400 * MS, (59_800, 59_810), (60_000, 60_010))
    last = story.submit(at + 400 * MS, bought.trade, 0, Purpose.REVERSE, 3, OrderStyle.MARKET)
    story.deal(last, 3, 59_800)
    yield
    story.report(at + 420 * MS, last, OrderState.FILLED)
    yield


def resting(story: Story, at: int = START_NS) -> Iterator[None]:
    """Two resting entries fill six of ten lots each, one of them twice without changing its state; canceled when their
    time is up, one after a doubt; the six are held until the books are old, and leave on them."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    bought, sold = story.enter(at, 10, OrderStyle.GTC)
    for order in (bought, sold):
        story.report(at + 20 * MS, order, OrderState.OPEN)
    yield
    for lots, ns in ((2, at + 100 * MS), (1, at + 200 * MS), (3, at + 300 * MS)):
        story.deal(bought, lots, 60_000)
        yield
        story.report(ns, bought, OrderState.PARTIALLY_FILLED)
        yield
    story.deal(sold, 6, 60_300)
    story.report(at + 300 * MS, sold, OrderState.PARTIALLY_FILLED)
    yield
    for order in (bought, sold):
        story.cancel(at + 5000 * MS, order)
    yield
    story.report(at + 5020 * MS, bought, OrderState.CANCELED)
    yield
    story.doubt(at + 8000 * MS, sold)
    yield
    story.report(at + 8040 * MS, sold, OrderState.CANCELED)
    yield
    orders = [story.submit(at + 8040 * MS, sold.trade, leg, Purpose.EXIT, 6) for leg in (0, 1)]
    for leg, px in ((0, 59_990), (1, 60_310)):
        story.deal(orders[leg], 6, px)
        story.report(at + 8060 * MS, orders[leg], OrderState.FILLED)
        yield


def void(story: Story, at: int = START_NS) -> Iterator[None]:
    """Neither entry fills."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    for order in story.enter(at, 10):
        story.report(at + 20 * MS, order, OrderState.OPEN)
        story.report(at + 20 * MS, order, OrderState.EXPIRED)
        yield


def crowded(story: Story, at: int = START_NS) -> Iterator[None]:
    """Two entries within 100 ms, both at work at once; neither fills."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    orders = [*story.enter(at, 10), *story.enter(at + 100 * MS, 10)]
    yield
    for order in orders:
        story.report(at + 200 * MS, order, OrderState.EXPIRED)
        yield


def stubborn(story: Story, at: int = START_NS) -> Iterator[None]:
    """The sale is rejected and so is every way out, after pauses that double; the tenth is dealt."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    bought, sold = story.enter(at, 10)
    story.deal(bought, 10, 60_000)
    story.report(at + 20 * MS, bought, OrderState.FILLED)
    story.report(at + 20 * MS, sold, OrderState.REJECTED)
    yield
    for tries in range(10):
        ns = story.now_ns + min(250 * MS << tries, 60_000 * MS)
        story.quote(ns, (59_990, 60_000), (60_300, 60_310))
        order = story.submit(ns, bought.trade, 0, Purpose.REVERSE, 10, OrderStyle.MARKET)
        yield
        if tries == 9:
            story.deal(order, 10, 59_990)
        story.report(ns + 20 * MS, order, OrderState.FILLED if tries == 9 else OrderState.EXPIRED)
        yield


def coarse(story: Story, at: int = START_NS) -> Iterator[None]:
    """East deals in twos. The exits leave two lots there and one at west: a rest that nobody can deal in stands for a
    while, until both legs leave."""
    story.quote(at, (59_990, 60_000), (60_300, 60_310))
    bought, sold = story.enter(at, 10)
    for order, px in ((bought, 60_000), (sold, 60_300)):
        story.deal(order, 10, px)
        story.report(at + 20 * MS, order, OrderState.FILLED)
        yield
    for left, ns in (((2, 1), at + 500 * MS), ((0, 0), at + 9000 * MS)):
        story.quote(ns, (60_200, 60_210), (60_200, 60_210))
        exits = [story.submit(ns, bought.trade, leg, Purpose.EXIT, bought.trade.legs[leg].lots) for leg in (0, 1)]
        yield
        for order, px in zip(exits, (60_200, 60_210), strict=True):
            story.deal(order, order.lots - left[order.leg], px)
            yield
            story.report(ns + 20 * MS, order, OrderState.EXPIRED if left[order.leg] else OrderState.FILLED)
            yield


def day(story: Story, at: int = START_NS) -> Iterator[None]:
    """All of them, one after the other."""
    for tale in (round_trip, unwound, resting, void):
        yield from tale(story, at)
        at = story.now_ns + 1500 * MS


STEPS: dict[Tale, float] = {coarse: 0.002}
"""Lot sizes at east that differ from west's."""
TALES: tuple[Tale, ...] = (round_trip, unwound, resting, void, crowded, stubborn, coarse, day)


def begun(tale: Tale) -> Story:
    """A story in which a tale can be told."""
    return Story(story_config(STEPS[tale])) if tale in STEPS else Story()


def told(tale: Tale) -> Story:
    """A tale told to its end."""
    story = begun(tale)
    for _ in tale(story, START_NS):
        pass
    return story
