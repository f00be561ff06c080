"""The columns: rows of a log, picked and reordered, read field by field. Whole records are never copied: gathering a
million of them at random costs more than all that is then done with them."""

import numpy as np


class Columns:
    """n rows. `columns["name"]` is the field as an array [n], made on first use; `columns.at(which)` are rows of these,
    picked by a mask or by indices."""

    def __init__(self, source: "np.ndarray | Columns", which: np.ndarray | None = None) -> None:
        self._source, self._which = source, which
        self._read: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        if self._which is None:
            return len(self._source)
        return int(self._which.sum()) if self._which.dtype == bool else len(self._which)

    def __getitem__(self, name: str) -> np.ndarray:
        column = self._read.get(name)
        if column is None:
            column = np.ascontiguousarray(self._source[name])
            column = column if self._which is None else column[self._which]
            self._read[name] = column
        return column

    def at(self, which: np.ndarray) -> "Columns":
        """Some of the rows."""
        return Columns(self, which)
