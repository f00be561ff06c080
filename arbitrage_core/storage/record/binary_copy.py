"""Binary COPY: whole columns into the wire format of PostgreSQL, without a Python object a value.

The format (PostgreSQL manual, COPY, "Binary Format"): a header; of each row the number of its fields, of each field its
length and its big-endian bytes, −1 and no bytes for NULL; at the end −1 in place of a number of fields. Rows are packed
as if every field had its greatest length, in a structured array, and the bytes that are not there are then left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import psycopg
from psycopg import sql

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
BLOCK_ROWS = 4096
"""Rows packed at a time: some MB, which stay in the processor's cache."""

_NULL = -1


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers: `values` [rows], or one for all, of 8, 2 or 1 bytes; `missing` bool[rows]: NULL there."""

    values: np.ndarray
    missing: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts of which there are few: row i has `texts[codes[i]]`, `codes` int[rows]; −1 is NULL, where the
    column `may_lack` one."""

    codes: np.ndarray
    texts: Sequence[str]
    may_lack: bool = False


CopyColumn = Numbers | Texts


def copy_in(connection: psycopg.Connection, table: str, columns: dict[str, CopyColumn], rows: int) -> None:
    """Loads `rows` rows into columns of a table, in the connection's transaction. Raises psycopg.Error."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in packed(list(columns.values()), rows):
            copy.write(block)


def packed(columns: Sequence[CopyColumn], rows: int) -> Iterator[bytes]:
    """The wire format of `rows` rows, in blocks."""
    layout = _Layout(columns)
    yield HEADER
    for start in range(0, rows, BLOCK_ROWS):
        yield layout.block(start, min(start + BLOCK_ROWS, rows))
    yield TRAILER


class _Layout:
    """How one row lies when every field has its greatest length."""

    def __init__(self, columns: Sequence[CopyColumn]) -> None:
        self._texts = {
            place: _TextTable(column.texts, column.may_lack) for place, column in enumerate(columns) if _is_text(column)
        }
        self._columns = columns
        fields: list[tuple[str, object]] = [("fields", ">i2")]
        for place, column in enumerate(columns):
            kind = self._texts[place].dtype if _is_text(column) else column.values.dtype.newbyteorder(">")
            fields += [(f"length_{place}", ">i4"), (f"value_{place}", kind)]
        self._dtype = np.dtype(fields)
        self._template = np.zeros((), self._dtype)
        self._template["fields"] = len(columns)
        for place, column in enumerate(columns):
            if not _is_text(column):
                self._template[f"length_{place}"] = column.values.dtype.itemsize

    def block(self, start: int, stop: int) -> bytes:
        """Rows `start` up to `stop`, packed."""
        laid = np.empty(stop - start, self._dtype)
        laid[:] = self._template
        there: np.ndarray | None = None
        for place, column in enumerate(self._columns):
            absent = self._fill(laid, place, column, slice(start, stop))
            if absent is not None:
                if there is None:
                    there = np.ones((len(laid), self._dtype.itemsize), bool)
                offset = self._dtype.fields[f"value_{place}"][1]
                there[:, offset : offset + absent.shape[1]] = ~absent
        if there is None:
            return laid.tobytes()
        return laid.view(np.uint8).reshape(there.shape)[there].tobytes()

    def _fill(self, laid: np.ndarray, place: int, column: CopyColumn, rows: slice) -> np.ndarray | None:
        """Fills a column in; gives which of its bytes are not there, bool [rows, bytes], if any are not."""
        if isinstance(column, Texts):
            table, codes = self._texts[place], column.codes[rows]
            laid[f"length_{place}"] = table.lengths[codes]
            laid[f"value_{place}"] = table.padded[codes]
            return None if table.all_alike else table.absent[codes]
        values = column.values
        laid[f"value_{place}"] = values if values.ndim == 0 else values[rows]
        if column.missing is None or not column.missing[rows].any():
            return None
        missing = column.missing[rows]
        laid[f"length_{place}"][missing] = _NULL
        return np.broadcast_to(missing[:, None], (len(laid), values.dtype.itemsize))


class _TextTable:
    """A column's texts, padded to the longest, and which bytes of each are padding. The last may be none at all."""

    def __init__(self, texts: Sequence[str], may_lack: bool) -> None:
        encoded = [text.encode() for text in texts]
        width = max(map(len, encoded), default=1) or 1
        self.dtype = np.dtype(f"V{width}")
        self.lengths = np.array([len(text) for text in encoded], np.int32)
        self.padded = np.frombuffer(b"".join(text.ljust(width, b"\0") for text in encoded), self.dtype)
        if may_lack:  # index −1
            self.lengths = np.append(self.lengths, np.int32(_NULL))
            self.padded = np.append(self.padded, np.zeros(1, self.dtype))
        self.absent = np.arange(width) >= self.lengths[:, None]
        self.all_alike = not self.absent.any()


def _is_text(column: CopyColumn) -> bool:
    return isinstance(column, Texts)
