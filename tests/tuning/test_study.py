"""Studies: everything in Postgres or a loud failure; taken up again with no set lost and none counted twice."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import psutil
import psycopg
import pytest
from sqlalchemy import func, select

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.studies import held, insert_results, read_results
from arbitrage_core.storage.record.tables import TUNING_RESULTS, TUNING_STUDIES
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.search import Definition, Sampler, Search
from arbitrage_core.tuning.space import Params, range_of
from arbitrage_core.tuning.splits import WalkForward
from arbitrage_core.tuning.study import StudyOrder, run_study
from tests.services.servers import home_folder, no_notice
from tests.tuning.conftest import config_of

WALK_FORWARD = WalkForward(count=3, embargo_ms=5_000)


def plan(params: Params) -> SessionConfig:
    """A session on the `mixed` market with these parameters."""
    return config_of([f"{name}={value}" for name, value in params.items()])


def order_of(evaluator: Evaluator, sampler: Sampler = "random", **other: object) -> StudyOrder:
    """A small study."""
    space = dict(map(range_of, ["entry_spread_bps=20:90:5", "exit_spread_bps=-8:4:2"]))
    definition = Definition(space=space, sampler=sampler, constraints=("exit_spread_bps<2",), walk_forward=WALK_FORWARD)
    made = StudyOrder("small", definition, plan, evaluator.data_digest, evaluator.rows, trials=24, batch=8)
    return replace(made, **other)


def results_of(url: str) -> list[dict[str, object]]:
    """All results in the record, without their study's number."""
    with Record.open(url) as record, record.begin() as connection:
        query = select(TUNING_RESULTS).order_by(TUNING_RESULTS.c.trial)
        return [{**row, "study_id": None} for row in connection.execute(query).mappings()]


def study_row(url: str) -> dict[str, object]:
    """The one study in the record."""
    with Record.open(url) as record, record.begin() as connection:
        return dict(connection.execute(select(TUNING_STUDIES)).mappings().one())


