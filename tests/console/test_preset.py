"""`arb preset` and `--preset` as an operator meets them, on a real PostgreSQL."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import add_preset
from arbitrage_core.tuning.study import code_digest
from console import verdict_run
from console.source import Wanted, source_of
from tests.console.test_commands import ROOT, sessions, told
from tests.services.servers import postgres_url, redis_url

__all__ = ["postgres_url", "redis_url", "sessions"]

DATA = ["--synthetic", "mixed", "--rows", "4000"]
WINNER, OLDER = {"entry_spread_bps": 31.25, "hold_max_ms": 9_000.0}, {"entry_spread_bps": 24.5}
WINNER_BY_HAND = ["--set", "entry_spread_bps=31.25", "--set", "hold_max_ms=9000.0"]
TRIALS = 5_000


def evidence(trials: int) -> dict:
    source = source_of(Wanted(synthetic="mixed", rows=4_000))
    figures = {"pnl_quote": 12.5, "sharpe": 0.25, "trades": 40}
    return {
        "study": "night", "trial": 17, "trials": trials, "failed": 0, "objectives": ["pnl_quote"], "walk_forward": [],
        "in_sample": figures, "out_of_sample": figures | {"pnl_quote": -3.5}, "deflated_sharpe": 0.61,
        "overfit_probability": None, "sampler": "tpe", "seed": 0, "rows": 4_000, "settings": ["taker_fee_bps=4"],
        "data_digest": data_digest(source.feed), "code_digest": code_digest(), "state_hash": "0" * 64,
        "config_digest": plan_session(Offer.of(source.feed), params=source.params).digest, "loss_probability": None,
        "plateau": {"neighbours": 4, "worst_share": 0.62, "holds": True}, "objections": ["few periods", "one market"],
    }  # fmt: skip


@pytest.fixture
def record(postgres_url: str, sessions: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    """The record that the commands find, with two versions of one preset in it."""
    monkeypatch.setenv("ARB_POSTGRES_URL", postgres_url)
    with Record.open(postgres_url) as record:
        with record.begin() as connection:
            for number, params in enumerate((OLDER, WINNER), 1):
                add_preset(connection, "winner", "taker_taker", params, None, f"{number}", evidence(TRIALS * number))
        yield record
        with record.begin() as connection:
            for table in ("presets_in_use", "strategy_presets", "operator_actions"):
                connection.execute(text(f"DELETE FROM {table}"))


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, out, err = told(capsys, *arguments, "--json")
    assert code in (0, 1), err
    return json.loads(out)


# --------------------------------------------------------------------------------------------------- list, show, use


def test_the_list_has_what_a_choice_rests_on(record, capsys):
    (one,) = document(capsys, "preset", "list")["presets"]
    assert {name: one[name] for name in ("name", "in_use", "newest", "chosen", "study", "trials", "flaw")} == {
        "name": "winner", "in_use": 2, "newest": 2, "chosen": False, "study": "night", "trials": 10_000, "flaw": None,
    }  # fmt: skip
    assert (one["strategy"], one["objective"], one["in_sample"], one["out_of_sample"]) == (
        "taker_taker", "pnl_quote", 12.5, -3.5,
    )  # fmt: skip
    code, out, _ = told(capsys, "preset", "list")
    assert code == 0
    for words in ("winner", one["digest"][:8], "night", "10,000", "12.5", "-3.5"):
        assert words in out


def test_a_preset_is_shown_whole(record, capsys, monkeypatch):
    shown = document(capsys, "preset", "show", "winner")
    assert (shown["version"], shown["params"], shown["versions"]) == (2, WINNER, [1, 2])
    assert (shown["evidence"], shown["code_is_todays"], shown["trials"]) == (evidence(10_000), True, 10_000)
    assert document(capsys, "preset", "show", "winner", "--version", "1") == document(
        capsys, "preset", "show", "winner@1"
    )
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = told(capsys, "preset", "show", "winner")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for words in (
        shown["digest"],
        "31.25",
        "trial 17 of 10,000",
        "12.5 in sample, -3.5 out",
        "0.61",
        "holds: the worst of 4 neighbours brings 62%",
        "few periods; one market",
        " today's",
        "taker_fee_bps=4",
    ):
        assert words in out


def test_code_of_another_day_is_said(record, capsys, monkeypatch):
    monkeypatch.setattr("arbitrage_core.tuning.study.code_digest", lambda: "f" * 64)
    assert document(capsys, "preset", "show", "winner")["code_is_todays"] is False
    assert "NOT today's" in told(capsys, "preset", "show", "winner")[1]


def test_a_roll_back_is_one_command_and_so_is_the_way_forward(record, capsys):
    by_version = {number: document(capsys, "backtest", *DATA, "--preset", f"winner@{number}") for number in (1, 2)}
    assert by_version[1]["state_hash"] != by_version[2]["state_hash"]
    used = document(capsys, "preset", "use", "winner", "--version", "1", "--reason", "it lost")
    assert (used["name"], used["version"], used["chosen"]) == ("winner", 1, True)
    assert document(capsys, "preset", "list")["presets"][0]["in_use"] == 1
    assert document(capsys, "preset", "show", "winner")["params"] == OLDER
    back = document(capsys, "backtest", *DATA, "--preset", "winner")
    assert (back["state_hash"], back["preset"]["version"]) == (by_version[1]["state_hash"], 1)
    code, out, _ = told(capsys, "preset", "use", "winner", "--newest")
    assert (code, out) == (0, "winner means version 2, the newest\n")
    assert document(capsys, "preset", "list")["presets"][0]["in_use"] == 2
    with record.begin() as connection:
        found = connection.execute(text("SELECT arguments, source FROM operator_actions ORDER BY asked_ns")).all()
    assert [one.arguments["target"] for one in found] == ["winner@1", "winner"]
    assert (found[0].arguments["reason"], found[0].source) == ("it lost", "command line")


def test_a_preset_that_was_changed_is_refused_everywhere_and_listed_as_such(record, capsys):
    with record.begin() as connection:
        connection.execute(text("UPDATE strategy_presets SET params = params - 'hold_max_ms' WHERE version = 2"))
    for command in (["preset", "show", "winner"], ["backtest", *DATA, "--preset", "winner"]):
        code, out, err = told(capsys, *command)
        assert (code, out) == (1, "")
        assert "winner@2: its parameters are not those it was made with" in err
    code, out, _ = told(capsys, "preset", "list")
    assert (code, "winner@2 cannot be used" in out) == (0, True)
    assert told(capsys, "preset", "use", "winner", "--version", "2")[0] == 1
    assert told(capsys, "preset", "use", "winner", "--version", "1")[0] == 0
    assert told(capsys, "backtest", *DATA, "--preset", "winner")[0] == 0


BAD_USAGE = [
    (["preset", "show", "looser"], "no preset 'looser'; there are winner"),
    (["preset", "show", "winner@1", "--version", "2"], "one version and --version another"),
    (["preset", "use", "winner"], "--version N, or --newest"),
    (["preset", "use", "winner", "--version", "1", "--newest"], "--version N, or --newest"),
    (["preset", "use", "winner", "--version", "3"], "there is version 1, 2"),
    (["backtest", *DATA, "--preset", "looser"], "no preset 'looser'"),
    (["backtest", *DATA, "--preset", "winner@9"], "of version 9"),
    (["verdict", "--session", "x", "--preset", "winner"], "its own rows and settings"),
]


@pytest.mark.parametrize("arguments, words", BAD_USAGE, ids=lambda one: " ".join(one) if isinstance(one, list) else "")
def test_a_bad_command_is_one_clear_error_with_exit_code_2(record, arguments, words, capsys):
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in " ".join(err.replace("cure:", ";").split()).replace(" ;", ";")


def test_a_record_that_cannot_be_had_is_said(sessions, capsys, monkeypatch):
    monkeypatch.setenv("ARB_POSTGRES_URL", "postgresql://arb@127.0.0.1:1/arb")
    for command in (["preset", "list"], ["backtest", *DATA, "--preset", "winner"]):
        code, out, err = told(capsys, *command)
        assert (code, out) == (1, "")
        assert "ARB_POSTGRES_URL" in err


# --------------------------------------------------------------------------------------------------------- --preset


def test_it_is_the_session_of_the_same_settings_by_hand_and_says_what_it_ran_with(record, sessions, capsys):
    given = document(capsys, "backtest", *DATA, "--preset", "winner")
    by_hand = document(capsys, "backtest", *DATA, *WINNER_BY_HAND)
    for name in ("state_hash", "config_digest", "session"):
        assert given[name] == by_hand[name]
    shown = document(capsys, "preset", "show", "winner")
    assert by_hand["preset"] is None
    assert given["preset"] == {
        **{name: shown[name] for name in ("name", "version", "digest", "study", "trials")},
        "data_digest": shown["evidence"]["data_digest"],
    }
    given = document(capsys, "backtest", *DATA, "--preset", "winner")
    manifest = json.loads((sessions / given["session"] / "manifest.json").read_text())
    assert manifest["preset"] == given["preset"] == document(capsys, "replay", given["session"])["preset"]


def test_what_is_set_by_hand_wins(record, capsys):
    both = document(capsys, "backtest", *DATA, "--preset", "winner", "--set", "entry_spread_bps=45")
    by_hand = document(capsys, "backtest", *DATA, *WINNER_BY_HAND, "--set", "entry_spread_bps=45")
    assert both["state_hash"] == by_hand["state_hash"]


def test_a_journal_without_a_preset_is_written_as_before(sessions, capsys):
    name = document(capsys, "backtest", *DATA)["session"]
    assert "preset" not in json.loads((sessions / name / "manifest.json").read_text())


def test_the_trials_of_its_study_are_counted_into_the_verdict(record, capsys):
    alone, judged = (document(capsys, "verdict", *DATA, *which) for which in (WINNER_BY_HAND, ["--preset", "winner"]))
    assert (alone["trials"], alone["preset"]) == (1, None)
    assert (judged["trials"], judged["preset"]["trials"]) == (10_000, 10_000)
    assert judged["preset"]["rows_of_its_study"] is True
    assert judged["interval"] == alone["interval"]
    assert document(capsys, "verdict", *DATA, "--preset", "winner@1")["trials"] == TRIALS
    told_so = document(capsys, "verdict", *DATA, "--preset", "winner", "--trials", "20000", "--seed", "5")
    assert (told_so["trials"], told_so["preset"]["rows_of_its_study"]) == (20_000, False)


def test_the_trials_are_counted_into_the_verdict_on_a_session_too(record, capsys):
    name = document(capsys, "backtest", *DATA, "--preset", "winner")["session"]
    judged = document(capsys, "verdict", "--session", name)
    assert (judged["trials"], judged["preset"]["name"], judged["preset"]["rows_of_its_study"]) == (
        10_000,
        "winner",
        True,
    )


def test_a_journal_that_says_of_its_preset_what_the_record_does_not_is_refused(record, capsys, monkeypatch):
    name = document(capsys, "backtest", *DATA, "--preset", "winner")["session"]
    kept = verdict_run.preset_named("winner")
    monkeypatch.setattr(verdict_run, "preset_named", lambda wanted: replace(kept, trials=123_456))
    code, out, err = told(capsys, "verdict", "--session", name)
    assert (code, out) == (2, "")
    assert "the journal says of preset winner what the record does not" in err
    assert "--trials" in err


def test_the_verdicts_page_says_what_is_counted_in(record, capsys):
    page = " ".join(told(capsys, "verdict", *DATA, "--preset", "winner")[1].split())
    assert "winner@2: its study night tried 10,000, all counted in" in page
    assert "the very rows it was chosen by" in page
    page = " ".join(told(capsys, "verdict", *DATA, "--preset", "winner", "--trials", "3")[1].split())
    assert "tried 10,000, by --trials 3 are counted in" in page


def test_a_stress_is_put_on_the_preset(record, capsys):
    small = ["stress", "--synthetic", "high", "--rows", "20000", "--scenario", "FEE_SURGE"]
    plain, given = document(capsys, *small), document(capsys, *small, "--preset", "winner")
    by_hand = document(capsys, *small, *WINNER_BY_HAND)
    assert (plain["preset"], given["preset"]["name"]) == (None, "winner")
    assert given["baseline"] == by_hand["baseline"] != plain["baseline"]


def test_a_paper_session_runs_with_it_and_its_record_says_so(record, redis_url, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ARB_REDIS_URL", redis_url)
    given = document(capsys, "paper", *DATA, "--pace", "max", "--preset", "winner")
    assert given["state_hash"] == document(capsys, "backtest", *DATA, *WINNER_BY_HAND)["state_hash"]
    assert given["record"]["complete"] is True
    with record.begin() as connection:
        query = text("SELECT preset, document FROM sessions WHERE id = :id")
        row = connection.execute(query, {"id": given["record"]["session"]}).one()
    assert row.preset == row.document["preset"] == given["preset"]
    assert (given["preset"]["name"], given["preset"]["version"]) == ("winner", 2)


def test_a_backtest_without_one_knows_no_database():
    program = "import sys, console.backtest_run; print({'sqlalchemy', 'psycopg', 'optuna'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
