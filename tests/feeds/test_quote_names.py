"""Names of venues and symbols: what cannot be read or typed is refused at the door, with its row, and shown escaped."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.quote_names import NAME_CHARACTERS_MAX, flaw_of, shown
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import changed, columns, rows_of, written

BAD = {
    "empty": ("", "is empty"),
    "only spaces": ("  ", "is empty"),
    "a space before": (" BTC", "begins or ends with a space"),
    "too long": ("B" * (NAME_CHARACTERS_MAX + 1), "has 101 characters"),
    "a colour": ("\x1b[31mBTC", "cannot be printed"),
    "writes into the clipboard": ("\x1b]52;c;cm0gLXJm\x07BTC", "cannot be printed"),
    "a line of its own": ("BTC\nerror: sold", "cannot be printed"),
    "a carriage return": ("BTC\rETH", "cannot be printed"),
    "written from right to left": ("BTC\u202eTDSU", "cannot be printed"),
    "a character of no width": ("BT\u200bC", "cannot be printed"),
    "a space that does not break": ("BTC\u00a0USDT", "cannot be printed"),
    "8-bit escape": ("\x9b31mBTC", "cannot be printed"),
    "a zero byte": ("BTC\x00", "cannot be printed"),
}


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("column", ("venue", "symbol"))
@pytest.mark.parametrize("name, flaw", BAD.values(), ids=BAD.keys())
def test_a_name_that_can_be_none_is_refused_with_its_row(path, column, name, flaw):
    with pytest.raises(BadInput) as refused:
        RecordedQuotes(written(path, changed(columns(6), column, 4, name)))
    assert f"row 4: the {column} " in refused.value.cause
    assert flaw in refused.value.cause
    assert refused.value.cause.isprintable()


@pytest.mark.parametrize("name", ("BTC/USDT:USDT-250328", "1000SHIB", "KRW-BTC", "비트코인", "Börse", "a b", "B" * 100))
def test_other_names_are_used_as_they_are(path, name):
    made = {**columns(6), "symbol": [name] * 6}
    assert RecordedQuotes(written(path, made)).symbols == (name,)


def test_bytes_that_are_no_text_are_refused(path):
    venues = pa.array([b"alpha", b"al\xffpha"] * 3, pa.binary())
    venues = pa.Array.from_buffers(pa.string(), 6, venues.buffers())
    pq.write_table(pa.table({**columns(6), "venue": venues}), path)
    with pytest.raises(BadInput, match=r"row 1: the venue .* is no text"):
        RecordedQuotes(path)


def test_a_bad_name_among_rows_that_were_not_asked_for_is_refused_all_the_same(path):
    with pytest.raises(BadInput, match="row 3"):
        rows_of(RecordedQuotes(written(path, changed(columns(6), "symbol", 3, "\x1b")), ("alpha",)))


def test_a_name_is_shown_escaped_and_cut():
    assert shown("a\x1b[31m") == r"'a\x1b[31m'"
    assert shown("x" * 500) == f"'{'x' * 100}…'"
    assert flaw_of(b"alpha") == "is no text"
