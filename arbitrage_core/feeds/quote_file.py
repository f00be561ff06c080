"""The quote file: one Parquet file of recorded quotes, checked as it is read, in bounded memory.

The format: one row a quote, sorted by `ts_ns`. Columns `ts_ns` (int64, local receipt, UTC nanoseconds), `venue`,
`symbol` (strings), `bid_px, bid_qty, ask_px, ask_qty` (numbers), optionally `exch_ts_ns` (int64 or null) and deeper
levels `bid_px_1, …`; the first level may be numbered too, `bid_px_0`. Other columns are not read. Below the first
level, null or price 0 with quantity 0 says that there is no such level. `quote_rules.py` says what makes a quote sound.

Rows are counted from 0 in messages.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.quote_rules import first_unsound

TIME, VENUE, SYMBOL, VENUE_TIME = "ts_ns", "venue", "symbol", "exch_ts_ns"
SIDES = ("bid_px", "bid_qty", "ask_px", "ask_qty")
READ_BUFFER_BYTES = 1 << 20
BATCH_ROWS = 131_072
"""How many rows are decoded at a time."""

CodeOf = Callable[[str], int]
"""Gives the code of a venue's or symbol's name; −1: not asked for."""

FORMAT_CURE = (
    "a recording has ts_ns, venue, symbol, bid_px, bid_qty, ask_px, ask_qty, optionally exch_ts_ns and deeper levels "
    "bid_px_1, …"
)


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
        with self._opened() as parquet:
            schema, self.row_count = parquet.schema_arrow, parquet.metadata.num_rows
        self.columns = self._level_columns(schema.names)
        self.levels = len(self.columns)
        self.has_venue_time = VENUE_TIME in schema.names
        self._types_must_fit(schema)

    def keys(self, venue_code: CodeOf, symbol_code: CodeOf) -> Iterator[Keys]:
        """Every row's keys, batch by batch. Raises BadInput for a null among them and for rows out of time order."""
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
                rows["venue_ns"] = _values(batch.column(VENUE_TIME), null_is=0)[picked]
            for level, names in enumerate(self.columns[:levels]):
                for side, name in zip(SIDES, names, strict=True):
                    rows[side][:, level] = _values(batch.column(name), null_is=0.0 if level else np.nan)[picked]
            self._must_be_sound(rows, first_row, chosen)
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
            raise BadInput(f"{self.path}: no column {', '.join(missing)}", FORMAT_CURE)
        return [first, *deeper]

    def _types_must_fit(self, schema: pa.Schema) -> None:
        for name in (TIME, *([VENUE_TIME] if self.has_venue_time else [])):
            if schema.field(name).type != pa.int64():
                raise BadInput(
                    f"{self.path}: {name} is {schema.field(name).type}", "store it as int64, nanoseconds since 1970 UTC"
                )
        for name in (VENUE, SYMBOL):
            kind = schema.field(name).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
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
        return status.st_size, status.st_mtime_ns

    def _must_be_unchanged(self) -> None:
        if self._stamp_now() != self._stamp:
            raise BadInput(f"{self.path}: changed since it was opened", "run again when it is complete")

    def _opened(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(
                self.path, read_dictionary=[VENUE, SYMBOL], buffer_size=READ_BUFFER_BYTES, pre_buffer=False
            )
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"{self.path}: not a Parquet file that can be read ({error})", FORMAT_CURE) from error

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        self._must_be_unchanged()
        with self._opened() as parquet:
            batches = parquet.iter_batches(batch_size=BATCH_ROWS, columns=columns)
            while True:
                try:
                    batch = next(batches, None)
                except (OSError, pa.ArrowException) as error:
                    raise BadInput(f"{self.path}: damaged ({error})", "fetch or record it again") from error
                if batch is None:
                    return
                if batch.num_rows:
                    yield batch

    # ------------------------------------------------------------------------------------------------- keys

    def _keys_of(self, batch: pa.RecordBatch, first_row: int, venue_code: CodeOf, symbol_code: CodeOf) -> Keys:
        for name in (TIME, VENUE, SYMBOL):
            if batch.column(name).null_count:
                row = first_row + int(np.argmax(_nulls(batch.column(name))))
                raise BadInput(f"{self.path}: row {row} has no {name}", "every quote needs its time, venue and symbol")
        return Keys(
            first_row,
            _values(batch.column(TIME)),
            _codes(batch.column(VENUE), venue_code),
            _codes(batch.column(SYMBOL), symbol_code),
        )

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

    def _must_be_sound(self, rows: np.ndarray, first_row: int, chosen: np.ndarray) -> None:
        unsound = first_unsound(rows)
        if unsound is not None:
            at, rule = unsound
            raise BadInput(f"{self.path}: row {first_row + int(chosen[at])}: {rule}", "correct or remove that row")


def _codes(column: pa.DictionaryArray, code_of: CodeOf) -> np.ndarray:
    """i2[n]: the code of each name."""
    by_index = np.array([code_of(name) for name in column.dictionary.to_pylist()], np.int16)
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
