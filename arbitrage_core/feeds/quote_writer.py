"""The quote writer: rows to a Parquet file of recorded quotes, the inverse of `RecordedQuotes`.

The file appears under its name when it is whole and on disk, or not at all.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind
from arbitrage_core.feeds.quote_file import SIDES, SYMBOL, TIME, VENUE, VENUE_TIME
from arbitrage_core.feeds.quote_names import flaw_of, shown
from arbitrage_core.feeds.quote_rules import Level, settled
from arbitrage_core.feeds.quote_time import EARLIEST_NS, LATEST_NS


def write_quotes(
    path: str | Path, rows: np.ndarray | Iterable[np.ndarray], venues: Sequence[str], symbols: Sequence[str]
) -> int:
    """Writes ROW[n], or a stream of such arrays, and returns how many quotes it wrote.

    `ts_ns` is `received_ns`, which must not decrease; `exch_ts_ns` is `venue_ns`, null for 0; a level that is not
    there, and a side that is empty, is null. A row group is written for every array given, so give large ones. An
    existing file is replaced.

    Raises BadInput, leaving nothing behind, for rows that are not sound quotes, not sorted or of no venue or symbol
    named, for no rows at all, and when the file cannot be written (no folder, no permission, no space).
    """
    for name in (*venues, *symbols):
        if flaw := flaw_of(name):
            raise BadInput(f"the name {shown(name)} {flaw}", "give it one that can be read and typed")
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    arrays = iter([rows] if isinstance(rows, np.ndarray) else rows)
    try:
        try:
            count = _write(partial, arrays, tuple(venues), tuple(symbols))
            partial.replace(path)
            _sync_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be written ({error.strerror or error}); nothing was", "make room or choose another place"
        ) from error
    return count


def _write(partial: Path, arrays: Iterator[np.ndarray], venues: tuple[str, ...], symbols: tuple[str, ...]) -> int:
    count, previous_ns, writer = 0, None, None
    with partial.open("wb") as file:
        try:
            for rows in arrays:
                if not len(rows):
                    continue
                _must_be_quotes(rows, count, previous_ns, len(venues), len(symbols))
                table = _table(rows, _books(rows, count), venues, symbols)
                writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
                writer.write_table(table)
                count, previous_ns = count + len(rows), int(rows["received_ns"][-1])
            if writer is None:
                raise BadInput("no quotes to write", "a recording holds at least one")
        finally:
            if writer is not None:
                writer.close()
        file.flush()
        os.fsync(file.fileno())
    return count


def _must_be_quotes(rows: np.ndarray, first: int, previous_ns: int | None, venues: int, symbols: int) -> None:
    received_ns = rows["received_ns"]
    before_ns = np.concatenate([received_ns[:1] if previous_ns is None else [previous_ns], received_ns[:-1]])
    for good, rule in (
        (rows["kind"] == RowKind.QUOTE, "is not a quote"),
        ((received_ns >= EARLIEST_NS) & (received_ns <= LATEST_NS), "was received at a time that cannot be"),
        (_may_be_venue_time(rows["venue_ns"]), "has a venue's time that cannot be"),
        (received_ns >= before_ns, "was received before the row before it"),
        ((rows["venue"] >= 0) & (rows["venue"] < venues), "is of a venue that was not named"),
        ((rows["symbol"] >= 0) & (rows["symbol"] < symbols), "is of a symbol that was not named"),
    ):
        if not good.all():
            raise BadInput(f"row {first + int(np.argmin(good))} {rule}", "a recording holds quotes only, by time")


def _may_be_venue_time(venue_ns: np.ndarray) -> np.ndarray:
    """bool[n]: there is none, or it is one."""
    return (venue_ns == 0) | ((venue_ns >= EARLIEST_NS) & (venue_ns <= LATEST_NS))


def _books(rows: np.ndarray, first: int) -> list[Level]:
    """The levels of ROW[n] as they are read back. Raises BadInput for the first quote that could not be."""
    levels = range(rows["bid_px"].shape[1])
    books, unsound = settled([[np.ascontiguousarray(rows[side][:, level]) for side in SIDES] for level in levels])
    if unsound is not None:
        raise BadInput(f"row {first + unsound[0]}: {unsound[1]}", "such a quote could not be read back; correct it")
    return books


def _table(rows: np.ndarray, books: list[Level], venues: tuple[str, ...], symbols: tuple[str, ...]) -> pa.Table:
    venue_ns = np.ascontiguousarray(rows["venue_ns"])
    columns = {
        TIME: pa.array(np.ascontiguousarray(rows["received_ns"])),
        VENUE_TIME: pa.array(venue_ns, mask=venue_ns == 0),
        VENUE: _names(rows["venue"], venues),
        SYMBOL: _names(rows["symbol"], symbols),
    }
    for level, values in enumerate(books):
        for at, side in enumerate(SIDES):
            gone = values[at - at % 2] == 0.0  # the price of that side
            columns[f"{side}_{level}" if level else side] = pa.array(values[at], mask=gone if gone.any() else None)
    return pa.table(columns)


def _names(codes: np.ndarray, names: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), pa.array(names, pa.string())).cast(pa.string())


def _sync_folder(folder: Path) -> None:
    """Makes the new name durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
