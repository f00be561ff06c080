"""Columns: records of a log read field by field.

A log is an array of wide records. Selecting some of them would copy every field of each; here a selection is a list of
row numbers, and a field is copied, contiguous, when it is first asked for. `columns["name"]` reads like the array.
"""

from typing import Union

import numpy as np

Records = Union[np.ndarray, "Columns"]
"""What a figure is made from: a structured array, or some of its rows."""


class Columns:
    """Rows of a structured array [n]: all, or those of the given numbers, int64[k]. Read only."""

    def __init__(self, records: Records, rows: np.ndarray | None = None) -> None:
        self._records, self._rows = records, rows
        self._known: dict[str, np.ndarray] = {}

    @classmethod
    def of(cls, records: Records) -> "Columns":
        """The records themselves, if they are columns already."""
        return records if isinstance(records, cls) else cls(records)

    def __len__(self) -> int:
        return len(self._records if self._rows is None else self._rows)

    def __getitem__(self, name: str) -> np.ndarray:
        """A field of all rows, contiguous; KeyError or ValueError for a field the records do not have."""
        if name not in self._known:
            column = self._records[name]
            self._known[name] = np.ascontiguousarray(column) if self._rows is None else column[self._rows]
        return self._known[name]

    def where(self, mask: np.ndarray) -> "Columns":
        """Those rows for which `mask`, bool[n], is true, in their order."""
        rows = np.flatnonzero(mask)
        return self if len(rows) == len(self) else Columns(self, rows)
