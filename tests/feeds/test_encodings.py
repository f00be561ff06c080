"""Encodings: sound files of other writers are read, whatever way their names are stored in."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import columns, rows_of, written

TEXTS = ("PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY")


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("venue", TEXTS)
@pytest.mark.parametrize("symbol", TEXTS)
def test_names_may_be_stored_in_any_encoding(path, tmp_path, venue, symbol):
    expected = rows_of(RecordedQuotes(written(tmp_path / "plain.parquet", columns(600))))
    encodings = {"venue": venue, "symbol": symbol}
    written(path, columns(600), use_dictionary=False, column_encoding=encodings, row_group_size=50)
    assert rows_of(RecordedQuotes(path)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", (pa.large_string(), pa.string_view()))
def test_so_may_texts_of_other_kinds(path, tmp_path, kind):
    made = columns(600)
    expected = rows_of(RecordedQuotes(written(tmp_path / "plain.parquet", made)))
    made |= {name: pa.array(made[name], pa.string()).cast(kind) for name in ("venue", "symbol")}
    encodings = {"venue": "DELTA_BYTE_ARRAY", "symbol": "DELTA_LENGTH_BYTE_ARRAY"}
    written(path, made, use_dictionary=False, column_encoding=encodings)
    assert rows_of(RecordedQuotes(path)).tobytes() == expected.tobytes()


def test_what_arrow_cannot_decode_is_not_called_damaged(path):
    """Categories that were stored without a dictionary."""
    names = pa.array(columns(600)["venue"]).dictionary_encode()
    encodings = {"venue": "DELTA_BYTE_ARRAY"}
    written(path, {**columns(600), "venue": names}, use_dictionary=False, column_encoding=encodings)
    with pytest.raises(BadInput, match=r"stored in a way that cannot be read here .* as plain text"):
        RecordedQuotes(path)


def test_a_file_may_begin_with_dictionaries_and_go_on_without(path, tmp_path):
    """As writers do whose dictionary has grown too large."""
    made = {**columns(4_000), "symbol": [f"S{number}" for number in range(4_000)]}
    expected = rows_of(RecordedQuotes(written(tmp_path / "plain.parquet", made)))
    table = pa.table(made)
    with pq.ParquetWriter(path, table.schema, use_dictionary=["symbol"], dictionary_pagesize_limit=1_000) as writer:
        for start in range(0, 4_000, 500):
            writer.write_table(table.slice(start, 500))
    assert rows_of(RecordedQuotes(path)).tobytes() == expected.tobytes()


NUMBERS = ("PLAIN", "BYTE_STREAM_SPLIT")
WHOLE = ("PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT")


@pytest.mark.parametrize("times", WHOLE)
@pytest.mark.parametrize("prices", NUMBERS)
@pytest.mark.parametrize("compression", ("none", "snappy", "gzip", "brotli", "lz4", "zstd"))
def test_numbers_may_be_stored_in_any_encoding_and_compression(path, tmp_path, times, prices, compression):
    made = columns(600)
    expected = rows_of(RecordedQuotes(written(tmp_path / "plain.parquet", made)))
    encodings = {"ts_ns": times, **dict.fromkeys(("bid_px", "bid_qty", "ask_px", "ask_qty"), prices)}
    written(path, made, use_dictionary=["venue"], column_encoding=encodings, compression=compression)
    assert rows_of(RecordedQuotes(path)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("version", ("1.0", "2.4", "2.6"))
@pytest.mark.parametrize("pages", ("1.0", "2.0"))
def test_so_may_files_of_any_version(path, tmp_path, version, pages):
    made = columns(600)
    expected = rows_of(RecordedQuotes(written(tmp_path / "plain.parquet", made)))
    written(path, made, version=version, data_page_version=pages)
    assert np.array_equal(rows_of(RecordedQuotes(path)), expected)
