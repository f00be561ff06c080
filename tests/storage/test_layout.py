"""A layout says a dtype exactly and says nothing but numbers."""

import json

import numpy as np
import pytest

from arbitrage_core.domain.record import record
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.engine.output import ORDER_OUT, output_dtype
from arbitrage_core.engine.state import Shape, state_dtype
from arbitrage_core.storage.layout import dtype_of, layout_of

DTYPES = [
    np.dtype("i8"),
    np.dtype(bool),
    ORDER_OUT,
    row_dtype(1),
    row_dtype(20),
    output_dtype(1),
    state_dtype(Shape(2, 4, 10, 4)),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: f"{dtype.itemsize} bytes")
def test_a_dtype_comes_back_from_its_layout(dtype: np.dtype):
    layout = json.loads(json.dumps(layout_of(dtype)))
    assert dtype_of(layout) == dtype
    assert dtype_of(layout).type is dtype.type
    assert layout_of(dtype_of(layout)) == layout


def test_a_record_nested_too_deep_has_no_layout():
    dtype = np.dtype("i8")
    for _ in range(33):
        dtype = record(inner=dtype)
    with pytest.raises(ValueError, match="deeper"):
        layout_of(dtype)


DIFFERENT = [
    ("another name", record(x="f8", z="i8")),
    ("another type", record(x="f8", y="f8")),
    ("another order", record(y="i8", x="f8")),
    ("one more", record(x="f8", y="i8", z="i8")),
    ("an array", record(x="f8", y=("i8", (1,)))),
    ("a gap", np.dtype({"names": ["x", "y"], "formats": ["f8", "i8"], "offsets": [0, 16]})),
]


@pytest.mark.parametrize("other", [case[1] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_records_laid_out_otherwise_have_another_layout(other: np.dtype):
    assert layout_of(record(x="f8", y="i8")) != layout_of(other)


@pytest.mark.parametrize("dtype", ["O", "U4", "S4", ">i8", "M8[ns]", "c16", [("a", "O")]], ids=str)
def test_what_is_not_made_of_little_endian_numbers_has_no_layout(dtype: object):
    with pytest.raises(ValueError, match="not stored"):
        layout_of(np.dtype(dtype))


NESTED_TOO_DEEP: object = "<i8"
for _ in range(33):
    NESTED_TOO_DEEP = {"of": NESTED_TOO_DEEP, "shape": [1]}

NOT_LAYOUTS = [
    None,
    "|O",
    "<i3",
    "i8, f8",
    [],
    {"of": "<i8", "shape": [-1]},
    {"of": "<i8", "shape": [2.0]},
    {"of": "<i8", "shape": [2**40, 2**40]},
    {"bytes": 8, "fields": [["a", "<i8"]]},
    {"bytes": 8, "fields": [["a", "<i8", 4]]},
    {"bytes": 8, "fields": [["a", "<i8", -1]]},
    {"bytes": -8, "fields": []},
    {"bytes": 2**70, "fields": [["a", "<i8", 0]]},
    {"bytes": 16, "fields": [["a", "<i8", 0], ["a", "<i8", 8]]},
    NESTED_TOO_DEEP,
]


@pytest.mark.parametrize("layout", NOT_LAYOUTS, ids=lambda layout: str(layout)[:40])
def test_what_describes_no_dtype_is_refused(layout: object):
    with pytest.raises(ValueError, match=r"\w"):
        dtype_of(layout)
