"""The report says what was found, all of it, and nothing else; whatever failed stands in it by name."""

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.storage.disk import DiskRefused
from flows.outcome import CampaignOutcome, Check, SeedOutcome, StageOutcome
from flows.report import stage_report as module
from flows.report.markdown import CELL_CHARACTERS_MAX
from flows.report.remarks import LINES_MAX
from flows.report.report_files import write_report
from flows.report.series import SessionSeries
from flows.report.stage_report import REPORT_BYTES_MAX, stage_report
from flows.report.tables import campaign_table, checks_table, exits_words, progress_line, seed_line, verdict_line, worst
from flows.stages.stage import Band, Campaign, OldFigures, Remark, Stage

RATE = Band(figure="win_rate", least=0.4, most=0.6)
FEES = Band(figure="fees_quote", least=1.0, most=1_000_000.0)
FIGURES = {
    "entries": 1_204.0,
    "closed": 1_200.0,
    "unwound": 4.0,
    "open": 0.0,
    "win_rate": 0.512,
    "pnl_quote": -12.34,
    "fees_quote": 250.0,
    "max_drawdown_quote": 80.0,
}
HASHES = {"C1": "c1" * 32, "C2": "c2" * 32}


def staged(**changes: object) -> Stage:
    """A stage of two campaigns of three seeds."""
    campaigns = tuple(
        Campaign(
            name=name, title=f"{title}: some words", preset=title, rows=300_000, bands=(RATE, FEES), seeds=(1, 2, 3)
        )
        for name, title in (("C1", "mixed"), ("C2", "high"))
    )
    made = Stage(
        name="D65",
        title="Campaigns",
        purpose="Shows what it shows.",
        campaigns=campaigns,
        old_figures={"C1": OldFigures(win_rate=1.0), "all": OldFigures(entries=16, exits=7)},
        remarks=(
            Remark(kind="works", text="Legs come in pairs."),
            Remark(kind="limited", text="Markets are synthetic."),
            Remark(kind="open", text="Nothing is live."),
        ),
    )
    return made.model_copy(update=changes)


def seed(campaign: str, number: int, mode: str = "backtest", **changes: object) -> SeedOutcome:
    """A session as it should be, but for the changes; `figures` are merged."""
    figures = {**FIGURES, **changes.pop("figures", {})}
    made = SeedOutcome(
        campaign=campaign,
        seed=number,
        mode=mode,
        session=f"{mode}-{campaign.lower()}-s{number:02}",
        record_id=number,
        config_digest="",
        state_hash=HASHES[campaign],
        figures=figures,
        exits={"CONVERGED": 1_100, "TAKE_PROFIT": 0, "HOLD_TIME": 100, "UNWOUND": 4},
        order_states={"FILLED": 4_800},
        identical=True,
        elapsed_s=0.4,
    )
    return made.model_copy(update=changes)


def campaign(name: str, **changes: object) -> CampaignOutcome:
    """A campaign as it should be, but for the changes."""
    made = CampaignOutcome(
        campaign=name,
        run_id=1,
        backtests=tuple(seed(name, number) for number in (1, 2, 3)),
        papers=(seed(name, 1, "paper"),),
        elapsed_s=2.0,
    )
    return made.model_copy(update=changes)


PASSED = Check(name="replay gives the same hash", passed=True, observed="6 of 6", expected="all")
MISSED = Check(name="win rate of C1", passed=False, observed="39.9 %", expected="40 to 60 %", detail="seed 2")
MINOR = Check(name="rows without gaps", passed=False, observed="3 gaps", expected="none", critical=False)


def outcome(*checks: Check, **changes: object) -> StageOutcome:
    """A stage's outcome whose verdict follows from its checks."""
    checks = checks or (PASSED,)
    accepted = all(one.passed or not one.critical for one in checks)
    made = StageOutcome(
        stage="D65",
        verdict="D65_ACCEPTED" if accepted else "D65_REJECTED",
        checks=checks,
        campaigns=(campaign("C1"), campaign("C2")),
        elapsed_s=44.0,
    )
    return made.model_copy(update=changes)


def drawn(name: str, trades: int = 300) -> SessionSeries:
    """The series of a session."""
    rng = np.random.default_rng(5)
    pnl = rng.normal(0, 3, trades)
    return SessionSeries(
        campaign=name,
        seed=1,
        currency="USDT",
        start_quote=10_000.0,
        marked_ns=np.arange(trades) * 10**10,
        equity_quote=10_000 + np.cumsum(pnl),
        pnl_quote=pnl,
        decided_bps=rng.normal(10, 2, trades),
        realised_bps=pnl * 3,
        reasons=np.where(pnl > 0, "CONVERGED", "HOLD_TIME"),
    )


