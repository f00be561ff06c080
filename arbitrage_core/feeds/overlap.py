"""The overlap: whether the markets of a symbol stand side by side in a recording, in words, where they do not.

An arbitrage needs two books at once. Files of other days, or of a recorder that wrote local time for UTC, are each
sound, and together give no trade and no reason; so it is said.

Where it is wrong: it looks at the first and last quote of a market only; two that take turns in between overlap here.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from arbitrage_core.feeds.quote_time import written
from arbitrage_core.feeds.survey import Market, MarketName

NS_PER_S = 10**9
SHARE_LEAST = 0.5
"""Of the time of the shorter-lived: markets that stand side by side for less are said to."""
APART_LEAST_NS = NS_PER_S
"""A book stands for so long after its last quote, until its feed is said to have ended."""
ZONE_NS = 900 * NS_PER_S
"""Time zones differ by quarters of an hour."""
ZONE_SLACK_NS = 60 * NS_PER_S
ZONE_MOST_NS = 14 * 3_600 * NS_PER_S


def overlap_notes(
    markets: Mapping[MarketName, Market], venues: Sequence[str], symbols: Sequence[str], until_ns: int | None
) -> Iterator[str]:
    """A line for each two venues of a symbol that never stand side by side, or hardly. `until_ns`: where the rows are
    cut; None: nowhere."""
    for symbol in symbols:
        quoted = [(venue, _span(markets[venue, symbol], until_ns)) for venue in venues if (venue, symbol) in markets]
        for one, other in combinations(quoted, 2):
            early, late = sorted((one, other), key=lambda entry: entry[1])
            note = _note(symbol, *early, *late)
            if note:
                yield note


def _span(market: Market, until_ns: int | None) -> tuple[int, int]:
    """First and last instant; one that begins after the cut is as if it began when it does."""
    last_ns = market.last_ns if until_ns is None else min(market.last_ns, until_ns)
    return market.first_ns, max(last_ns, market.first_ns)


def _note(symbol: str, early: str, first: tuple[int, int], late: str, second: tuple[int, int]) -> str | None:
    shared_ns = min(first[1], second[1]) - second[0]
    hint = _zone_hint(first, second)
    if shared_ns < -APART_LEAST_NS:
        return (
            f"{symbol}: {early} and {late} never stand side by side: {early} ends {written(first[1])}, {late} begins "
            f"{written(second[0])}, {span(-shared_ns)} later{hint or ': no trade between them is possible'}"
        )
    shorter_ns = min(first[1] - first[0], second[1] - second[0])
    shared_ns = max(shared_ns, 0)
    if shared_ns < SHARE_LEAST * shorter_ns or hint:
        return (
            f"{symbol}: {early} and {late} stand side by side for {span(shared_ns)} only, from {written(second[0])}; "
            f"one of them alone would last {span(shorter_ns)}{hint}"
        )
    return None


def _zone_hint(first: tuple[int, int], second: tuple[int, int]) -> str:
    """Both begin and end apart by the same, and that as time zones are: one clock may have written local time."""
    begins_ns, ends_ns = second[0] - first[0], second[1] - first[1]
    zone_ns = round(begins_ns / ZONE_NS) * ZONE_NS
    alike = abs(begins_ns - ends_ns) <= ZONE_SLACK_NS and abs(begins_ns - zone_ns) <= ZONE_SLACK_NS
    if not alike or not 0 < zone_ns <= ZONE_MOST_NS:
        return ""
    return f"; the second begins and ends {span(zone_ns)} after the first: is one of them in local time? ts_ns is UTC"


def span(ns: int) -> str:
    """A length of time in at most two units: 250 ms, 42 s, 8 h 56 m, 3 d."""
    if ns < NS_PER_S:
        return f"{ns / 1e6:,.3g} ms"
    whole = ns // NS_PER_S
    if whole < 60:
        return f"{ns / NS_PER_S:.3g} s"
    for unit, part, length, below in (("d", "h", 86_400, 3_600), ("h", "m", 3_600, 60), ("m", "s", 60, 1)):
        if whole >= length:
            rest = whole % length // below
            return f"{whole // length:,} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"
