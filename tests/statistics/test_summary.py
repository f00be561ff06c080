"""The summary: one document, JSON-ready, whose parts add up to the unit, whatever the session was."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.output import FILL_OUT, TRADE_OUT
from arbitrage_core.statistics.summary import summarise
from tests.statistics.logs import CONFIG, LEFT, RIGHT, SYMBOLS, VENUES, Story, amount, empty_state, ns, session_log

NO_EXITS = {reason.name: 0 for reason in ExitReason if reason} | {"UNWOUND": 0}
FAR = 2


def story() -> Story:
    """Two closed trades, an unwound, a void and an open one, and a payment."""
    return (
        Story()
        .round_trip((2.0, 1.0), spread_bps=60.0, net_edge_bps=40.0)  # net 2.6
        .round_trip((-3.0, 1.0), symbol=1, buy=RIGHT, sell=FAR, reason=ExitReason.HOLD_TIME)  # net −2.4
        .round_trip((-1.0, -0.1), phase=Phase.UNWOUND)  # net −1.5
        .void()
        .still_open()  # −0.2 so far
        .funded(0.5, symbol=1, venue=FAR)
    )


def pick(document: dict, *names: str) -> tuple:
    return tuple(document[name] for name in names)


COUNTS = ("entries", "closed_trades", "unwound", "open", "voids")
MONEY = ("pnl_quote", "gross_quote", "fees_quote", "funding_quote", "fills")


def test_the_summary_of_a_session():
    found = summarise(*story().end())
    assert pick(found, *COUNTS) == (4, 2, 1, 1, 1)
    assert found["exits"] == NO_EXITS | {"CONVERGED": 1, "HOLD_TIME": 1, "UNWOUND": 1}
    assert pick(found, *MONEY) == pytest.approx((-1.0, 0.4, 1.4, 0.5, 14))
    assert found["win_rate"] == pytest.approx(1 / 3)
    assert found["max_drawdown_quote"] == pytest.approx(4.1)  # −2.4 − 1.5 − 0.2 in a row, after the payment −3.6
    assert found["max_drawdown_amount"] == found["statistics"]["drawdown"]["max_drawdown_amount"]
    assert pick(found, "start_quote", "equity_quote") == (10_000.0, 9_999.0)
    assert pick(found, "reporting_currency", "booking_unit") == ("USDT", 1e-8)
    assert found["statistics"]["differences"] == {}


def test_the_summary_of_each_symbol():
    symbols = summarise(*story().end())["per_symbol"]
    assert list(symbols) == list(SYMBOLS)
    assert pick(symbols["BTC/USDT"], *COUNTS) == (3, 1, 1, 1, 1)
    assert pick(symbols["ETH/USDT"], *COUNTS) == (1, 1, 0, 0, 0)
    assert pick(symbols["BTC/USDT"], *MONEY) == pytest.approx((0.9, 1.9, 1.0, 0.0, 10))
    assert pick(symbols["ETH/USDT"], *MONEY) == pytest.approx((-1.9, -1.5, 0.4, 0.5, 4))
    assert symbols["ETH/USDT"]["exits"] == NO_EXITS | {"HOLD_TIME": 1}
    assert (symbols["BTC/USDT"]["win_rate"], symbols["ETH/USDT"]["win_rate"]) == (0.5, 0.0)
    assert symbols["BTC/USDT"]["trades"]["net_quote"] == pytest.approx(1.1)
    assert symbols["BTC/USDT"]["edge"]["capture_ratio"] == pytest.approx(1.1 / 4.0)


def test_the_summary_of_each_venue():
    venues = summarise(*story().end())["per_venue"]
    assert list(venues) == list(VENUES)
    # left: +2 − 1, 5 fees of 0.1; right: +1 − 0.1 − 3, 7 fees; far: +1, 2 fees, and the payment
    assert pick(venues["left"], *MONEY) == pytest.approx((0.5, 1.0, 0.5, 0.0, 5))
    assert pick(venues["right"], *MONEY) == pytest.approx((-2.8, -2.1, 0.7, 0.0, 7))
    assert pick(venues["far"], *MONEY) == pytest.approx((1.3, 1.5, 0.2, 0.5, 2))
    assert [pick(venues[name], "bought", "sold") for name in VENUES] == [(2, 0), (1, 2), (0, 1)]
    assert [venues[name]["executions"]["outcomes"]["FILLED"] for name in VENUES] == [5, 7, 2]
    assert [venues[name]["trades"]["trades"] for name in VENUES] == [2, 3, 1]


def test_the_summary_of_each_pair():
    pairs = summarise(*story().end())["per_pair"]
    assert {buy: list(sells) for buy, sells in pairs.items()} == {"left": ["right"], "right": ["far"]}
    assert pairs["left"]["right"]["trades"]["net_quote"] == pytest.approx(1.1)
    assert pairs["right"]["far"]["trades"]["net_quote"] == pytest.approx(-2.4)


def test_what_was_refused_and_missed_is_told_for_the_session_and_each_symbol():
    config, log, state = Story().end()
    state.symbols["refusals"][0][Refusal.BOOK_MUST_BE_FRESH] = 4
    state.symbols["refusals"][1][Refusal.BOOK_MUST_BE_FRESH] = 1
    state.symbols["refusals"][1][Refusal.CAPITAL_MUST_COVER] = 2
    state.symbols["seen"][1], state.symbols["missed"][1][Refusal.CAPITAL_MUST_COVER] = 1, 1
    found = summarise(config, log, state)
    assert found["refusals"] == {"BOOK_MUST_BE_FRESH": 5, "CAPITAL_MUST_COVER": 2}
    assert found["per_symbol"]["BTC/USDT"]["refusals"] == {"BOOK_MUST_BE_FRESH": 4}
    assert found["per_symbol"]["ETH/USDT"]["refusals"] == {"BOOK_MUST_BE_FRESH": 1, "CAPITAL_MUST_COVER": 2}
    assert found["opportunities"]["missed_by"] == {"CAPITAL_MUST_COVER": 1}
    assert found["per_symbol"]["BTC/USDT"]["opportunities"]["seen"] == 0


def test_incidents_are_told_for_the_session_its_symbols_and_venues():
    incidents = [{"symbol": 1, "venue": FAR, "cost_amount": amount(0.5)}, {"symbol": 0, "venue": FAR, "forced": 1}]
    found = summarise(CONFIG, session_log(incidents=incidents), empty_state())
    assert pick(found["incidents"], "count", "cost_quote", "forced") == (2, 0.5, 1)
    assert pick(found["per_symbol"]["ETH/USDT"]["incidents"], "count", "cost_quote") == (1, 0.5)
    assert [found["per_venue"][name]["incidents"] for name in VENUES] == [0, 0, 2]


def test_a_closed_trade_without_a_reason_is_not_hidden():
    config, log, state = Story().end()
    state.symbols["exits"][0][ExitReason.NONE] = 1
    assert summarise(config, log, state)["exits"] == {"NONE": 1} | NO_EXITS


def test_the_last_mark_tells_what_is_not_realised():
    equity = [
        {"unrealised_amount": amount(9.0)},
        {"unrealised_amount": amount(2.5), "revaluation_amount": amount(-1.5)},
    ]
    found = summarise(CONFIG, session_log(equity=equity), empty_state())
    assert pick(found, "unrealised_quote", "revaluation_quote") == (2.5, -1.5)
    assert summarise(*Story().end())["unrealised_amount"] == 0


SESSIONS: dict[str, Callable[[], Story]] = {
    "nothing": Story,
    "one win": lambda: Story().round_trip((1.0, 1.0)),
    "one loss": lambda: Story().round_trip((-1.0, 0.0)),
    "one void": lambda: Story().void(),
    "one open": lambda: Story().still_open(),
    "one unwound": lambda: Story().round_trip((0.0, 0.0), phase=Phase.UNWOUND),
    "all win": lambda: Story().round_trip((1.0, 1.0)).round_trip((2.0, 1.0)),
    "all lose": lambda: Story().round_trip((-1.0, -1.0)).round_trip((-2.0, -1.0)),
    "all the same": lambda: Story().round_trip((1.0, 1.0)).round_trip((1.0, 1.0)),
    "no money": lambda: Story().round_trip((0.0, 0.0), fee=0.0, notional=0.0),
    "only funding": lambda: Story().funded(-1.0),
    "everything": story,
}


@pytest.mark.parametrize("name", SESSIONS)
def test_any_session_is_plain_json(name: str):
    found = summarise(*SESSIONS[name]().end())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    plain = {int, float, bool, str, type(None), dict, list}
    assert {type(value) for value in _values(found)} <= plain


@pytest.mark.parametrize("name", SESSIONS)
def test_any_session_has_every_figure(name: str):
    assert _keys(summarise(*SESSIONS[name]().end())) == _keys(summarise(*story().end()))


def _values(document: dict):
    for value in document.values():
        yield value
        for inner in [value] if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _values(inner)


OPEN_ENDED = {"refusals", "missed_by", "by_resolution", "by_phase", "differences", "per_pair"}


def _keys(document: dict, path: str = "") -> set[str]:
    """Paths of all figures, save below those whose keys tell what happened."""
    paths = set()
    for name, value in document.items():
        paths.add(f"{path}/{name}")
        if isinstance(value, dict) and name not in OPEN_ENDED:
            paths |= _keys(value, f"{path}/{name}")
    return paths


def test_an_unknown_venue_in_the_log_is_an_error():
    with pytest.raises(ValueError, match="the log names venue 3 … 3, there are 3"):
        summarise(CONFIG, session_log(fills=[{"venue": 3}]), empty_state())


CENTS = st.integers(-500, 500).map(lambda cents: cents / 100)
TRADE = st.fixed_dictionaries(
    {
        "gains": st.tuples(CENTS, CENTS),
        "fee": st.integers(0, 50).map(lambda cents: cents / 100),
        "symbol": st.integers(0, 1),
        "pair": st.sampled_from([(LEFT, RIGHT), (RIGHT, LEFT), (FAR, LEFT), (RIGHT, FAR)]),
        "phase": st.sampled_from([Phase.CLOSED, Phase.UNWOUND]),
        "reason": st.sampled_from([reason for reason in ExitReason if reason]),
    }
)


@given(st.lists(TRADE, max_size=12), st.lists(st.tuples(CENTS, st.integers(0, 1), st.integers(0, 2)), max_size=4))
def test_the_parts_of_any_session_add_up_to_the_unit(rows, payments):
    told = Story()
    for row in rows:
        buy, sell = row["pair"]
        told.round_trip(
            row["gains"],
            row["fee"],
            symbol=row["symbol"],
            buy=buy,
            sell=sell,
            phase=row["phase"],
            reason=row["reason"],
        )
    for payment, symbol, venue in payments:
        told.funded(payment, symbol=symbol, venue=venue)
    config, log, state = told.end()
    found = summarise(config, log, state)
    assert found["statistics"]["differences"] == {}
    again = sum(log.fills["realised_amount"].tolist()) + sum(log.funding["amount"].tolist())
    for parts in (found["per_symbol"], found["per_venue"]):
        assert sum(part["pnl_amount"] for part in parts.values()) == found["pnl_amount"] == again
        for name in ("fees_amount", "gross_amount", "funding_amount", "turnover_amount", "fills"):
            assert sum(part[name] for part in parts.values()) == found[name]
    for name in COUNTS:
        assert sum(part[name] for part in found["per_symbol"].values()) == found[name]
    for reason, count in found["exits"].items():
        assert sum(part["exits"][reason] for part in found["per_symbol"].values()) == count
    assert found["entries"] == found["closed_trades"] + found["unwound"] + found["open"]
    assert sum(found["exits"].values()) == found["closed_trades"] + found["unwound"]
    in_pairs = [pair["trades"]["net_amount"] for sells in found["per_pair"].values() for pair in sells.values()]
    assert sum(in_pairs) == found["statistics"]["trades"]["net_amount"]
    assert found["max_drawdown_amount"] == found["statistics"]["drawdown"]["max_drawdown_amount"] >= 0


@pytest.mark.slow
def test_a_million_trades_are_summarised_without_a_loop_over_them():
    count = 1_000_000
    trades = np.zeros(count, TRADE_OUT)
    trades["realised_amount"] = np.arange(count) % 7 - 3
    trades["phase"], trades["sell_venue"], trades["symbol"] = Phase.CLOSED, RIGHT, np.arange(count) % 2
    trades["ended_ns"], trades["entry_notional_amount"] = ns(1.0), amount(1_000.0)
    fills = np.zeros(count, FILL_OUT)
    fills["realised_amount"], fills["symbol"] = trades["realised_amount"], trades["symbol"]
    fills["client_id"] = np.arange(count)[::-1]
    found = summarise(CONFIG, session_log(trades=trades, fills=fills), empty_state())
    assert found["statistics"]["trades"]["net_amount"] == int(trades["realised_amount"].sum())
    assert found["statistics"]["differences"]["realised_amount"] == -int(trades["realised_amount"].sum())