ALL_SERIES = {name: drawn(name) for name in ("C1", "C2")}


def text_of(found: StageOutcome, stage: Stage | None = None, *, embeds_charts: bool = False) -> str:
    """The report, its series with it."""
    return stage_report(stage or staged(), found, ALL_SERIES, embeds_charts=embeds_charts)


def section(text: str, head: str) -> str:
    """What stands under a heading that begins so."""
    found = [part for part in text.split("\n## ") if part.startswith(head)]
    assert len(found) == 1, head
    return found[0]


def test_it_says_the_verdict_first_then_what_it_stands_on():
    text = text_of(outcome())
    assert text.splitlines()[0] == "# ✅ D65_ACCEPTED"
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert heads == [
        "What was run",
        "Checks: 1 of 1 passed",
        "Every seed against its band",
        "Beside the figures of the system before",
        "C1: mixed: some words",
        "C2: high: some words",
        "✅ What works",
        "⚠️ What is limited",
        "❌ What is open",
        "How to reproduce it",
    ]
    assert "| C1 mixed | `mixed` | 300,000 | 1–3 | 3 | seed 1 | 3,600 |" in text
    assert "| C1 | – | 3,612 | – | 3,600 | 100.0 | 51.2 to 51.2 |" in text
    assert "| all of them | 16 | 7,224 | 7 | 7,200 | – | 51.2 to 51.2 |" in text
    assert "| 2 | 1,200 | 51.2 | −12.34 | 80.00 | ✅ | `c1c1c1c1c1c1` |" in text
    assert "| paper 1 | 1,200 |" in text
    assert "| seed | entries | converged | hold time | unwound | open |" in text
    assert "| 3 | 1,204 | 1,100 | 100 | 4 | 0 |" in text
    assert "Market `mixed`, with the settings it comes with." in section(text, "C1")
    assert "net PnL, USDT" in text
    assert "- Legs come in pairs." in section(text, "✅ What works")
    assert section(text, "❌ What is open").strip().endswith("- Nothing is live.")
    assert "./arb accept D65\n" in text
    assert "./arb replay backtest-c1-s01 " in text


def test_every_table_has_as_many_cells_in_each_row():
    text = text_of(outcome(PASSED, MISSED, MINOR))
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == 9
    for one in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in one.splitlines()}) == 1, one


def test_it_depends_on_nothing_but_what_was_found():
    slower = outcome(elapsed_s=99.0, campaigns=(campaign("C1", elapsed_s=50.0, run_id=7), campaign("C2")))
    assert text_of(outcome()) == text_of(slower)


def test_a_failed_check_stands_first_and_again_under_open():
    text = text_of(outcome(PASSED, MINOR, MISSED))
    assert text.splitlines()[0] == "# ❌ D65_REJECTED"
    rows = [line for line in section(text, "Checks: 1 of 3").splitlines() if line.startswith("| ")][2:]
    assert rows == [
        "| ⚠️ | rows without gaps | 3 gaps | none |  |",
        "| ❌ | win rate of C1 | 39.9 % | 40 to 60 % | seed 2 |",
        "| ✅ | replay gives the same hash | 6 of 6 | all |  |",
    ]
    assert "Check `win rate of C1` failed: 39.9 %, expected 40 to 60 % (seed 2)." in section(text, "❌ What is open")
    assert "Check `rows without gaps` failed" in section(text, "⚠️ What is limited")
    assert "Legs come in pairs." not in text  # a rejected stage claims nothing
    assert "Nothing is claimed" in section(text, "✅ What works")


FAULTS = [
    ({"figures": {"win_rate": 0.39999}}, "win rate 40.0 % (0.39999) is outside 40.0 to 60.0 %"),
    ({"figures": {"win_rate": None}}, "win rate – is outside 40.0 to 60.0 %"),
    ({"figures": {"win_rate": float("nan")}}, "win rate – (nan) is outside 40.0 to 60.0 %"),
    ({"figures": {"fees_quote": 0.0}}, "fees 0.00 (0) is outside 1.00 to 1,000,000.00"),
    ({"figures": {"closed": 999.0}}, "999 closed trades, asked for are 1,000"),
    ({"figures": {"closed": None}}, "– closed trades, asked for are 1,000"),
    ({"findings": ("I2 is broken | here",)}, "I2 is broken \\| here"),
    ({"differences": ("fills: 3 of 9",)}, "fills: 3 of 9"),
    ({"model_differences": ("fee of 7",)}, "fee of 7"),
    ({"identical": False}, "the replay of its journal differs."),
]


