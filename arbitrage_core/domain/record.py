"""The record: structured data with named fields, in memory exactly as its dtype says.

A record's bytes are its snapshot and their hash its identity, and compiled code takes it as one pointer. Elements of a
dtype made here answer to `element.name`, interpreted and compiled alike.
"""

import numpy as np

Fields = str | tuple[object, tuple[int, ...]]


def record(**fields: object) -> np.dtype:
    """A packed structured dtype from `name="i8"` or `name=(dtype, shape)`.

    Packed without gaps, so that equal records have equal bytes; order the fields by size to keep them aligned.
    """
    listed = [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in fields.items()]
    return np.dtype((np.record, listed))


def one(dtype: np.dtype) -> np.ndarray:
    """An array holding a single zeroed record: `dtype[1]`. Element 0 is the record, its bytes the array's."""
    return np.zeros(1, dtype)
