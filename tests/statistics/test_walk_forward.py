"""Walk-forward splits: where they lie, and that nothing judged is known to what was chosen on."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.statistics.walk_forward import Split, walk_forward


def test_each_fold_is_judged_on_the_stretch_after_its_own():
    assert walk_forward(0, 400, 3, purge_ns=10, embargo_ns=5) == [
        Split(0, 90, 105, 200),
        Split(100, 190, 205, 300),
        Split(200, 290, 305, 400),
    ]


def test_an_anchored_sample_begins_at_the_beginning():
    assert [split.began_ns for split in walk_forward(100, 500, 3, anchored=True)] == [100, 100, 100]


@given(
    began=st.integers(0, 2**62),
    length=st.integers(1_000, 10**15),
    folds=st.integers(1, 12),
    purge=st.integers(0, 30),
    embargo=st.integers(0, 30),
    anchored=st.booleans(),
)
def test_no_trade_decided_in_a_sample_lasts_into_what_judges_it(began, length, folds, purge, embargo, anchored):
    splits = walk_forward(began, began + length, folds, purge_ns=purge, embargo_ns=embargo, anchored=anchored)
    assert len(splits) == folds
    for split in splits:
        assert began <= split.began_ns < split.ended_ns
        assert split.ended_ns + purge + embargo <= split.judged_from_ns < split.judged_to_ns
    for early, late in pairwise(splits):
        assert early.judged_to_ns <= late.judged_from_ns
    assert splits[-1].judged_to_ns == began + length


@pytest.mark.parametrize(
    "folds, purge_ns, embargo_ns",
    [(0, 0, 0), (3, -1, 0), (3, 0, -1), (3, 100, 0), (3, 0, 100), (500, 0, 0)],
)
def test_splits_of_nothing_are_refused(folds: int, purge_ns: int, embargo_ns: int):
    with pytest.raises(ValueError, match="folds"):
        walk_forward(0, 400, folds, purge_ns=purge_ns, embargo_ns=embargo_ns)
