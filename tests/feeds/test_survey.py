"""The survey: which markets there are, when, how many quotes, and how far apart they come."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds import survey as survey_module
from arbitrage_core.feeds.quote_file import QuoteFile
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.survey import MARKETS_MAX, Survey
from tests.feeds.recordings import SECOND_NS, START_NS, columns, written


def market_at(path, times_ns, name="quotes"):
    """The one market that is quoted at these times."""
    made = {**columns(len(times_ns)), "ts_ns": START_NS + np.array(times_ns)}
    made |= {"venue": ["alpha"] * len(times_ns), "symbol": ["BTC"] * len(times_ns)}
    return written(path.with_name(f"{name}.parquet"), made)


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("interval_ns", (1, 50_000, 1_000_000, SECOND_NS, 2 * SECOND_NS, 86_400 * SECOND_NS))
def test_an_even_cadence_is_found_to_a_quarter_of_an_octave(path, interval_ns):
    survey = Survey([QuoteFile(market_at(path, interval_ns * np.arange(50)))])
    market = survey.markets["alpha", "BTC"]
    assert (market.count, market.first_ns, market.last_ns) == (50, START_NS, START_NS + 49 * interval_ns)
    assert market.bins.sum() == 49
    for share in (0.1, 0.5, 0.9, 1.0):
        least, most = market.interval_ns(share)
        assert least <= interval_ns <= most <= max(1.26 * least, least + 1)


@pytest.mark.usefixtures("any_batch")
def test_intervals_are_those_of_each_market_however_rows_are_read(path):
    made = columns(4_000, step_ns=1_000)  # four markets in turn: each every 4 µs
    survey = Survey([QuoteFile(written(path, made, row_group_size=700))])
    assert len(survey.markets) == 4
    for market in survey.markets.values():
        least, most = market.interval_ns(0.5)
        assert market.bins.sum() == 999
        assert least <= 4_000 < most


def test_quotes_of_one_instant_count_as_one(path):
    survey = Survey([QuoteFile(market_at(path, [0, 0, 0, SECOND_NS, SECOND_NS, 2 * SECOND_NS]))])
    market = survey.markets["alpha", "BTC"]
    assert (market.count, market.bins.sum()) == (6, 2)


def test_a_single_quote_has_no_interval(path):
    assert Survey([QuoteFile(market_at(path, [0]))]).markets["alpha", "BTC"].interval_ns(0.5) is None


def test_pauses_between_files_are_no_intervals(path):
    files = [market_at(path, [0, 10, 20], "a"), market_at(path, 86_400 * SECOND_NS + np.array([0, 10, 20]), "b")]
    market = Survey([QuoteFile(file) for file in files]).markets["alpha", "BTC"]
    assert (market.count, market.bins.sum()) == (6, 4)
    assert market.interval_ns(1.0)[1] < 20


@pytest.mark.parametrize("column", ("venue", "symbol"))
@pytest.mark.parametrize("count", (MARKETS_MAX + 1, 40_000))
def test_more_names_than_can_be_numbered_are_refused_and_do_not_overflow(path, column, count):
    made = {**columns(count), column: [f"name{number}" for number in range(count)]}
    with pytest.raises(BadInput, match=r"more than 16,384 \w+s in the recording"):
        RecordedQuotes(written(path, made))


def test_so_are_more_markets(path, monkeypatch):
    monkeypatch.setattr(survey_module, "MARKETS_MAX", 3)
    with pytest.raises(BadInput, match="2 venues × 2 symbols in the recording"):
        RecordedQuotes(written(path, columns(8)))
