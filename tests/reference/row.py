"""Rows of the reference model: the stream's records as plain Python objects."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.row import RowKind


@dataclass(frozen=True, slots=True)
class Row:
    """One row; only the fields of its kind mean anything."""

    now_ns: int
    received_ns: int
    kind: int
    venue: int
    symbol: int
    status: int
    bid_px: list[float]
    bid_qty: list[float]
    ask_px: list[float]
    ask_qty: list[float]
    px: float
    qty: float
    client_id: int
    filled_lots: int
    cost_quote: float
    fee: float
    rate: float
    mark_px: float
    currency: int


def rows_of(rows: np.ndarray) -> Iterator[Row]:
    """Each row of a structured array of `row_dtype`. Raises ValueError for an unknown kind or time running back."""
    columns = [rows[name].tolist() for name in Row.__slots__]
    last_ns = 0
    for values in zip(*columns, strict=True):
        row = Row(*values)
        if row.now_ns < last_ns:
            raise ValueError(f"row at {row.now_ns} after one at {last_ns}")
        RowKind(row.kind)
        last_ns = row.now_ns
        yield row
