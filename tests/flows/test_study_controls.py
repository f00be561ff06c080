"""The control of studies: passed as things are, failed where a study goes on without its record."""

from contextlib import suppress

import pytest

from arbitrage_core.storage.record.availability import RecordAway
from flows import study_controls
from flows.stages.d68 import T1
from flows.study_controls import without_record_check


def test_without_postgres_a_study_fails_before_a_set_is_tried() -> None:
    found = without_record_check(T1)
    assert found.passed, found.observed
    assert found.observed.startswith("0 sets tried; fails: ")
    assert "127.0.0.1:1" in found.observed
    assert "password" not in found.observed.lower()


@pytest.mark.parametrize("tries, ends", [(True, None), (False, None), (True, RecordAway("gone", "start it"))])
def test_one_that_goes_on_without_it_is_found(tries: bool, ends: Exception | None, monkeypatch) -> None:
    def careless(order, evaluate, url, folder):
        if tries:
            with suppress(RuntimeError):
                evaluate([order.plan({})])
        if ends is not None:
            raise ends

    monkeypatch.setattr(study_controls, "run_study", careless)
    assert not without_record_check(T1).passed
