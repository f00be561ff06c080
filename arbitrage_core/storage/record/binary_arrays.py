"""Binary arrays: the rows of a query as whole columns, one array a column, without a Python object a row.

The database packs each column into one array and sends it in its binary format (array_send in its arrayfuncs.c): a
head, then of each element its size and its big-endian bytes. Handing a row over at a time costs both sides more.
"""

from collections.abc import Sequence

import numpy as np
import psycopg
from psycopg import sql

from arbitrage_core.domain.errors import InvariantBroken

_HEAD = np.dtype([("dimensions", ">i4"), ("flags", ">i4"), ("kind", ">i4"), ("length", ">i4"), ("first", ">i4")])


def arrays_out(connection: psycopg.Connection, query: sql.Composable, dtypes: Sequence[str]) -> list[np.ndarray]:
    """The columns of a query, in the order of its rows; they are exactly these numbers (`i8`, `i4`, `i2`, `f8`) and
    never NULL. For up to some million rows at a time: the database holds them all at once.

    Raises psycopg.Error, and InvariantBroken when they are something else.
    """
    names = [sql.Identifier(f"c{place}") for place in range(len(dtypes))]
    packed = sql.SQL(", ").join(sql.SQL("array_send(array_agg({}))").format(name) for name in names)
    statement = sql.SQL("SELECT {} FROM ({}) AS rows ({})").format(packed, query, sql.SQL(", ").join(names))
    with connection.cursor(binary=True) as cursor:
        sent = cursor.execute(statement).fetchone()
    if sent is None or any(part is None for part in sent):
        return [np.zeros(0, np.dtype(kind)) for kind in dtypes]
    columns = [array_of(part, kind) for part, kind in zip(sent, dtypes, strict=True)]
    if len({len(column) for column in columns}) != 1:
        raise InvariantBroken("the database sent columns of different lengths")
    return columns


def array_of(sent: bytes, kind: str) -> np.ndarray:
    """The elements of an array of one dimension without NULL, as `array_send` gives it. Raises InvariantBroken."""
    if len(sent) < _HEAD.itemsize:
        raise InvariantBroken("the database sent no array")
    head = np.frombuffer(sent, _HEAD, 1)[0]
    elements = np.dtype([("size", ">i4"), ("value", f">{kind}")])
    body = memoryview(sent)[_HEAD.itemsize :]
    whole = head["dimensions"] == 1 and len(body) == int(head["length"]) * elements.itemsize
    laid = np.frombuffer(body if whole else b"", elements)
    if not whole or not np.all(laid["size"] == elements["value"].itemsize):
        raise InvariantBroken("the database sent an array that is not laid out as one of numbers")
    return laid["value"].astype(np.dtype(kind))
