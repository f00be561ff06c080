"""`arb tune`: what cannot be is said before anything starts."""

import pytest

from console.progress import SeedsProgress
from console.source import Wanted
from console.tune_page import print_study
from console.tune_run import Order, form_of, sets_beyond
from tests.console.test_commands import told

MIXED = ["tune", "--synthetic", "mixed"]
CASES = [
    (["tune", "--vary", "entry_spread_bps=1:2"], "--data or from --synthetic", "name one"),
    (MIXED, "--vary", "--help"),
    ([*MIXED, "--vary", "entry_spread_bps"], "is no range", "LOW:HIGH"),
    ([*MIXED, "--vary", "entry_spred_bps=1:2"], "no parameter 'entry_spred_bps'", "entry_spread_bps"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--sampler", "luck"], "sampler", "tune --help"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--objective", "fame"], "no objective fame", "tune --help"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--scenario", "fire"], "no scenario 'fire'", "FEE_SURGE"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--scenario", "QUOTE_DEPEG"], "2 currencies", "leave it out"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--prune"], "pruned under scenarios", "tune --help"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--cluster", "two"], "'two' is no cluster", "tcp://host:8786"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--cluster", "500"], "a cluster of 500 processes", "from 1 to 64"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--duration", "60"], "duration '60' is not understood", "60s"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--levels", "99"], "levels", "tune --help"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--venues", "alpha"], "1 venues", "2"),
    ([*MIXED, "--vary", "hold_max_ms=1:2", "--vary", "hold_max_ms=3:4"], "hold_max_ms more than once", "one range"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--study", "../first"], "'../first' is no name", "letters"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--study", "a:b"], "'a:b' is no name", "letters"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--study", "first."], "'first.' is no name", "ending in a dot"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--save", "a@b"], "'a@b' is no name for a preset", "without @"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--save", "a\n"], "'a\\n' is no name for a preset", "without @"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--save", "\x1b[2J"], "is no name for a preset", "without @"),
    ([*MIXED, "--vary", "entry_spread_bps=60:20"], "from a lower to a higher number", "LOW:HIGH"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--require", "foo<1"], "foo is neither varied", "entry_spread_bps"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--sampler", "grid"], "needs steps", "LOW:HIGH:STEP"),
]


