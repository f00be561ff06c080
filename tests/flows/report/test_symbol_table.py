"""The table of symbols adds up money exactly, and says so only where it does."""

from decimal import Decimal

import pytest

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.report.symbol_table import adding_up, adds_up, exact_sum, symbol_sections
from flows.stages.stage import Campaign

CAMPAIGN = Campaign(
    name="M1", title="two", preset="mixed", symbols={"BTC/USDT": "mixed", "ETH/USDT": "high"}, rows=10, seeds=(1, 2)
)
NAN = float("nan")


def seed(number: int, btc: float | None, eth: float | None, whole: float | None, mode: str = "backtest") -> SeedOutcome:
    """A session of two symbols with this PnL."""

    def figures(pnl: float | None, entries: float, rate: float | None) -> dict[str, float | None]:
        return {"entries": entries, "closed": entries - 1, "win_rate": rate, "pnl_quote": pnl, "fees_quote": 0.1}

    return SeedOutcome(
        campaign="M1",
        seed=number,
        mode=mode,
        session=f"s{number}",
        record_id=number,
        config_digest="",
        state_hash="",
        figures={**figures(whole, 30.0, 0.5), "fees_quote": 0.2},
        exits={},
        order_states={},
        symbols={"BTC/USDT": figures(btc, 10.0, 0.4 + number / 100), "ETH/USDT": figures(eth, 20.0, 0.6)},
        identical=True,
        elapsed_s=1.0,
    )


def campaign(*seeds: SeedOutcome) -> CampaignOutcome:
    backtests = tuple(one for one in seeds if one.mode == "backtest")
    papers = tuple(one for one in seeds if one.mode == "paper")
    return CampaignOutcome(campaign="M1", run_id=1, backtests=backtests, papers=papers, elapsed_s=1.0)


def test_a_row_a_symbol_and_the_portfolio_last():
    found = campaign(seed(1, 0.1, 0.2, 0.3), seed(2, 1_000.0, -2.0, 998.0), seed(1, 0.1, 0.2, 0.3, "paper"))
    table, words = symbol_sections(CAMPAIGN, found, "USDT")
    assert table.splitlines() == [
        "| symbol | market | entries | closed | win rate, % | net PnL, USDT | of a seed | fees, USDT |",
        "| :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| BTC/USDT | `mixed` | 20 | 18 | 41.0 to 42.0 | +1,000.10 | +0.10 to +1,000.00 | 0.20 |",
        "| ETH/USDT | `high` | 40 | 38 | 60.0 | −1.80 | −2.00 to +0.20 | 0.20 |",
        "| portfolio |  | 60 | 56 | 50.0 | +998.30 | +0.30 to +998.00 | 0.40 |",
    ]
    assert (
        words == "✅ The PnL of the symbols adds up to the portfolio's in every session; over all seeds to +998.3 USDT."
    )


SUMS = [
    ([0.1, 0.2], Decimal("0.3")),
    ([0.1] * 10, Decimal(1)),
    ([-472.56680599, 0.00000001], Decimal("-472.56680598")),
    ([8_999_999.12345678, 1e-8], Decimal("8999999.12345679")),
    ([None, NAN, 2.5], Decimal("2.5")),
    ([None, float("inf")], None),
    ([], None),
]


@pytest.mark.parametrize("values, total", SUMS)
def test_money_is_added_up_as_the_decimals_it_is(values: list, total: Decimal | None):
    assert exact_sum(values) == total


PARTED = [
    (0.1, 0.2, 0.3, True),
    (0.1, 0.2, 0.30000000000000004, False),  # what floats make of it
    (0.1, 0.2, 0.30000001, False),
    (0.1, None, 0.1, True),
    (None, None, 0.0, False),
    (0.1, 0.2, None, False),
    (0.1, 0.2, NAN, False),
]


@pytest.mark.parametrize("btc, eth, whole, sound", PARTED)
def test_symbols_that_do_not_add_up_are_said(btc: float | None, eth: float | None, whole: float | None, sound: bool):
    spoilt = seed(2, btc, eth, whole)
    words = adding_up(campaign(seed(1, 1.0, 1.0, 2.0), spoilt))
    assert adds_up(spoilt) is sound
    assert words.startswith("✅" if sound else "❌ The PnL of the symbols does not add up to the portfolio's in 1 of 2")


def test_both_sums_are_named_to_the_last_unit():
    words = adding_up(campaign(seed(1, 0.1, 0.2, 0.30000001)))
    assert words.endswith("in 1 of 1 sessions: seed 1, backtest: +0.3, not +0.30000001.")


def test_a_symbol_that_was_not_measured_has_dashes():
    table, _ = symbol_sections(CAMPAIGN, campaign(seed(1, NAN, 0.2, 0.2)), "USDT")
    assert "| BTC/USDT | `mixed` | 10 | 9 | 41.0 | – | – | 0.10 |" in table


def test_sessions_that_did_not_tell_their_symbols_apart_have_no_table():
    silent = seed(1, 0.1, 0.2, 0.3).model_copy(update={"symbols": {}})
    assert symbol_sections(CAMPAIGN, campaign(silent)) == []
    assert symbol_sections(CAMPAIGN, campaign()) == []
    table, words = symbol_sections(CAMPAIGN, campaign(silent, seed(2, 0.1, 0.2, 0.3)))
    assert "| portfolio |  | 30 | 28 |" in table
    assert words.endswith("to +0.3.")


def test_fifty_symbols_have_fifty_rows():
    symbols = {f"S{n:02}": {"entries": 1.0, "closed": 1.0, "win_rate": 1.0, "pnl_quote": 0.1} for n in range(50)}
    wide = seed(1, None, None, 5.0).model_copy(update={"symbols": symbols})
    table, words = symbol_sections(CAMPAIGN, campaign(wide))
    assert len(table.splitlines()) == 53
    assert "| S00 | `mixed` | 1 | 1 | 100.0 | +0.10 | +0.10 | – |" in table
    assert words.startswith("✅")
