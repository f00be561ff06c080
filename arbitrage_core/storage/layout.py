"""The layout: a dtype as JSON, so that stored records say what they are and are refused by code that means another.

A scalar is its type string ("<i8"), an array `{"of": layout, "shape": [n]}`, a record `{"bytes": itemsize, "fields":
[[name, layout, offset], …]}`. Only numbers and truth values: no objects, no text.
"""

import re

import numpy as np

_SCALAR = re.compile(r"[<|][iufb][1248]")
_DEPTH_MAX = 32


def layout_of(dtype: np.dtype, *, depth: int = _DEPTH_MAX) -> object:
    """The layout of a dtype. Raises ValueError for a dtype that is not made of little-endian numbers."""
    if depth < 0:
        raise ValueError(f"a record nested deeper than {_DEPTH_MAX}")
    if dtype.subdtype is not None:
        element, shape = dtype.subdtype
        return {"of": layout_of(element, depth=depth - 1), "shape": list(shape)}
    if dtype.fields is not None:
        fields = [
            [name, layout_of(dtype.fields[name][0], depth=depth - 1), dtype.fields[name][1]] for name in dtype.names
        ]
        return {"bytes": dtype.itemsize, "fields": fields}
    if not _SCALAR.fullmatch(dtype.str):
        raise ValueError(f"records of {dtype} are not stored: only little-endian numbers are")
    return dtype.str


def dtype_of(layout: object, *, depth: int = _DEPTH_MAX) -> np.dtype:
    """The dtype a layout describes, its records answering to `element.name`. Raises ValueError if it describes none."""
    if depth < 0:
        raise ValueError(f"a layout nested deeper than {_DEPTH_MAX}")
    match layout:
        case str() if _SCALAR.fullmatch(layout):
            return np.dtype(layout)
        case {"of": element, "shape": list(shape)} if all(type(n) is int and n >= 0 for n in shape):
            return np.dtype((dtype_of(element, depth=depth - 1), tuple(shape)))
        case {"bytes": int(itemsize), "fields": list(fields)}:
            return _record_of(itemsize, fields, depth)
    raise ValueError(f"not a layout: {layout!r:.80}")


def _record_of(itemsize: int, fields: list, depth: int) -> np.dtype:
    names, formats, offsets = [], [], []
    for field in fields:
        match field:
            case [str(name), inner, int(offset)]:
                names.append(name)
                formats.append(dtype_of(inner, depth=depth - 1))
                offsets.append(offset)
            case _:
                raise ValueError(f"not a field of a layout: {field!r:.80}")
    try:
        described = {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}
        return np.dtype((np.record, described))
    except (TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"not a layout: {error}") from error