@pytest.mark.parametrize("changes, words", FAULTS, ids=[words for _, words in FAULTS])
def test_a_planted_fault_stands_under_open_whatever_the_checks_say(changes: dict, words: str):
    words = f"C1, seed 2, backtest: {words}"
    assert words not in text_of(outcome())
    bad = campaign("C1", backtests=(seed("C1", 1), seed("C1", 2, **changes), seed("C1", 3)))
    text = text_of(outcome(campaigns=(bad, campaign("C2"))))
    assert words in section(text, "❌ What is open")
    if "figures" in changes or "identical" in changes:  # these have a place in the campaign's tables, too
        assert "| ❌ |" in section(text, "C1")
    assert "❌" not in section(text, "C2")


def test_figures_on_the_very_edge_are_inside():
    edge = {"win_rate": 0.6, "fees_quote": 1.0, "closed": 1_000.0}
    good = campaign("C1", backtests=(seed("C1", 1), seed("C1", 2, figures=edge), seed("C1", 3)))
    text = text_of(outcome(campaigns=(good, campaign("C2"))))
    assert "❌" not in section(text, "C1")
    assert "seed 2" not in section(text, "❌ What is open")


def test_what_the_stage_says_is_never_cut():
    long = "word " * 200
    stage = staged(purpose=long, remarks=tuple(Remark(kind=kind, text=long) for kind in ("works", "limited", "open")))
    assert text_of(outcome(), stage).count(long.strip()) == 4


def test_checks_without_details_have_no_column_for_them():
    assert "| passed | name | observed | expected |\n" in text_of(outcome(PASSED))
    assert "| passed | name | observed | expected | detail |\n" in text_of(outcome(PASSED, MISSED))


def test_what_was_not_run_is_said():
    text = text_of(outcome(campaigns=(campaign("C1", backtests=(seed("C1", 1), seed("C1", 3)), papers=()),)))
    opened = section(text, "❌ What is open")
    for words in ("C1: no backtest of seed 2.", "C1: no paper session of seed 1.", "C2 was not run."):
        assert f"- {words}" in opened
    assert "❌ Not run." in section(text, "C2: high")
    nothing = text_of(outcome(campaigns=(campaign("C1", backtests=(), papers=()),)))
    assert nothing.count("❌ Not run.") == 2


def test_a_campaign_the_stage_does_not_know_is_shown_as_such():
    text = text_of(outcome(campaigns=(campaign("C1"),)), staged(campaigns=staged().campaigns[1:], old_figures={}))
    assert "not a campaign of this stage" in section(text, "C1")
    assert "system before" not in text


def test_a_paper_session_in_another_state_is_marked():
    same = "✅ The paper session of seed 1 ends in the backtest's state hash: `c1c1c1c1c1c1`."
    assert same in text_of(outcome())
    papers = (seed("C1", 1, "paper", state_hash="f" * 64),)
    text = text_of(outcome(campaigns=(campaign("C1", papers=papers), campaign("C2"))))
    assert "❌ The paper session of seed 1 does not end in the backtest's state hash: `ffffffffffff`." in text


CONTRADICTIONS = {
    "D65_ACCEPTED although win rate of C1 failed": outcome(MISSED, verdict="D65_ACCEPTED"),
    "D65_ACCEPTED although no critical check was made": outcome(MINOR),
    "the outcome of D66 was to be reported as D65's": outcome(stage="D66"),
}


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_a_verdict_that_does_not_follow_is_not_reported(words: str):
    with pytest.raises(InvariantBroken, match=re.escape(words)):
        text_of(CONTRADICTIONS[words])


def test_series_of_another_campaign_are_not_drawn():
    with pytest.raises(InvariantBroken, match="the series of C2 was to be drawn as C1's"):
        stage_report(staged(), outcome(), {"C1": drawn("C2")}, embeds_charts=True)


def test_charts_are_carried_by_the_page_and_well_formed():
    text = text_of(outcome(), embeds_charts=True)
    carried = re.findall(r"!\[([^\]]*)\]\(data:image/svg\+xml;base64,([^)]+)\)", text)
    assert [words for words, _ in carried] == [
        "win rate of every seed against its band",
        "C1: equity and drawdown",
        "C1: trades by PnL, and edge at decision against realised",
        "C2: equity and drawdown",
        "C2: trades by PnL, and edge at decision against realised",
    ]
    for _, data in carried:
        assert ET.fromstring(b64decode(data)).tag.endswith("svg")
    assert len(text.encode()) < REPORT_BYTES_MAX


