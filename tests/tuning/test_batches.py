"""Batches that go out together: for samplers that learn nothing, the study is the same however many there are."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.search import Sampler
from arbitrage_core.tuning.study import run_study
from tests.tuning.test_study import Stopped, order_of, results_of, stop, stopping, stored_by_optuna


@pytest.mark.parametrize("sampler", ["grid", "random"])
def test_a_study_is_the_same_however_many_batches_go_out_together(
    sampler: Sampler, evaluator: Evaluator, new_database: Callable[[], str], tmp_path: Path
):
    found, sizes = [], []

    def counted(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        sizes.append(len(configs))
        return evaluator.evaluate(configs)

    for at_once in (1, 2, 5):
        url, folder = new_database(), tmp_path / str(at_once)
        outcome = run_study(order_of(evaluator, sampler, batches_at_once=at_once), counted, url, folder)
        files = {path.name: path.read_bytes() for path in (folder / "small").iterdir()}
        sizes.pop()  # the neighbours of the best set
        found.append((results_of(url), outcome.best, files))
        assert stored_by_optuna(url) == 24
    assert found[0] == found[1] == found[2]
    assert sizes == [8, 8, 8, 16, 8, 24]


def test_a_study_that_was_stopped_goes_on_with_another_number_of_them(
    evaluator: Evaluator, new_database: Callable[[], str], tmp_path: Path
):
    whole, broken = new_database(), new_database()
    run_study(order_of(evaluator), evaluator.evaluate, whole, tmp_path / "whole")
    order = order_of(evaluator, batches_at_once=2)
    with pytest.raises(Stopped):
        run_study(order, stopping(evaluator, 1, stop), broken, tmp_path / "broken")
    assert len(results_of(broken)) == 16
    run_study(order_of(evaluator), evaluator.evaluate, broken, tmp_path / "broken")
    assert results_of(broken) == results_of(whole)
