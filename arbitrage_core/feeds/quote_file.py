"""The quote file: one Parquet file of recorded quotes, checked as it is read, in bounded memory.

The format: one row a quote, sorted by `ts_ns`. Columns `ts_ns` (int64, local receipt, UTC nanoseconds), `venue`,
`symbol` (strings), `bid_px, bid_qty, ask_px, ask_qty` (numbers), optionally `exch_ts_ns` (int64 or null) and deeper
levels `bid_px_1, …`; the first level may be numbered too, `bid_px_0`. Other columns are not read. Below the first
level, null or price 0 with quantity 0 says that there is no such level. A crossed quote is data like any other.

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

TIME, VENUE, SYMBOL, VENUE_TIME = "ts_ns", "venue", "symbol", "exch_ts_ns"
SIDES = ("bid_px", "bid_qty", "ask_px", "ask_qty")
READ_BUFFER_BYTES = 1 << 20
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

    def keys(self, venue_code: CodeOf, symbol_code: CodeOf, batch_rows: int) -> Iterator[Keys]:
        """Every row's keys, batch by batch. Raises BadInput for a null among them and for rows out of time order."""
        first_row, previous_ns = 0, None
        for batch in self._batches([TIME, VENUE, SYMBOL], batch_rows):
            keys = self._keys_of(batch, first_row, venue_code, symbol_code)
            self._must_be_sorted(keys, previous_ns)
            yield keys
            first_row, previous_ns = first_row + batch.num_rows, keys.ts_ns[-1]

    def rows(
        self, venue_code: CodeOf, symbol_code: CodeOf, levels: int, batch_rows: int
    ) -> Iterator[np.ndarray]:
        """ROW[n] of the quotes asked for, n ≤ batch_rows, coded as told; arrays may be empty. Raises BadInput."""
        columns = [name for level in self.columns[:levels] for name in level]
        optional = [VENUE_TIME] if self.has_venue_time else []
        first_row = 0
        for batch in self._batches([TIME, VENUE, SYMBOL, *optional, *columns], batch_rows):
            keys = self._keys_of(batch, first_row, venue_code, symbol_code)
            chosen = np.flatnonzero((keys.venues >= 0) & (keys.symbols >= 0))
            picked = _Picked(self.path, batch, first_row, chosen)
            rows = np.zeros(len(chosen), row_dtype(levels))
            rows["now_ns"] = rows["received_ns"] = picked.of(keys.ts_ns)
            rows["kind"] = RowKind.QUOTE
            rows["venue"], rows["symbol"] = picked.of(keys.venues), picked.of(keys.symbols)
            if self.has_venue_time:
                rows["venue_ns"] = picked.of(batch.column(VENUE_TIME).fill_null(0).to_numpy())
            _write_levels(rows, picked, self.columns[:levels])
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
        deeper = [tuple(f"{side}_{level}" for side in SIDES) for level in range(1, max(numbered, default=0) + 1)]
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

    def _batches(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        self._must_be_unchanged()
        with self._opened() as parquet:
            batches = parquet.iter_batches(batch_size=batch_rows, columns=columns)
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

    def _keys_of(
        self, batch: pa.RecordBatch, first_row: int, venue_code: CodeOf, symbol_code: CodeOf
    ) -> Keys:
        for name in (TIME, VENUE, SYMBOL):
            if batch.column(name).null_count:
                row = first_row + int(np.argmax(batch.column(name).is_null().to_numpy(zero_copy_only=False)))
                raise BadInput(f"{self.path}: row {row} has no {name}", "every quote needs its time, venue and symbol")
        return Keys(
            first_row,
            batch.column(TIME).to_numpy(),
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
                f"{self.path}: not sorted by {TIME}: row {row} ({after[at]}) is earlier than the row before ({before[at]})",
                f"sort it by {TIME}, stably",
            )


class _Picked:
    """The rows of a batch that were asked for."""

    def __init__(self, path: Path, batch: pa.RecordBatch, first_row: int, chosen: np.ndarray) -> None:
        self.path, self.batch, self.first_row, self.chosen = path, batch, first_row, chosen
        self.everything = len(chosen) == batch.num_rows

    def of(self, values: np.ndarray) -> np.ndarray:
        return values if self.everything else values[self.chosen]

    def numbers(self, name: str, null_is: float) -> np.ndarray:
        """A column as f8[n]; a null becomes `null_is`."""
        column = self.batch.column(name)
        filled = column.fill_null(null_is) if column.null_count else column
        return self.of(filled.to_numpy()).astype(np.float64, copy=False)

    def must_all(self, good: np.ndarray, name: str, values: np.ndarray, rule: str) -> None:
        if not good.all():
            at = int(np.argmin(good))
            row = self.first_row + int(self.chosen[at])
            raise BadInput(f"{self.path}: row {row} has {name} = {values[at]:g}", f"{rule}; correct or remove the row")


def _codes(column: pa.DictionaryArray | pa.Array, code_of: CodeOf) -> np.ndarray:
    """i2[n]: the code of each name."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    by_index = np.array([code_of(name) for name in encoded.dictionary.to_pylist()], np.int16)
    return by_index[encoded.indices.to_numpy()]


def _write_levels(rows: np.ndarray, picked: _Picked, columns: list[tuple[str, ...]]) -> None:
    """Checks and writes the books of ROW[n]. The first level must be whole; a deeper one whole or absent."""
    worse = {"bid_px": np.less, "ask_px": np.greater}
    for level, names in enumerate(columns):
        absent = np.zeros(len(rows), bool)
        for side, name, qty_name in (("bid_px", names[0], names[1]), ("ask_px", names[2], names[3])):
            null_is = np.nan if level == 0 else 0.0
            px, qty = picked.numbers(name, null_is), picked.numbers(qty_name, null_is)
            if level:
                absent = (px == 0.0) & (qty == 0.0)
            picked.must_all(absent | ((px > 0.0) & (px < np.inf)), name, px, "a price is a positive number")
            picked.must_all((qty >= 0.0) & (qty < np.inf), qty_name, qty, "a quantity is a number, not negative")
            if level:
                above = rows[side][:, level - 1]
                in_order = absent | ((above > 0.0) & worse[side](px, above))
                picked.must_all(in_order, name, px, "each level is worse than the one before, and none is left out")
            rows[side][:, level] = px
            rows[side.replace("px", "qty")][:, level] = qty
