"""What a call wrote: every field of a record that differs afterwards, by how much. A field too many is seen as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

Written = dict[str, float]


@contextmanager
def written(records: np.ndarray) -> Iterator[Written]:
    """After the block: name of each field of `records[0]` that changed → new value − old value.

    Names are dotted, places in arrays numbers: `symbols.0.trades.1.legs.0.lots`.
    """
    before, changes = records.copy(), {}
    yield changes
    old, new = (array.view(np.uint8).reshape(-1) for array in (before, records))
    changed = old != new
    for name, offset, kind in _fields(records.dtype):
        end = offset + kind.itemsize
        if changed[offset:end].any():
            was, became = (part[offset:end].view(kind)[0].item() for part in (old, new))
            changes[name] = became - was


@cache
def _fields(dtype: np.dtype) -> tuple[tuple[str, int, np.dtype], ...]:
    """(name, first byte, kind) of every field, nested ones too."""
    return tuple((name[1:], offset, kind) for name, offset, kind in _walk(dtype, 0, ""))


def _walk(dtype: np.dtype, offset: int, name: str) -> Iterator[tuple[str, int, np.dtype]]:
    if dtype.subdtype is not None:
        element, shape = dtype.subdtype
        for index in range(int(np.prod(shape))):
            yield from _walk(element, offset + index * element.itemsize, f"{name}.{index}")
    elif dtype.names is not None:
        for field in dtype.names:
            kind, at = dtype.fields[field][:2]
            yield from _walk(kind, offset + at, f"{name}.{field}")
    else:
        yield name, offset, dtype
