"""The flow `tuning` on a real Prefect server and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.home import checkout_id
from arbitrage_core.session import binding
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import read_preset
from flows.campaign_run import Ground
from flows.progress import Progress
from flows.tuning_form import TuningForm, definition_of, planner
from flows.tuning_rows import feed_of
from tests.services.servers import postgres_url

__all__ = ["postgres_url"]

FORM = TuningForm(
    rows=30_000, vary=["entry_spread_bps=20:90", "entry_order=ioc,market"], sampler="random", trials=70, splits=2,
    embargo_ms=1_000, study="flow", save="winner",
)  # fmt: skip
EVIDENCE = (
    "study",
    "trials",
    "objections",
    "loss_probability",
    "walk_forward",
    "deflated_sharpe",
    "overfit_probability",
)


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """A Prefect server of the test's own."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=90):
        yield


def stand_on(monkeypatch: pytest.MonkeyPatch, home: Path, url: str) -> None:
    """Gives the flow a ground of the test's own."""
    compiled = binding.home() / "compiled"
    compiled.mkdir(parents=True, exist_ok=True)
    home.mkdir()
    (home / "compiled").symlink_to(compiled, target_is_directory=True)
    monkeypatch.setenv("ARB_HOME", str(home))
    monkeypatch.setattr("flows.tuning.ground", lambda notice: Ground(home, checkout_id(), url, "", workers=2))


def test_a_study_goes_out_in_tasks_and_its_winner_becomes_a_preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, server: None
):
    from flows.tuning import tuning

    stand_on(monkeypatch, tmp_path / "home", postgres_url)
    document = tuning(FORM)
    assert (document["study"], document["trials"], document["failed"]) == ("flow", 70, 0)
    assert {"params", "in_sample", "out_of_sample"} <= set(document["best"][0])
    assert {"param_rows_per_s", "deflated_sharpe", "overfit_probability"} <= set(document)
    with Record.open(postgres_url) as record, record.begin() as connection:
        kept = read_preset(connection, "winner")
    assert kept.params == document["best"][0]["params"]
    assert kept.digest == document["preset"]["digest"]
    assert f"trial {document['best'][0]['trial']} of 70 of study flow" in kept.note
    assert {name: kept.evidence[name] for name in EVIDENCE} == {name: document[name] for name in EVIDENCE}
    assert kept.evidence["objectives"] == list(document["objectives"])
    assert kept.evidence["config_digest"] == planner(FORM)(kept.params).digest
    again = tuning(FORM)
    assert (again["best"], again["preset"], again["param_rows_per_s"]) == (document["best"], document["preset"], 0)


def test_a_study_goes_out_under_its_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, server: None
):
    from flows.tuning import tuning

    stand_on(monkeypatch, tmp_path / "home", postgres_url)
    update = {"scenarios": ["FEE_SURGE", "LIQUIDITY_DROUGHT"], "study": "stressed", "save": None, "prune": True}
    document = tuning(FORM.model_copy(update=update))
    best = document["best"][0]
    assert document["pruned"] > 0, "the bar goes out with the sets"
    assert set(best["scenarios"]) == {"BASELINE", "FEE_SURGE", "LIQUIDITY_DROUGHT"}
    worst = min(one["in_sample"]["pnl_quote"] for one in best["scenarios"].values())
    assert best["in_sample"]["pnl_quote"] == worst == best["scenarios"][best["worst"]]["in_sample"]["pnl_quote"]


def test_a_study_whose_record_is_away_fails_the_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: None):
    from flows.tuning import tuning

    stand_on(monkeypatch, tmp_path / "home", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(RecordAway, match="does not answer"):
        tuning(FORM)


@pytest.mark.parametrize(
    "changed, cause",
    [
        ({"objectives": ["fame"]}, "no objective fame"),
        ({"sampler": "cmaes", "objectives": ["pnl_quote", "sharpe"]}, "cmaes has one objective"),
        ({"vary": ["entry_spread_bps"]}, "is no range"),
    ],
)
def test_a_search_that_cannot_be_is_refused(changed: dict[str, object], cause: str):
    with pytest.raises(BadInput, match=cause):
        definition_of(FORM.model_copy(update=changed))


def test_every_field_of_the_form_says_what_it_is():
    assert [name for name, field in TuningForm.model_fields.items() if not field.description] == []


def test_the_progress_of_a_study_counts_sets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("flows.progress.create_progress_artifact", lambda progress, description: None)
    lines: list[str] = []
    Progress(70, "study: sets", lines.append, counted="sets").told("study", 70, 70)
    Progress(20, "T2: seeds", lines.append).told("T2", 20, 20)
    assert lines == ["study: 70 of 70 sets", "T2: 20 of 20 seeds"]


def test_a_form_names_scenarios_or_all_there_can_be():
    assert definition_of(FORM).scenarios == ()
    assert definition_of(FORM.model_copy(update={"scenarios": ["fee_surge"]})).scenarios == ("FEE_SURGE",)
    everything = definition_of(FORM.model_copy(update={"scenarios": ["all"]})).scenarios
    assert {"FEE_SURGE", "FLASH_CRASH"} < set(everything)
    assert "QUOTE_DEPEG" not in everything, "one currency has no peg"


def test_a_form_names_its_rows_once():
    with pytest.raises(BadInput, match="one of the two"):
        feed_of(FORM.model_copy(update={"data": ["quotes.parquet"]}))


def test_rows_end_with_their_time_or_their_number_whichever_is_sooner():
    def last_ms(**changed: object) -> tuple[int, float]:
        rows = [row for rows in feed_of(FORM.model_copy(update=changed)) for row in rows["now_ns"]]
        return len(rows), (rows[-1] - rows[0]) / 1e6

    every = last_ms(rows=2_000)
    assert last_ms(rows=2_000, duration_ms=every[1] + 1) == every
    count, length_ms = last_ms(rows=None, duration_ms=5_000.0)
    assert 100 < count < 2_000
    assert 4_500 < length_ms < 5_000
    assert last_ms(rows=count + 1)[1] >= 5_000


def test_books_are_as_deep_as_asked_and_a_plan_knows():
    deep = FORM.model_copy(update={"levels": 3, "duration_ms": 1_000.0, "venues": ["alpha", "gamma"]})
    assert (feed_of(deep).levels, planner(deep)({}).levels) == (3, 3)
    assert [venue.name for venue in planner(deep)({}).venues] == ["alpha", "gamma"]


def test_a_set_is_laid_over_the_forms_settings():
    plan = planner(FORM.model_copy(update={"settings": ["entry_spread_bps=33", "taker_fee_bps=1"]}))
    assert plan({}).params.entry_spread_bps == 33
    assert plan({"entry_spread_bps": 44.25}).params.entry_spread_bps == 44.25
    assert plan({}).markets[0].taker_fee_bps == 1
