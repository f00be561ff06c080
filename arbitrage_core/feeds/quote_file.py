"""The quote file: one Parquet file of recorded quotes, checked as it is read, in bounded memory.

The format: one row a quote, sorted by `ts_ns`. Columns `ts_ns` (local receipt: int64 UTC nanoseconds, or time stamps,
which say their unit), `venue`, `symbol` (strings), `bid_px, bid_qty, ask_px, ask_qty` (numbers), optionally
`exch_ts_ns` (as `ts_ns`; null, NaT or 0 where the venue gave none) and deeper levels `bid_px_1, …`; the first level may
be numbered too, `bid_px_0`. Other columns are not read. Null, NaN or 0 says that there is no such level, or, of the
first level, that the side is empty. `quote_rules.py` says what makes a quote sound, `quote_time.py` what times can be
and `quote_names.py` what names.

Rows are counted from 0 in messages.
"""

import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.foreign_file import not_a_parquet_file, not_a_recording
from arbitrage_core.feeds.quote_names import flaw_of, shown
from arbitrage_core.feeds.quote_rules import settled
from arbitrage_core.feeds.quote_time import EARLIEST_NS, LATEST_NS, NOT_A_TIME, cure_of, written

TIME, VENUE, SYMBOL, VENUE_TIME = "ts_ns", "venue", "symbol", "exch_ts_ns"
SIDES = ("bid_px", "bid_qty", "ask_px", "ask_qty")
READ_BUFFER_BYTES = 1 << 20
BATCH_ROWS = 131_072
"""How many rows are decoded at a time."""

CodeOf = Callable[[str], int]
"""Gives the code of a venue's or symbol's name; −1: not asked for."""

NS_PER_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
UNSOUND_CURE = "correct that row; a side that is empty or not known is null; without the row the quote before it stands"
WITHOUT_DICTIONARY = {"DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"}
"""Encodings of text that Arrow cannot decode into a dictionary while it reads."""


@dataclass(frozen=True)
class Keys:
    """What places a batch of quotes: i8[n] times, i2[n] codes of venue and symbol."""

    first_row: int
    ts_ns: np.ndarray
    venues: np.ndarray
    symbols: np.ndarray


