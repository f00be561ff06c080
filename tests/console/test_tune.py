"""`arb tune`: what cannot be is said before anything starts."""

import pytest

from console.source import Wanted
from console.tune_run import Order, _show, form_of
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
]


@pytest.mark.parametrize(
    "arguments,cause,cure", CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_is_not_there_is_named_with_what_is(arguments, cause, cure, capsys, monkeypatch):
    monkeypatch.setattr("console.tune_run.prefect_ready", lambda notice: pytest.fail("nothing may be started"))
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
    _show({**STRESSED, "plateau": plateau})
    out = capsys.readouterr().out
    for words in ("worst case", "FEE_SURGE", "9 sets tried, 1 of them stopped by the engine, 4 given up", said):
        assert words in out


def test_what_mattered_is_said_and_what_speaks_against_the_best(capsys):
    _show({**STRESSED, "plateau": None})
    out = capsys.readouterr().out
    assert "what mattered: a 75%, b 25%" in out
    assert "the best set holds up" in out
    _show({**STRESSED, "plateau": None, "importance": {}, "objections": ["it stands alone", "it earned 0"]})
    out = capsys.readouterr().out
    assert "what mattered" not in out
    assert "does NOT hold up:\n  it stands alone\n  it earned 0\n" in out


def test_without_scenarios_there_is_no_worst_one(capsys):
    plain = [{name: value for name, value in STRESSED["best"][0].items() if name != "worst"}]
    _show({**STRESSED, "best": plain, "pruned": 0, "plateau": None})
    out = capsys.readouterr().out
    assert "worst case" not in out
    assert "given up" not in out


def test_a_cluster_that_is_not_there_is_said_before_anything_starts(capsys, monkeypatch):
    monkeypatch.setattr("console.tune_run.prefect_ready", lambda notice: pytest.fail("nothing may be started"))
    code, out, err = told(capsys, *MIXED, "--vary", "entry_spread_bps=20:30", "--cluster", "tcp://127.0.0.1:1")
    assert (code, out) == (1, "")
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in err
    assert "dask worker" in err


def test_what_is_asked_of_the_rows_reaches_the_form():
    wanted = Wanted(synthetic="mixed", duration_ns=1_500_000_000, levels=3, symbols=("BTC/USDT",))
    form = form_of(Order(wanted, {"vary": ["entry_spread_bps=20:30"], "cluster": "2"}))
    assert (form.duration_ms, form.levels, form.symbols, form.cluster) == (1_500.0, 3, ["BTC/USDT"], "2")