@pytest.mark.parametrize(
    "arguments,cause,cure", CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_is_not_there_is_named_with_what_is(arguments, cause, cure, capsys, monkeypatch):
    monkeypatch.setattr("console.tune_run.prefect_ready", lambda *_, **__: pytest.fail("nothing may be started"))
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert cause in err
    assert cure in err


FIGURES = {"pnl_quote": 12.5, "trades": 7}
STRESSED = {
    "objectives": ["pnl_quote"],
    "best": [{"trial": 3, "params": {"a": 1.5}, "in_sample": FIGURES, "out_of_sample": FIGURES, "worst": "FEE_SURGE"}],
    "trials": 9,
    "failed": 1,
    "pruned": 4,
    "param_rows_per_s": 1_000,
    "study": "small",
    "preset": None,
    "deflated_sharpe": 0.5,
    "overfit_probability": None,
    "importance": {"a": 0.75, "b": 0.25},
    "objections": [],
}


@pytest.mark.parametrize(
    "plateau, said",
    [
        (None, "cannot be told"),
        ({"holds": True, "worst_share": 0.8}, "the worst brings 80% of it, a plateau"),
        ({"holds": False, "worst_share": -0.2}, "the worst brings -20% of it, NO plateau"),
        ({"holds": False, "worst_share": None}, "they cannot be compared, NO plateau"),
    ],
)
def test_the_worst_scenario_the_sets_given_up_and_the_plateau_are_said(plateau, said, capsys):
    print_study({**STRESSED, "plateau": plateau})
    out = capsys.readouterr().out
    for words in ("worst case", "FEE_SURGE", "9 sets tried, 1 of them stopped by the engine, 4 given up", said):
        assert words in out


def test_what_mattered_is_said_and_what_speaks_against_the_best(capsys):
    print_study({**STRESSED, "plateau": None})
    out = capsys.readouterr().out
    assert "what mattered: a 75%, b 25%" in out
    assert "the best set holds up" in out
    print_study({**STRESSED, "plateau": None, "importance": {}, "objections": ["it stands alone", "it earned 0"]})
    out = capsys.readouterr().out
    assert "what mattered" not in out
    assert "does NOT hold up:\n  it stands alone\n  it earned 0\n" in out


def test_without_scenarios_there_is_no_worst_one(capsys):
    plain = [{name: value for name, value in STRESSED["best"][0].items() if name != "worst"}]
    print_study({**STRESSED, "best": plain, "pruned": 0, "plateau": None})
    out = capsys.readouterr().out
    assert "worst case" not in out
    assert "given up" not in out


def test_a_cluster_that_is_not_there_is_said_before_anything_starts(capsys, monkeypatch):
    monkeypatch.setattr("console.tune_run.prefect_ready", lambda *_, **__: pytest.fail("nothing may be started"))
    code, out, err = told(capsys, *MIXED, "--vary", "entry_spread_bps=20:30", "--cluster", "tcp://127.0.0.1:1")
    assert (code, out) == (1, "")
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in err
    assert "dask worker" in err


def test_what_is_asked_of_the_rows_reaches_the_form():
    wanted = Wanted(synthetic="mixed", duration_ns=1_500_000_000, levels=3, symbols=("BTC/USDT",))
    form = form_of(Order(wanted, {"vary": ["entry_spread_bps=20:30"], "cluster": "2"}))
    assert (form.duration_ms, form.levels, form.symbols, form.cluster) == (1_500.0, 3, ["BTC/USDT"], "2")


@pytest.mark.parametrize(
    "search, beyond",
    [
        ({"sampler": "grid", "trials": 100}, 0),
        ({"sampler": "grid", "trials": 10}, 11),
        ({"sampler": "grid", "trials": 10, "constraints": ["entry_spread_bps<25"]}, 0),
        ({"sampler": "random", "trials": 10}, 0),
    ],
)
def test_a_grid_that_is_tried_in_part_is_known_to_be(search, beyond):
    form = form_of(Order(Wanted(synthetic="mixed"), {"vary": ["entry_spread_bps=20:40:1"], **search}))
    assert sets_beyond(form) == beyond


@pytest.mark.parametrize("name", ["first", "D68 T1-3", "봄 2024", "a_b.c (2)!"])
def test_a_study_may_be_called_by_any_name_a_folder_can_have(name):
    assert form_of(Order(Wanted(synthetic="mixed"), {"vary": ["hold_max_ms=1:2"], "study": name})).study == name


def test_no_name_and_no_figure_is_cut_where_the_terminal_is_narrow(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    figures = {"pnl_quote": 1234.56, "max_drawdown_quote": 16.5668, "trades": 1398}
    params = {"hold_max_ms": 45_015.7, "entry_spread_bps": 34.6919}
    one = {"trial": 366, "params": params, "in_sample": figures, "out_of_sample": figures}
    document = {**STRESSED, "objectives": ["pnl_quote", "max_drawdown_quote"], "best": [one], "plateau": None}
    print_study(document)
    out = capsys.readouterr().out
    assert "…" not in out
    for word in ("drawdown_", "spread_", "45,015.7", "34.6919", "1,234.56", "16.5668"):
        assert word in out


def test_parameters_stand_in_the_order_they_were_named(capsys):
    one = {"trial": 1, "params": {"b": 1.0, "a": 2.0}, "in_sample": FIGURES, "out_of_sample": FIGURES}
    print_study({**STRESSED, "best": [one], "plateau": None}, ["a=1:3", "b=0:2"])
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["trial", "a", "b"]


def test_a_study_that_had_all_its_sets_says_so_and_no_pace_of_nothing(capsys):
    print_study({**STRESSED, "param_rows_per_s": 0, "plateau": None})
    out = capsys.readouterr().out
    assert "all of them recorded before" in out
    assert "sets × rows a second" not in out


def test_what_is_counted_is_said_where_there_is_no_bar(capsys):
    with SeedsProgress("sets", line_s=0.0) as progress:
        progress.told("first", 64, 500)
    with SeedsProgress("sets", line_s=60.0) as progress:
        progress.told("first", 320, 500)
        progress.told("first", 500, 500)
    with SeedsProgress() as progress:
        progress.told("C1", 4, 20)
        progress.told("C1", 5, 20)
    said = "arb: first: 64 of 500 sets\narb: first: 500 of 500 sets\narb: C1: 5 of 20 seeds\n"
    assert capsys.readouterr().err == said


def test_an_interrupted_study_says_that_the_same_command_goes_on(capsys, monkeypatch):
    def interrupted(notice, **stated):
        raise KeyboardInterrupt

    monkeypatch.setattr("console.tune_run.prefect_ready", interrupted)
    code, out, err = told(capsys, *MIXED, "--vary", "entry_spread_bps=20:30")
    assert (code, out) == (130, "")
    assert "the same command goes on" in err
