"""Scripts between the rows of a feed, and symbols with a market of their own."""

import numpy as np
import pytest
from pydantic import ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import ALL_SYMBOLS, Command, RowKind
from arbitrage_core.feeds.scripted import Scripted, Step
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset


def quotes(symbols=("BTC/USDT", "ETH/USDT"), rows=4_000, **markets):
    own = {symbol.replace("_", "/"): preset(name).market for symbol, name in markets.items()}
    return SyntheticQuotes(preset("mixed").market, venues=("a", "b"), symbols=symbols, rows=rows, seed=3, markets=own)


def all_rows(feed):
    return np.concatenate(list(feed))


def test_steps_stand_before_the_quotes_of_their_instant_and_nothing_else_changes() -> None:
    feed = quotes()
    plain = all_rows(feed)
    at_s = (int(plain["now_ns"][100]) - int(plain["now_ns"][0])) / 1e9
    script = (Step(at_s=at_s, command="SYMBOL_OFF", symbol="ETH/USDT"), Step(at_s=at_s, currency=1, rate=2.5))
    rows = all_rows(Scripted(feed, script))
    put_in = np.flatnonzero(np.isin(rows["kind"], (RowKind.COMMAND, RowKind.RATE)))
    assert put_in.tolist() == [100, 101]
    assert (rows[100]["status"], rows[100]["symbol"]) == (Command.SYMBOL_OFF, 1)
    assert (rows[101]["currency"], rows[101]["rate"]) == (1, 2.5)
    assert np.delete(rows, put_in).tobytes() == plain.tobytes()


def test_a_command_without_a_symbol_is_for_the_session() -> None:
    rows = all_rows(Scripted(quotes(), (Step(at_s=0.0, command="KILL"),)))
    assert rows[0]["symbol"] == ALL_SYMBOLS


def test_a_funding_payment_is_of_its_market() -> None:
    step = Step(at_s=0.0, venue="b", symbol="ETH/USDT", funding_rate=-0.0002, mark_px=3_000.0)
    row = all_rows(Scripted(quotes(), (step,)))[0]
    assert (row["kind"], row["venue"], row["symbol"]) == (RowKind.FUNDING, 1, 1)
    assert (row["rate"], row["mark_px"]) == (-0.0002, 3_000.0)


def test_the_script_is_part_of_the_identity() -> None:
    plain, scripted = quotes(), Scripted(quotes(), (Step(at_s=1.0, command="KILL"),))
    assert scripted.identity()["sha256"] != plain.identity()["sha256"]
    assert scripted.identity()["feed"] == plain.identity()


@pytest.mark.parametrize(
    "step",
    [
        {"at_s": 1.0, "command": "STOP"},
        {"at_s": 1.0},
        {"at_s": 1.0, "venue": "a", "symbol": "BTC/USDT"},
        {"at_s": 1.0, "venue": "a", "mark_px": 1.0},
        {"at_s": 1.0, "venue": "a", "symbol": "BTC/USDT", "mark_px": 1.0, "command": "KILL"},
        {"at_s": 1.0, "command": "KILL", "currency": 1, "rate": 1.0},
        {"at_s": -1.0, "command": "KILL"},
        {"at_s": float("nan"), "command": "KILL"},
    ],
)
def test_a_step_that_says_nothing_or_two_things_is_refused(step: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate(step)


def test_a_script_for_a_stranger_is_refused() -> None:
    with pytest.raises(BadInput, match="SOL/USDT"):
        Scripted(quotes(), (Step(at_s=1.0, command="SYMBOL_OFF", symbol="SOL/USDT"),))


def test_a_symbol_of_its_own_market_has_the_rows_it_has_alone_there() -> None:
    together = all_rows(quotes(BTC_USDT="high"))
    alone = SyntheticQuotes(preset("high").market, venues=("a", "b"), symbols=("BTC/USDT",), rows=4_000, seed=3)
    mine = together[together["symbol"] == 0]
    assert mine.tobytes() == all_rows(alone)[: len(mine)].tobytes()
    other = all_rows(quotes())
    assert (
        together[together["symbol"] == 1].tobytes()
        == other[other["symbol"] == 1][: np.count_nonzero(together["symbol"] == 1)].tobytes()
    )


def test_markets_of_their_own_are_in_the_identity_only_where_there_are_any() -> None:
    assert "markets" not in quotes().identity()
    assert quotes(BTC_USDT="high").identity()["sha256"] != quotes().identity()["sha256"]


def test_a_market_for_a_stranger_is_refused() -> None:
    with pytest.raises(BadInput, match="SOL/USDT"):
        quotes(SOL_USDT="high")