class QuoteFile:
    """One recording. Its schema is checked when it is opened; raises BadInput when it is not a recording.

    `levels` is how deep its books are, `row_count` how many quotes it holds, `size_bytes` its size.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = self._stamp_now()
        self.size_bytes = self._stamp[0]
        self._dictionaries: list[str] = []
        with self._opened() as parquet:
            schema, self.row_count = parquet.schema_arrow, parquet.metadata.num_rows
            self._dictionaries = [name for name in (VENUE, SYMBOL) if _decodes_to_dictionary(parquet, name)]
        self._sound_names: set[str] = set()
        self.columns = self._level_columns(schema.names)
        self.levels = len(self.columns)
        self.has_venue_time = VENUE_TIME in schema.names and not pa.types.is_null(schema.field(VENUE_TIME).type)
        self._types_must_fit(schema)

    def keys(self, venue_code: CodeOf, symbol_code: CodeOf) -> Iterator[Keys]:
        """Every row's keys, batch by batch.

        Raises BadInput for a null among them, a name that can be none, a time that cannot be, rows out of time order.
        """
        first_row, previous_ns = 0, None
        for batch in self._batches([TIME, VENUE, SYMBOL]):
            keys = self._keys_of(batch, first_row, venue_code, symbol_code)
            self._must_be_sorted(keys, previous_ns)
            yield keys
            first_row, previous_ns = first_row + batch.num_rows, keys.ts_ns[-1]

    def rows(self, venue_code: CodeOf, symbol_code: CodeOf, levels: int) -> Iterator[np.ndarray]:
        """ROW[n] of the quotes asked for, n ≤ BATCH_ROWS, coded as told; arrays may be empty. Raises BadInput."""
        columns = [name for level in self.columns[:levels] for name in level]
        optional = [VENUE_TIME] if self.has_venue_time else []
        first_row = 0
        for batch in self._batches([TIME, VENUE, SYMBOL, *optional, *columns]):
            keys = self._keys_of(batch, first_row, venue_code, symbol_code)
            chosen = np.flatnonzero((keys.venues >= 0) & (keys.symbols >= 0))
            picked = slice(None) if len(chosen) == batch.num_rows else chosen
            rows = np.zeros(len(chosen), row_dtype(levels))
            rows["now_ns"] = rows["received_ns"] = keys.ts_ns[picked]
            rows["kind"] = RowKind.QUOTE
            rows["venue"], rows["symbol"] = keys.venues[picked], keys.symbols[picked]
            if self.has_venue_time:
                rows["venue_ns"] = self._instants(batch, VENUE_TIME, first_row)[picked]
            self._write_books(rows, batch, picked, first_row, chosen)
            yield rows
            first_row += batch.num_rows

    def sha256(self) -> str:
        """SHA-256 (hex) of the file's bytes, read in bounded memory."""
        self._must_be_unchanged()
        with self.path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()

    # -------------------------------------------------------------------------------------------------- schema

    def _level_columns(self, names: list[str]) -> list[tuple[str, ...]]:
        """The four columns of each level, best first."""
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled is not None:
            raise BadInput(f"{self.path}: two columns are called {shown(doubled)}", "keep one of them")
        numbered = [int(match[1]) for name in names if (match := re.fullmatch(r"(?:bid|ask)_(?:px|qty)_(\d+)", name))]
        plain = [side for side in SIDES if side in names]
        if plain and 0 in numbered:
            raise BadInput(f"{self.path}: the first level is there twice, plain and as _0", "keep one of the two")
        first = SIDES if 0 not in numbered else tuple(f"{side}_0" for side in SIDES)
        deepest = min(max(numbered, default=0), len(names))  # a number beyond that leaves one out for certain
        deeper = [tuple(f"{side}_{level}" for side in SIDES) for level in range(1, deepest + 1)]
        missing = [
            name
            for name in (TIME, VENUE, SYMBOL, *first, *(name for level in deeper for name in level))
            if name not in names
        ]
        if missing:
            raise not_a_recording(self.path, names, missing, self._first_value)
        return [first, *deeper]

    def _first_value(self, name: str) -> object:
        """The first value of a column; None when there is none or it cannot be read."""
        with self._opened() as parquet:
            try:
                batch = next(parquet.iter_batches(batch_size=1, columns=[name]), None)
                return batch.column(0)[0].as_py() if batch is not None and batch.num_rows else None
            except (OSError, ValueError, pa.ArrowException):
                return None

    def _types_must_fit(self, schema: pa.Schema) -> None:
        self._ns_per_unit: dict[str, int] = {}
        for name in (TIME, *([VENUE_TIME] if self.has_venue_time else [])):
            kind = schema.field(name).type
            if kind != pa.int64() and not pa.types.is_timestamp(kind):
                raise BadInput(
                    f"{self.path}: {name} is {kind}", "store it as int64, nanoseconds since 1970 UTC, or as time stamps"
                )
            self._ns_per_unit[name] = NS_PER_UNIT[kind.unit] if pa.types.is_timestamp(kind) else 1
        for name in (VENUE, SYMBOL):
            kind = schema.field(name).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            if not any(one(kind) for one in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)):
                raise BadInput(f"{self.path}: {name} is {kind}", "store it as a string")
        for name in (name for level in self.columns for name in level):
            kind = schema.field(name).type
            if not (pa.types.is_float64(kind) or pa.types.is_float32(kind) or pa.types.is_integer(kind)):
                raise BadInput(f"{self.path}: {name} is {kind}", "store it as float64")

    # ------------------------------------------------------------------------------------------------- reading

    def _stamp_now(self) -> tuple[int, int]:
        try:
            status = self.path.stat()
        except OSError as error:
            raise BadInput(f"{self.path}: {error.strerror}", "name a Parquet file that can be read") from error
        if stat.S_ISDIR(status.st_mode):
            raise BadInput(f"{self.path}: a folder", f"name the files in it: --data {self.path / '*.parquet'}")
        if not stat.S_ISREG(status.st_mode):
            raise BadInput(f"{self.path}: neither a file nor a folder", "name a Parquet file: it is read twice")
        return status.st_size, status.st_mtime_ns

    def _must_be_unchanged(self) -> None:
        if self._stamp_now() != self._stamp:
            raise BadInput(f"{self.path}: changed since it was opened", "run again when it is complete")

    def _opened(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(
                self.path, read_dictionary=self._dictionaries, buffer_size=READ_BUFFER_BYTES, pre_buffer=False
            )
        except PermissionError as error:
            raise BadInput(f"{self.path}: {error.strerror}", "name a Parquet file that can be read") from error
        except (OSError, pa.ArrowException) as error:
            raise not_a_parquet_file(self.path, str(error)) from error

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        self._must_be_unchanged()
        with self._opened() as parquet:
            batches = parquet.iter_batches(batch_size=BATCH_ROWS, columns=columns)
            while True:
                try:
                    batch = next(batches, None)
                except (OSError, pa.ArrowException) as error:
                    raise self._unreadable(error) from error
                if batch is None:
                    return
                if batch.num_rows:
                    yield batch

    def _unreadable(self, error: Exception) -> BadInput:
        if "not yet implemented" in str(error).lower():
            return BadInput(
                f"{self.path}: stored in a way that cannot be read here ({error})",
                "store it again, names as plain text: with pandas, read_parquet, astype, to_parquet",
            )
        return BadInput(f"{self.path}: damaged ({error})", "fetch or record it again")

    # ------------------------------------------------------------------------------------------------- keys

    def _keys_of(self, batch: pa.RecordBatch, first_row: int, venue_code: CodeOf, symbol_code: CodeOf) -> Keys:
        for name in (TIME, VENUE, SYMBOL):
            if batch.column(name).null_count:
                row = first_row + int(np.argmax(_nulls(batch.column(name))))
                raise BadInput(f"{self.path}: row {row} has no {name}", "every quote needs its time, venue and symbol")
        venues, symbols = (_dictionary_of(batch.column(name)) for name in (VENUE, SYMBOL))
        return Keys(
            first_row,
            self._instants(batch, TIME, first_row),
            _codes(venues, self._names_of(VENUE, venues, first_row), venue_code),
            _codes(symbols, self._names_of(SYMBOL, symbols, first_row), symbol_code),
        )

    def _instants(self, batch: pa.RecordBatch, name: str, first_row: int) -> np.ndarray:
        """i8[n] nanoseconds of a column of times, 0 where it has none; each other one can be a recording's."""
        column, ns_per_unit = batch.column(name), self._ns_per_unit[name]
        values = np.frombuffer(column.buffers()[1], np.int64, len(column), column.offset * 8)
        if column.null_count:
            values = np.where(_nulls(column), 0, values)
        if name == VENUE_TIME and (values == NOT_A_TIME).any():
            values = np.where(values == NOT_A_TIME, 0, values)
        earliest, latest = -(-EARLIEST_NS // ns_per_unit), LATEST_NS // ns_per_unit
        if len(values) and not (values.min() >= earliest and values.max() <= latest):
            good = (values >= earliest) & (values <= latest) | ((values == 0) if name == VENUE_TIME else False)
            if not good.all():
                self._refuse_time(name, first_row + int(np.argmin(good)), int(values[np.argmin(good)]), ns_per_unit)
        return values if ns_per_unit == 1 else values * ns_per_unit

    def _refuse_time(self, name: str, row: int, value: int, ns_per_unit: int) -> None:
        said = f"{name} = {value}" + (", taken as nanoseconds," if ns_per_unit == 1 else "")
        raise BadInput(
            f"{self.path}: row {row}: {said} is {written(value * ns_per_unit)}, no time of a recording",
            cure_of(name, value),
        )

    def _names_of(self, column_name: str, column: pa.DictionaryArray, first_row: int) -> list[str]:
        """The names of a column's dictionary. Raises BadInput for the first row of one that can be none."""
        names = _texts(column)
        for code, name in enumerate(names):
            if name in self._sound_names:
                continue
            flaw = flaw_of(name)
            if flaw is None:
                self._sound_names.add(name)
                continue
            rows = np.flatnonzero(_values(column.indices) == code)
            if len(rows):
                raise BadInput(
                    f"{self.path}: row {first_row + int(rows[0])}: the {column_name} {shown(name)} {flaw}",
                    "give it a name that can be read and typed",
                )
        return names

    def _must_be_sorted(self, keys: Keys, previous_ns: int | None) -> None:
        before = keys.ts_ns[:-1] if previous_ns is None else np.concatenate([[previous_ns], keys.ts_ns[:-1]])
        after = keys.ts_ns[1:] if previous_ns is None else keys.ts_ns
        backwards = after < before
        if backwards.any():
            at = int(np.argmax(backwards))
            row = keys.first_row + at + (previous_ns is None)
            raise BadInput(
                f"{self.path}: not sorted by {TIME}: row {row} has {after[at]}, the row before it {before[at]}",
                f"sort it by {TIME}, stably",
            )

    def _write_books(
        self, rows: np.ndarray, batch: pa.RecordBatch, picked: np.ndarray | slice, first_row: int, chosen: np.ndarray
    ) -> None:
        """Writes prices and quantities of the chosen quotes into `rows`. Raises BadInput for the first unsound one."""
        levels = rows["bid_px"].shape[1]
        read = [[_values(batch.column(name), null_is=0.0)[picked] for name in names] for names in self.columns[:levels]]
        books, unsound = settled(read)
        if unsound is not None:
            at, rule = unsound
            raise BadInput(f"{self.path}: row {first_row + int(chosen[at])}: {rule}", UNSOUND_CURE)
        for level, values in enumerate(books):
            for side, numbers in zip(SIDES, values, strict=True):
                rows[side][:, level] = numbers


def _decodes_to_dictionary(parquet: pq.ParquetFile, name: str) -> bool:
    """Whether a column of text is there, and no part of it in an encoding that cannot be read as a dictionary."""
    places = [at for at, column in enumerate(parquet.schema) if column.path == name]
    groups = range(parquet.metadata.num_row_groups)
    return bool(places) and not any(
        WITHOUT_DICTIONARY.intersection(parquet.metadata.row_group(group).column(at).encodings)
        for at in places
        for group in groups
    )


def _dictionary_of(column: pa.Array) -> pa.DictionaryArray:
    if pa.types.is_dictionary(column.type):
        return column
    return (column.cast(pa.string()) if pa.types.is_string_view(column.type) else column).dictionary_encode()


def _texts(column: pa.DictionaryArray) -> list:
    """The names a batch refers to; one that is no text (its bytes are not UTF-8) stands as bytes."""
    try:
        return column.dictionary.to_pylist()
    except UnicodeDecodeError:
        return [_text_or_bytes(value) for value in column.dictionary]


def _text_or_bytes(value: pa.Scalar) -> str | bytes:
    try:
        return value.as_py()
    except UnicodeDecodeError:
        return value.as_buffer().to_pybytes()


def _codes(column: pa.DictionaryArray, names: list[str], code_of: CodeOf) -> np.ndarray:
    """i2[n]: the code of each name."""
    by_index = np.array([code_of(name) for name in names], np.int16)
    return by_index[_values(column.indices)]


def _values(column: pa.Array, null_is: float | None = None) -> np.ndarray:
    """A column of numbers without copying it, by Arrow's memory layout; nulls, where there are any, filled in.

    Arrow's own `to_numpy` and `fill_null` would import pandas.
    """
    kind = np.dtype(column.type.to_pandas_dtype())
    values = np.frombuffer(column.buffers()[1], kind, len(column), column.offset * kind.itemsize)
    return np.where(_nulls(column), null_is, values) if null_is is not None and column.null_count else values


def _nulls(column: pa.Array) -> np.ndarray:
    """bool[n] of a column that has nulls: its validity bitmap, least significant bit first."""
    bits = np.unpackbits(np.frombuffer(column.buffers()[0], np.uint8), bitorder="little")
    return bits[column.offset : column.offset + len(column)] == 0
