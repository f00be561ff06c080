"""Venues that do other than the engine was told: they charge, the engine does not know, and the replay is the same."""

from pathlib import Path

import pytest

from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.proof import prove
from flows.seed_rows import KeptRows, config_of, feed_of
from flows.stages.d65 import C2

SMALL = C2.model_copy(update={"rows": 20_000})


@pytest.fixture(scope="module")
def feed() -> KeptRows:
    return KeptRows(feed_of(SMALL, 1))


def test_fees_are_those_of_the_venue_and_expectations_those_told(feed: KeptRows, tmp_path: Path) -> None:
    told, really = config_of(SMALL, 1), config_of(SMALL, 1, ("taker_fee_bps=8",))
    sound = run_backtest(told, feed)
    dear = run_backtest(told, feed, venue_config=really, folder=tmp_path / "dear")
    first, same = sound.log.fills[0], dear.log.fills[0]
    assert (first["client_id"], first["cost_quote_amount"]) == (same["client_id"], same["cost_quote_amount"])
    assert same["fee_amount"] == pytest.approx(2 * first["fee_amount"], abs=1)
    assert sound.log.trades["net_edge_bps"][0] == dear.log.trades["net_edge_bps"][0]
    assert dear.violations == []
    assert prove(dear, tmp_path / "dear", feed)


def test_without_them_venues_do_as_told(feed: KeptRows) -> None:
    told = config_of(SMALL, 1)
    alike = run_backtest(told, feed, venue_config=told).document["state_hash"]
    assert run_backtest(told, feed).document["state_hash"] == alike
