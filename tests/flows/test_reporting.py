"""A report is made of what was recorded: several symbols under limits, run, recorded, read back and drawn."""

from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.domain.order import Action, Purpose
from arbitrage_core.services.home import checkout_id
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.reader import read_log
from flows.acceptance import stage_checks, verdict_of
from flows.campaign_run import Ground, run_campaigns
from flows.outcome import StageOutcome
from flows.reporting import series_of, written_report
from flows.stages.stage import Band, Campaign, Stage
from tests.services.servers import postgres_url

__all__ = ["postgres_url"]

LIMITS = {"portfolio": 4_500.0, "alpha": 3_500.0, "beta": float("inf"), "BTC/USDT": 3_000.0, "ETH/USDT": 3_000.0}
CAMPAIGN = Campaign(
    name="M1",
    title="two symbols under limits",
    preset="mixed",
    symbols={"BTC/USDT": "mixed", "ETH/USDT": "high"},
    settings=(
        "symbol_exposure_max_quote=3000",
        "portfolio_exposure_max_quote=4500",
        "venue.alpha.exposure_max_quote=3500",
    ),
    rows=60_000,
    seeds=(1,),
    bands=(Band(figure="win_rate", symbol="ETH/USDT", least=0.1, most=1.0),),
    closed_least=10,
    paper_seed=None,
)
STAGE = Stage(name="D66", title="Several symbols", purpose="Shows several.", campaigns=(CAMPAIGN,))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> StageOutcome:
    """The stage, run once."""
    here = Ground(tmp_path_factory.mktemp("home"), checkout_id(), postgres_url, "", workers=1)
    campaigns = run_campaigns(STAGE.campaigns, here)
    checks = tuple(one for one in stage_checks(STAGE, campaigns) if one.name.startswith("M1"))
    return StageOutcome(
        stage="D66", verdict=verdict_of(STAGE, checks), checks=checks, campaigns=campaigns, elapsed_s=1.0
    )


@pytest.mark.slow
def test_what_is_drawn_is_what_was_booked_and_what_was_approved(ran: StageOutcome, postgres_url: str) -> None:
    (seed,) = ran.campaigns[0].backtests
    with Record.open(postgres_url) as record:
        series = series_of(STAGE, ran, record)["M1"]
        orders = read_log(record, seed.record_id, "orders")
    assert {track.name: round(track.last, 8) for track in series.realised} == {
        symbol: figures["pnl_quote"] for symbol, figures in seed.symbols.items()
    }
    risked = (series.exposure.portfolio, *series.exposure.venues, *series.exposure.symbols)
    assert {track.name: track.limit for track in risked} == LIMITS
    entries = orders[(orders["action"] == Action.SUBMIT) & (orders["purpose"] == Purpose.ENTRY)]
    assert len(entries) > 50
    for place, track in enumerate(series.exposure.symbols):
        mine = entries[entries["symbol"] == place]
        moments, at = np.unique(mine["now_ns"], return_inverse=True)
        noted = np.zeros(len(moments))
        np.maximum.at(noted, at, mine["worst_exposure_quote"])
        share = track.at(moments) / noted
        assert share.max() <= 1 + 1e-9  # never more than the guard reckoned with
        assert np.median(share) > 0.99  # and mostly just that
        assert track.last == 0.0


@pytest.mark.slow
def test_the_report_is_written_twice_the_same(ran: StageOutcome, postgres_url: str, tmp_path: Path) -> None:
    with Record.open(postgres_url) as record:
        outcome, carried = written_report(STAGE, ran, record, tmp_path)
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        assert written_report(STAGE, ran, record, tmp_path) == (outcome, carried)
    assert before == {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    names = {file.name for file in before}
    assert {"m1_symbols.svg", "m1_exposure.svg", "m1_bands_win_rate.svg", "refusals.svg"} < names
    text = (tmp_path / outcome.report).read_text(encoding="utf-8")
    assert "✅ The PnL of the symbols adds up to the portfolio's in every session" in text
    assert "symbol exposure must stay inside" in text
