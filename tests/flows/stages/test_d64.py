"""Stage D64 and the data of the audit: standard campaigns, and features whose probes look at what there is."""

from datetime import timedelta

import pytest

from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.storage.record.tables import METADATA
from flows.outcome import COUNTED
from flows.seed_rows import config_of, feed_of, rows_of
from flows.seed_run import counts_of, figures_of
from flows.stages.controls import SAMPLE
from flows.stages.d64 import D64, S1, S2, S6
from flows.stages.feature import Probe
from flows.stages.features import FEATURES
from flows.stages.stage import Campaign

NAMES = {
    "exits": {*(reason.name for reason in ExitReason), "UNWOUND"},
    "order_states": {state.name for state in OrderState},
    "refusals": {rule.name for rule in Refusal},
    "trips": {rule.name for rule in Refusal},
    "figures": {"entries", "closed", "partial_closes", "fees_quote", "slippage_quote"},
}
PATHS = [path for feature in FEATURES for path in feature.probe.figures]
PATHS += [path for campaign in D64.campaigns for path in campaign.shows]


def test_the_standard_campaigns_are_those_that_were_asked_for() -> None:
    told = {one.name: (timedelta(seconds=one.span_s or 0), list(one.symbols)) for one in D64.campaigns}
    one, two = ["BTC/USDT"], ["BTC/USDT", "ETH/USDT"]
    assert told == {"S1": (timedelta(hours=1), one), "S2": (timedelta(hours=1), two), "S6": (timedelta(hours=6), two)}


@pytest.mark.parametrize("path", sorted(set(PATHS)))
def test_every_path_leads_to_something_that_is_counted(path: str) -> None:
    group, _, name = path.partition(".")
    assert group in (*COUNTED, "figures")
    assert name in NAMES[group]


def test_every_table_and_column_of_a_probe_is_there() -> None:
    tables: list[Probe] = [feature.probe for feature in FEATURES if feature.probe.table]
    assert tables
    assert all(name in METADATA.tables[probe.table].c for probe in tables for name, _ in probe.where)
    named = [METADATA.tables[probe.table].c for probe in tables]
    assert all("session_id" in columns or "code_version" in columns for columns in named)


def test_a_span_is_the_rows_within_it() -> None:
    short = S1.model_copy(update={"span_s": 60.0})
    rows = sum(len(part) for part in feed_of(short, 1))
    assert rows == rows_of(short, 1) > 500
    last, first = list(feed_of(short, 1))[-1]["now_ns"][-1], next(iter(feed_of(short, 1)))["now_ns"][0]
    assert 59e9 < last - first < 60e9
    assert config_of(short, 1).digest == config_of(S1, 1).digest
    assert rows_of(SAMPLE, 1) == SAMPLE.rows


@pytest.mark.parametrize("lengths", [{}, {"rows": 10, "span_s": 5.0}])
def test_a_campaign_has_rows_or_a_span(lengths: dict) -> None:
    with pytest.raises(ValueError, match="either rows or span_s"):
        Campaign(name="S1", title="", preset="mixed", **lengths)


def test_a_command_line_says_what_a_campaign_trades_and_how_long() -> None:
    assert S2.options == "--symbols BTC/USDT,ETH/USDT --duration 3600s"
    assert Campaign(name="C1", title="", preset="mixed", rows=7).options == "--rows 7"


@pytest.mark.slow
@pytest.mark.parametrize("campaign", [S1, S2, S6], ids=lambda campaign: campaign.name)
def test_a_seed_of_its_own_shows_what_it_must(campaign: Campaign) -> None:
    from arbitrage_core.session.backtest import run_backtest

    result = run_backtest(config_of(campaign, 1), feed_of(campaign, 1))
    figures, counts = figures_of(result.document, result.log), counts_of(result)
    found = {
        path: ({"figures": figures, **counts}[path.partition(".")[0]]).get(path.partition(".")[2], 0)
        for path in campaign.shows
    }
    assert {path: value for path, value in found.items() if value < campaign.shows[path]} == {}
    assert all(band.holds(figures[band.figure]) for band in campaign.bands)
    assert figures["closed"] >= campaign.closed_least
    assert not result.violations
