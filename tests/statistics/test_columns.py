"""Columns read like the records they select from, without copying what is not asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.record import record
from arbitrage_core.statistics.columns import Columns

WIDE = record(number="i8", price="f8", kind="i2")


def numbered(count: int) -> np.ndarray:
    records = np.zeros(count, WIDE)
    records["number"], records["kind"] = np.arange(count), np.arange(count) % 3
    return records


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=20))
def test_rows_of_rows_are_those_both_masks_keep(masks: list[tuple[bool, bool]]):
    records = numbered(len(masks))
    first, second = (np.array([mask[i] for mask in masks], bool) for i in range(2))
    kept = Columns.of(records).where(first)
    again = kept.where(second[first])
    assert again["number"].tolist() == records["number"][first & second].tolist()
    assert (len(kept), len(again)) == (int(first.sum()), int((first & second).sum()))


def test_a_column_is_contiguous_and_read_once():
    columns = Columns.of(numbered(5))
    assert columns["number"].flags.c_contiguous
    assert columns["number"] is columns["number"]
    assert Columns.of(columns) is columns


def test_keeping_every_row_keeps_the_columns():
    columns = Columns.of(numbered(5))
    assert columns.where(np.ones(5, bool)) is columns


def test_a_field_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="no field of name weight"):
        Columns.of(numbered(5))["weight"]
