"""The pairing: what no other venue quotes is left out and named; asked for by name it is refused."""

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import columns, rows_of, written

MARKETS = (("alpha", "BTC"), ("beta", "BTC"), ("alpha", "ETH"), ("beta", "ETH"), ("alpha", "XRP"), ("gamma", "SOL"))


def recording(path, markets=MARKETS):
    count = 2 * len(markets)
    made = {**columns(count), "venue": [m[0] for m in markets] * 2, "symbol": [m[1] for m in markets] * 2}
    return written(path, made)


def test_symbols_and_venues_that_cannot_be_paired_are_left_out_and_named(path):
    feed = RecordedQuotes(recording(path), paired=True)
    assert (feed.venues, feed.symbols) == (("alpha", "beta"), ("BTC", "ETH"))
    assert (feed.markets, feed.quote_count) == (MARKETS[:1] + MARKETS[2:3] + MARKETS[1:2] + MARKETS[3:4], 8)
    assert len(rows_of(feed)) == 8
    assert feed.notes == (
        "2 of 4 symbols are on one venue only and left out: SOL (gamma), XRP (alpha)",
        "gamma quotes none of these symbols and is left out",
    )


def test_otherwise_everything_stays(path):
    feed = RecordedQuotes(recording(path))
    assert (feed.venues, feed.symbols, feed.notes) == (("alpha", "beta", "gamma"), ("BTC", "ETH", "SOL", "XRP"), ())


def test_what_is_left_out_is_as_if_it_had_not_been_chosen(path):
    recording(path)
    paired, chosen = RecordedQuotes(path, paired=True), RecordedQuotes(path, ("alpha", "beta"), ("BTC", "ETH"))
    assert paired.identity() == chosen.identity()
    assert rows_of(paired).tobytes() == rows_of(chosen).tobytes()


def test_a_file_in_which_all_is_paired_stays_as_it_is(path):
    recording(path, MARKETS[:4])
    paired, plain = RecordedQuotes(path, paired=True), RecordedQuotes(path)
    assert (paired.identity(), paired.notes) == (plain.identity(), ())


def test_a_venue_that_was_named_stays_and_is_said_to_be_idle(path):
    feed = RecordedQuotes(recording(path), ("alpha", "beta", "gamma"), paired=True)
    assert feed.venues == ("alpha", "beta", "gamma")
    assert feed.notes[-1] == "gamma quotes none of these symbols; a part of the capital lies there idle"


REFUSED = {
    "a symbol by name": ({"symbols": ("BTC", "XRP")}, "symbol XRP is on alpha only: an arbitrage needs markets on two"),
    "a symbol that the venues do not have": (
        {"venues": ("alpha", "beta"), "symbols": ("BTC", "SOL")},
        "symbol SOL is on none of these venues: an arbitrage",
    ),
    "one venue by name": (
        {"venues": ("alpha",)},
        "one venue only, alpha: an arbitrage needs two; name two with --venues",
    ),
    "venues that share nothing": (
        {"venues": ("alpha", "gamma")},
        "no symbol is on two venues: BTC on alpha, .*give a coin the same symbol on each",
    ),
}


@pytest.mark.parametrize("choice, words", REFUSED.values(), ids=REFUSED.keys())
def test_what_was_named_and_cannot_be_paired_is_refused_with_the_reason(path, choice, words):
    with pytest.raises(BadInput, match=words):
        RecordedQuotes(recording(path), **choice, paired=True)


def test_a_file_of_one_venue_says_that_an_arbitrage_needs_two(path):
    with pytest.raises(BadInput, match=r"one venue only, alpha: .* add the other venue's file: --data FILE FILE"):
        RecordedQuotes(recording(path, MARKETS[0:1] + MARKETS[2:3]), paired=True)
