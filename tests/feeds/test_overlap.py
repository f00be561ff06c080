"""The overlap: markets of a symbol that never stand side by side, or hardly, are said to."""

import pytest

from arbitrage_core.feeds.overlap import overlap_notes, span
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.survey import Market
from tests.feeds.recordings import SECOND_NS, START_NS, columns, written

HOUR_S, DAY_S = 3_600, 86_400


def notes(*spans_s, until_s=None, symbols=("BTC",)):
    """Of markets alpha, beta, gamma … that are quoted from … until these seconds."""
    venues = ("alpha", "beta", "gamma")[: len(spans_s)]
    markets = {
        (venue, symbols[0]): Market(START_NS + int(first * SECOND_NS), START_NS + int(last * SECOND_NS), 100)
        for venue, (first, last) in zip(venues, spans_s, strict=True)
    }
    until_ns = None if until_s is None else START_NS + until_s * SECOND_NS
    return list(overlap_notes(markets, venues, symbols, until_ns))


SAID = {
    "never, a minute apart": (((0, 100), (160, 300)), "alpha and beta never stand side by side", "1 m later"),
    "never, the second first": (((160, 300), (0, 100)), "beta and alpha never stand side by side", "1 m later"),
    "never, days apart": (((0, 100), (3 * DAY_S, 4 * DAY_S)), "never", "2 d 23 h later"),
    "nine hours, a zone": (((0, 200), (9 * HOUR_S, 9 * HOUR_S + 200)), "9 h after the first", "local time"),
    "five and a half hours": (((0, 200), (19_800, 20_000)), "5 h 30 m after the first", "local time"),
    "an hour, and long enough to overlap": (((0, DAY_S), (HOUR_S, DAY_S + HOUR_S)), "1 h after", "local time"),
    "hardly": (((0, 1_000), (900, 1_900)), "stand side by side for 1 m 40 s only", "would last 16 m 40 s"),
}


@pytest.mark.parametrize("spans_s, words, more", SAID.values(), ids=SAID.keys())
def test_what_does_not_overlap_is_said(spans_s, words, more):
    (note,) = notes(*spans_s)
    assert note.startswith("BTC: ")
    assert words in note
    assert more in note


UNSAID = {
    "the same": ((0, 1_000), (0, 1_000)),
    "one within the other": ((0, 1_000), (400, 420)),
    "one ends early": ((0, 1_000), (0, 300)),
    "a little later": ((0, 1_000), (30, 1_030)),
    "one quote each, at nearly the same time": ((0, 0), (0.05, 0.05)),
    "one venue": ((0, 1_000),),
    "a day later, which is no zone": ((0, 3 * DAY_S), (DAY_S, 4 * DAY_S)),
}


@pytest.mark.parametrize("spans_s", UNSAID.values(), ids=UNSAID.keys())
def test_what_does_is_not(spans_s):
    assert notes(*spans_s) == []


def test_every_two_venues_are_looked_at():
    found = notes((0, 100), (0, 100), (500, 600))
    assert [note.partition(" never")[0] for note in found] == ["BTC: alpha and gamma", "BTC: beta and gamma"]


def test_rows_that_are_cut_before_the_second_begins_never_overlap():
    assert notes((0, 1_000), (400, 1_000)) == []
    (note,) = notes((0, 1_000), (400, 1_000), until_s=100)
    assert "never stand side by side: alpha ends" in note


def test_a_feed_says_it_of_its_files(tmp_path):
    paths = []
    for venue, hours in (("alpha", 0), ("beta", 9)):
        made = {**columns(50, start_ns=START_NS + hours * HOUR_S * SECOND_NS, step_ns=SECOND_NS), "venue": [venue] * 50}
        paths.append(written(tmp_path / f"{venue}.parquet", made | {"symbol": ["BTC"] * 50}))
    (note,) = RecordedQuotes(paths).notes
    assert "alpha ends 2023-11-14 22:14:09 UTC, beta begins 2023-11-15 07:13:20 UTC, 8 h 59 m later" in note
    assert RecordedQuotes(paths[0]).notes == ()


def test_of_many_only_the_first_are_said(tmp_path):
    paths = []
    for venue, late in (("alpha", 0), ("beta", 1)):
        made = columns(40, start_ns=START_NS + late * DAY_S * SECOND_NS)
        made |= {"venue": [venue] * 40, "symbol": [f"S{number % 20:02}" for number in range(40)]}
        paths.append(written(tmp_path / f"{venue}.parquet", made))
    found = RecordedQuotes(paths).notes
    assert len(found) == 7
    assert found[-1] == "and 14 more of this kind"


SPANS = (
    (250_000_000, "250 ms"),
    (1_500_000, "1.5 ms"),
    (4_294_967_296, "4.29 s"),
    (59_900_000_000, "59.9 s"),
    (60 * SECOND_NS, "1 m"),
    (3_599 * SECOND_NS, "59 m 59 s"),
    (32_161 * SECOND_NS, "8 h 56 m"),
    (3 * DAY_S * SECOND_NS, "3 d"),
    (2_000 * DAY_S * SECOND_NS, "2,000 d"),
)


@pytest.mark.parametrize("ns, words", SPANS)
def test_a_length_of_time_is_said_in_two_units_at_most(ns, words):
    assert span(ns) == words