def stored_by_optuna(url: str) -> int:
    """How many sets Optuna's storage holds."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM optuna.trials").fetchone()[0]


class Stopped(RuntimeError):  # noqa: N818
    """What a test ends a study with."""


def stopping(evaluator: Evaluator, after: int, act: Callable[[], None]) -> Callable[..., list[Evaluation]]:
    """Evaluates so many batches, then acts before it evaluates the next."""
    batches = iter(range(after + 1))

    def evaluate(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        if next(batches) == after:
            act()
        return evaluator.evaluate(configs)

    return evaluate


def stop() -> None:
    """Ends a study as a defect would."""
    raise Stopped("enough")


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe", "cmaes"])
def test_a_study_is_recorded_whole_and_backed_up(
    sampler: Sampler, evaluator: Evaluator, empty_url: str, tmp_path: Path
):
    told = []
    outcome = run_study(
        order_of(evaluator, sampler), evaluator.evaluate, empty_url, tmp_path, lambda *now: told.append(now)
    )
    results, row = results_of(empty_url), study_row(empty_url)
    assert [one["trial"] for one in results] == list(range(24))
    assert (row["status"], row["trials"], outcome.trials, outcome.failed) == ("complete", 24, 24, 0)
    assert told == [(8, 24), (16, 24), (24, 24)]
    assert stored_by_optuna(empty_url) == 24
    for one in results:
        config = plan(one["params"])
        assert one["params"]["exit_spread_bps"] < 2
        assert (one["config_digest"], one["data_digest"]) == (config.digest, evaluator.data_digest)
        assert one["params_digest"] == digest_of(one["params"])
        assert one["code_digest"] == row["code_digest"]
        assert one["figures"]["in_sample"]["pnl_quote"] == one["in_sample"]
    assert results[5]["state_hash"] == evaluator.run(plan(results[5]["params"])).state_hash
    best = max(results, key=lambda one: one["in_sample"])
    assert outcome.best[0]["params"] == best["params"]
    assert outcome.best[0]["out_of_sample"]["pnl_quote"] == best["out_of_sample"]
    assert len(outcome.walk_forward) == 3
    assert 0.0 <= outcome.deflated_sharpe <= 1.0
    assert 0.0 <= outcome.overfit_probability <= 1.0
    assert (row["deflated_sharpe"], row["overfit_probability"]) == (
        outcome.deflated_sharpe,
        outcome.overfit_probability,
    )
    kept = [json.loads(file.read_text()) for file in sorted((tmp_path / "small").iterdir())]
    assert [one["trial"] for batch in kept for one in batch["results"]] == list(range(24))
    assert [one["state_hash"] for batch in kept for one in batch["results"]] == [one["state_hash"] for one in results]
    assert all(batch.pop("sha256") == digest_of(batch) for batch in kept)


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_a_study_that_was_stopped_goes_on_to_what_it_would_have_been(
    sampler: Sampler, evaluator: Evaluator, new_database: Callable[[], str], tmp_path: Path
):
    whole, broken = new_database(), new_database()
    order = order_of(evaluator, sampler)
    run_study(order, evaluator.evaluate, whole, tmp_path / "whole")
    with pytest.raises(Stopped):
        run_study(order, stopping(evaluator, 2, stop), broken, tmp_path / "broken")
    assert (study_row(broken)["status"], study_row(broken)["reason"]) == ("failed", "enough")
    assert study_row(broken)["outcome"] is None
    assert len(results_of(broken)) == 16
    with psycopg.connect(broken) as connection:  # as if it had ended between the record and Optuna's storage
        for table in ("trial_params", "trial_values", "trial_system_attributes", "trials"):
            late = "SELECT trial_id FROM optuna.trials WHERE number >= 12"
            connection.execute(f"DELETE FROM optuna.{table} WHERE trial_id IN ({late})")
    run_study(order, stopping(evaluator, 2, stop), broken, tmp_path / "broken")  # the last batch, and the neighbours
    assert results_of(broken) == results_of(whole)
    assert study_row(broken)["outcome"]["plateau"] == study_row(whole)["outcome"]["plateau"] is not None
    assert (study_row(broken)["status"], study_row(broken)["reason"]) == ("complete", None)
    assert stored_by_optuna(broken) == 24


def test_more_trials_go_on_after_the_last(evaluator: Evaluator, empty_url: str, tmp_path: Path):
    run_study(order_of(evaluator, trials=8), evaluator.evaluate, empty_url, tmp_path)
    first = results_of(empty_url)
    run_study(order_of(evaluator, trials=16), evaluator.evaluate, empty_url, tmp_path)
    assert results_of(empty_url)[:8] == first
    assert study_row(empty_url)["trials"] == 16


def test_a_grid_ends_by_itself(evaluator: Evaluator, empty_url: str, tmp_path: Path):
    outcome = run_study(order_of(evaluator, "grid", trials=1_000), evaluator.evaluate, empty_url, tmp_path)
    assert outcome.trials == 15 * 5


@pytest.mark.parametrize("name", ["data_digest", "definition"])
def test_another_study_of_the_same_name_is_refused(name: str, evaluator: Evaluator, empty_url: str, tmp_path: Path):
    order = order_of(evaluator, trials=8)
    run_study(order, evaluator.evaluate, empty_url, tmp_path)
    other = {"data_digest": "0" * 64, "definition": order.definition.model_copy(update={"constraints": ()})}
    with pytest.raises(BadInput, match=f"begun with another {name}"):
        run_study(replace(order, **{name: other[name]}), evaluator.evaluate, empty_url, tmp_path)
    assert study_row(empty_url)["status"] == "complete"


def test_two_do_not_work_on_one_study(evaluator: Evaluator, empty_url: str, tmp_path: Path):
    busy = pytest.raises(BadInput, match="somebody else works on")
    with Record.open(empty_url) as record, held(record, "small"), busy:
        run_study(order_of(evaluator), evaluator.evaluate, empty_url, tmp_path)
    run_study(order_of(evaluator, trials=8), evaluator.evaluate, empty_url, tmp_path)


def test_a_study_is_free_the_moment_it_is_let_go(empty_url: str, monkeypatch: pytest.MonkeyPatch):
    """Its next sitting asks at once. A busy server notices late that a connection ended: here, not before the end."""
    with Record.open(empty_url) as record, record.connect() as first:
        with monkeypatch.context() as late:
            late.setattr(first, "invalidate", lambda: None)
            late.setattr(first, "close", lambda: None)
            late.setattr(record, "connect", lambda: first)
            with held(record, "small"):
                pass
        with held(record, "small"):
            pass


def test_a_set_recorded_twice_is_refused_aloud(evaluator: Evaluator, empty_url: str, tmp_path: Path):
    run_study(order_of(evaluator, trials=8), evaluator.evaluate, empty_url, tmp_path)
    study_id = study_row(empty_url)["id"]
    with Record.open(empty_url) as record:
        with record.begin() as connection:
            results = read_results(connection, study_id)
        with pytest.raises(InvariantBroken, match="refuses an entry"), record.begin() as connection:
            insert_results(connection, study_id, results[:1])
        with record.begin() as connection:
            count = connection.execute(select(func.count()).select_from(TUNING_RESULTS)).scalar_one()
    assert count == 8


@contextmanager
def own_server() -> Iterator[Postgres]:
    """A server that a test may kill."""
    with home_folder() as folder:
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.stop()


def test_a_study_fails_aloud_when_its_server_is_killed_and_goes_on_without_loss(evaluator: Evaluator, tmp_path: Path):
    order = order_of(evaluator)
    with own_server() as server:
        started = server.ensure(no_notice)
        url = server.url(started.port)

        def kill() -> None:
            os.kill(started.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            psutil.wait_procs([psutil.Process(started.pid)], 10)

        with pytest.raises(RecordAway, match="does not answer"):
            run_study(order, stopping(evaluator, 2, kill), url, tmp_path)
        url = server.url(server.ensure(no_notice).port)
        kept = results_of(url)
        assert len(kept) == 16
        run_study(order, evaluator.evaluate, url, tmp_path)
        results = results_of(url)
        assert results[:16] == kept
        assert [one["trial"] for one in results] == list(range(24))
        assert stored_by_optuna(url) == 24


def test_a_study_without_a_database_fails_at_once(evaluator: Evaluator, tmp_path: Path):
    began = time.perf_counter()
    with pytest.raises(RecordAway):
        run_study(order_of(evaluator), evaluator.evaluate, "postgresql://nobody@127.0.0.1:1/none", tmp_path)
    assert time.perf_counter() - began < 10
    assert list(tmp_path.iterdir()) == []


def test_two_that_come_to_an_empty_database_at_once_make_optunas_tables_once(empty_url: str):
    definition = Definition(space=dict([range_of("entry_spread_bps=20:40")]), sampler="random")
    together = Barrier(4)

    def begin(number: int) -> int:
        together.wait()
        with closing(Search(definition, empty_url, f"study {number}", lambda params: None, [])) as search:
            return len(search.ask(0, 3))

    with ThreadPoolExecutor(4) as at_once:
        assert list(at_once.map(begin, range(4))) == [3] * 4


@pytest.mark.parametrize("sampler", ["grid", "tpe"])
@pytest.mark.parametrize(
    "vary, constraint, cause",
    [
        ("nonsense_param=1:2:1", "1<2", "no parameter 'nonsense_param'"),
        ("entry_spread_bps=20:40:10", "entry_spread_bps<10", "keeps the constraints"),
    ],
)
def test_a_space_without_a_set_fails_by_its_cause(
    empty_url: str, sampler: Sampler, vary: str, constraint: str, cause: str
):
    definition = Definition(space=dict([range_of(vary)]), sampler=sampler, constraints=(constraint,))
    refused = pytest.raises(BadInput, match=cause)
    with closing(Search(definition, empty_url, f"{sampler} {vary}", plan, [])) as search, refused:
        search.ask(0, 3)