def test_charts_that_do_not_fit_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "REPORT_BYTES_MAX", 40_000)
    text = text_of(outcome(), embeds_charts=True)
    assert len(text.encode()) <= 40_000
    assert text.count("](data:") + text.count("is left out: the page would be too large") == 5
    assert "](data:" in text


def test_a_thousand_findings_do_not_flood_it():
    findings = tuple(f"law {number} " + "x" * 2_000 for number in range(1_000))
    bad = campaign("C1", backtests=(seed("C1", 1, findings=findings), seed("C1", 2), seed("C1", 3)))
    opened = section(text_of(outcome(campaigns=(bad, campaign("C2")))), "❌ What is open")
    assert opened.count("\n- ") == LINES_MAX + 2  # how many more there are, and the stage's own remark
    assert f"… and {1_000 - LINES_MAX} more." in opened
    assert len(opened) < LINES_MAX * (CELL_CHARACTERS_MAX + 10) + 300


def test_a_planted_defect_is_said_at_the_top_and_in_the_command():
    text = text_of(outcome(MISSED, seed_fault="fee_skipped"))
    assert "deliberate defect, `fee_skipped`" in text.split("## ")[0]
    assert "./arb accept D65 --seed-fault fee_skipped\n" in text


def test_the_files_are_written_and_old_charts_go(tmp_path: Path):
    folder = tmp_path / "reports"
    (folder / "d65").mkdir(parents=True)
    (folder / "d65" / "c9_equity.svg").write_text("old")
    (folder / "d65" / "note.txt").write_text("kept")
    path = write_report(folder, staged(), outcome(), ALL_SERIES)
    assert path == folder / "D65_FINAL_REPORT.md"
    linked = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(f"d65/{file.name}" for file in (folder / "d65").glob("*.svg"))
    assert len(linked) == 5
    assert (folder / "d65" / "note.txt").exists()
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    write_report(folder, staged(), outcome(), ALL_SERIES)
    assert before == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(DiskRefused, match="reports"):
        write_report(tmp_path / "reports", staged(), outcome(), ALL_SERIES)


def test_rows_for_prefect_are_plain_text():
    rows = checks_table(outcome(PASSED, MISSED))
    assert rows[0] == {
        "passed": "❌",
        "name": "win rate of C1",
        "observed": "39.9 %",
        "expected": "40 to 60 %",
        "detail": "seed 2",
    }
    sessions = campaign_table(campaign("C1", backtests=tuple(seed("C1", number) for number in (3, 1, 2))), "USDT")
    assert [(row["seed"], row["mode"]) for row in sessions] == [
        ("1", "backtest"),
        ("1", "paper"),
        ("2", "backtest"),
        ("3", "backtest"),
    ]
    assert sessions[0]["exits"] == "converged 1,100, hold time 100, unwound 4"
    assert {type(cell) for row in (*rows, *sessions) for cell in row.values()} == {str}
    assert campaign_table(campaign("C1", backtests=(), papers=())) == []
    assert exits_words({}) == ""


def test_lines_of_progress():
    assert verdict_line(outcome(PASSED, MISSED)) == "D65_REJECTED · 1 of 2 checks passed"
    assert progress_line(staged().campaigns[0], 7, 21) == "C1 mixed: some words: 7 of 21 sessions"
    assert seed_line(seed("C1", 2)) == "C1 seed 2 backtest: 1,200 closed, win rate 51.2 %, net PnL −12.34 · 0.4 s"
    broken = seed("C1", 2, figures={"closed": None, "win_rate": None}, findings=("I2",), identical=False)
    assert seed_line(broken).endswith(
        "– closed, win rate –, net PnL −12.34 · 0.4 s · ❌ 1 findings · ❌ replay differs"
    )


WORST = [((0.45, 0.59, 0.5), 2, 0.01), ((0.45, 0.61, 0.5), 2, -0.01), ((None, 0.61, 0.3), 1, None)]


@pytest.mark.parametrize("rates, number, room", WORST)
def test_the_worst_seed_is_the_nearest_to_leaving_or_furthest_outside(rates: tuple, number: int, room: float | None):
    backtests = tuple(seed("C1", place, figures={"win_rate": rate}) for place, rate in enumerate(rates, 1))
    one, found = worst(RATE, campaign("C1", backtests=backtests, papers=()))
    assert (one.seed, found) == (number, room if room is None else pytest.approx(room))
