"""The compiled engine against its second implementation, against itself interpreted, and against the laws of a fold."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.row import ALL_SYMBOLS, RowKind, timer_row
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.params import shape_of
from arbitrage_core.engine.state import Shape, state_dtype
from arbitrage_core.laws import VenueTruth, state_violations, terms_of
from arbitrage_core.session.result import judged
from arbitrage_core.session.session import Session
from arbitrage_core.venues.simulated.account import account_dtype
from tests.agreement import ROOMY, compare_seed, compiled_run, differences, session_key_of, told
from tests.markets import config_strategy, rows_strategy, seeded_case
from tests.reference_model import run

SEEDS_A_CHUNK = 50
LOGS = ("orders", "changes", "fills", "trades", "incidents", "equity", "funding", "guards")
STREAMS_OF_DECISIONS = ("orders", "changes", "fills", "trades", "incidents", "funding")


@cache
def case_of(seed: int) -> tuple[SessionConfig, np.ndarray]:
    """A seeded case, made once."""
    return seeded_case(seed)


def bytes_of(session: Session) -> tuple[bytes, bytes]:
    """Everything the engine and the venues know."""
    return session.state.tobytes(), session.account.tobytes()


def decisions_of(session: Session, without: tuple[str, ...] = ()) -> dict[str, list]:
    """The log but the marks, as lists; without some fields."""
    log = session.log
    return {
        name: getattr(log, name)[[field for field in getattr(log, name).dtype.names if field not in without]].tolist()
        for name in STREAMS_OF_DECISIONS
    }


# ------------------------------------------------------------------------------------------------------- the reference


@pytest.mark.parametrize("first", range(0, 400, SEEDS_A_CHUNK))
def test_the_engine_and_the_reference_do_the_same(first: int) -> None:
    for seed in range(first, first + SEEDS_A_CHUNK):
        found = compare_seed(seed)
        assert not found, told(seed, found)


@given(st.data())
@settings(max_examples=100)
def test_they_do_the_same_on_whatever_rows_there_may_be(data: st.DataObject) -> None:
    config = data.draw(config_strategy())
    rows = data.draw(rows_strategy(config))
    found = differences(compiled_run(config, rows, 1), run(config, rows, 1))
    assert not found, str(found[0])


def test_a_difference_is_found_and_told() -> None:
    config, rows = next(case for seed in range(30) if len(run(*(case := case_of(seed)), 5).log.orders) > 2)
    session = compiled_run(config, rows, 5)
    other = run(config, rows[:-40], 5)
    assert differences(session, other)
    foreign = differences(session, run(config, rows, 6))
    assert foreign[0].where.startswith("orders[0]")
    assert "client_id" in foreign[0].engine


# ------------------------------------------------------------------------------------------------------ the same bytes


@pytest.mark.parametrize("seed", [1, 3, 8, 74, 189])
def test_the_interpreted_engine_leaves_the_same_bytes(seed: int) -> None:
    config, rows = case_of(seed)
    rows, key = rows[:150], session_key_of(seed)
    assert bytes_of(compiled_run(config, rows, key)) == bytes_of(compiled_run(config, rows, key, interpreted=True))


@pytest.mark.parametrize("dtype", [state_dtype(ROOMY), account_dtype(ROOMY)], ids=["state", "account"])
def test_no_field_hides_behind_a_method_of_numpys_record(dtype: np.dtype) -> None:
    names, left = set(), [dtype]
    while left:
        for name in (fields := left.pop()).names or ():
            names.add(name)
            left.append(fields[name].base)
    assert not names & set(dir(np.record))


@pytest.mark.parametrize("seed", range(20, 32))
def test_how_rows_are_batched_changes_nothing(seed: int) -> None:
    config, rows = case_of(seed)
    whole = compiled_run(config, rows, 1)
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(rows), 9))
    for batches in (np.split(rows, cuts), np.split(rows, len(rows))):
        session = Session(config, 1, shape=ROOMY)
        for batch in batches:
            session.feed(batch)
        assert bytes_of(session) == bytes_of(whole)
        assert all(np.array_equal(getattr(session.log, name), getattr(whole.log, name)) for name in LOGS)


@pytest.mark.parametrize("seed", range(40, 52))
def test_a_timer_row_changes_no_decision(seed: int) -> None:
    config, rows = case_of(seed)
    random = np.random.default_rng(seed)
    places = np.unique(random.integers(1, len(rows), 60))
    parts = [rows[: places[0]]]
    for first, after in zip(places, [*places[1:], len(rows)], strict=True):
        moment = random.integers(rows[first - 1]["now_ns"], rows[first]["now_ns"], endpoint=True)
        parts += [timer_row(int(moment), config.levels), rows[first:after]]
    later = np.concatenate(parts)
    assert decisions_of(compiled_run(config, later, 1)) == decisions_of(compiled_run(config, rows, 1))


def test_a_larger_shape_gives_the_same_results() -> None:
    seed = next(seed for seed in range(200) if shape_of(case_of(seed)[0]) == Shape(2, 1, 1, 4))
    config, rows = case_of(seed)
    small = compiled_run(config, rows, 1, shape=None, interpreted=True)
    assert decisions_of(small) == decisions_of(compiled_run(config, rows, 1))
    assert not differences(small, run(config, rows, 1))


# -------------------------------------------------------------------------------------------------------- independence


def unlimited(config: SessionConfig) -> SessionConfig:
    """The same session without the limits symbols share: capital, exposure, order rate."""
    plenty = {"exposure_max_quote": float("inf"), "orders_per_s_max": 64}
    return config.model_copy(
        update={
            "venues": tuple(venue.model_copy(update=plenty) for venue in config.venues),
            "portfolio_exposure_max_quote": float("inf"),
            "portfolio_daily_loss_max_quote": float("inf"),
            "drawdown_max_quote": float("inf"),
            "drawdown_max_share": "off",
            "initial_capital_quote": 9e6,
        }
    )


def alone(config: SessionConfig, symbol: str) -> SessionConfig:
    """A session of one of its symbols."""
    return config.model_copy(
        update={
            "symbols": (symbol,),
            "markets": tuple(market for market in config.markets if market.symbol == symbol),
            "symbol_params": {symbol: config.params_of(symbol)},
        }
    )


def rows_alone(config: SessionConfig, rows: np.ndarray, symbol: str) -> np.ndarray:
    """What is said of one symbol, and of all, to the end of the time."""
    index = config.symbols.index(symbol)
    addressed = np.isin(
        rows["kind"], [RowKind.QUOTE, RowKind.PRINT, RowKind.FUNDING, RowKind.FEED, RowKind.REPORT, RowKind.COMMAND]
    )
    kept = rows[~addressed | (rows["symbol"] == index) | (rows["symbol"] == ALL_SYMBOLS)].copy()
    kept["symbol"] = np.where(kept["symbol"] == index, 0, kept["symbol"])
    return np.concatenate([kept, timer_row(int(rows[-1]["now_ns"]), config.levels)])


@pytest.mark.parametrize("seed", [s for s in range(60, 130) if len(seeded_case(s)[0].symbols) > 1][:12])
def test_a_symbol_alone_does_what_it_does_among_others(seed: int) -> None:
    config, rows = case_of(seed)
    config = unlimited(config)
    if len({market.quote_currency for market in config.markets}) > 1 or len(config.currencies) > 1:
        config, rows = in_one_currency(config), rows[~np.isin(rows["kind"], [RowKind.RATE, RowKind.BALANCE])]
    among = compiled_run(config, rows, 1)
    for index, symbol in enumerate(config.symbols):
        session = compiled_run(alone(config, symbol), rows_alone(config, rows, symbol), 1)
        theirs = decisions_of(session, without=("symbol",))
        for name in STREAMS_OF_DECISIONS:
            entries = getattr(among.log, name)
            fields = [field for field in entries.dtype.names if field != "symbol"]
            assert entries[entries["symbol"] == index][fields].tolist() == theirs[name], name


def in_one_currency(config: SessionConfig) -> SessionConfig:
    """The same session with every market quoted and billed in the reporting currency."""
    home = {"quote_currency": config.reporting_currency, "fee_currency": ""}
    return config.model_copy(update={"markets": tuple(market.model_copy(update=home) for market in config.markets)})


# ------------------------------------------------------------------------------------------------------------ the laws


@pytest.mark.parametrize("first", range(400, 460, 20))
def test_no_law_is_broken_at_any_time(first: int) -> None:
    for seed in range(first, first + 20):
        config, rows = case_of(seed)
        session, terms = Session(config, session_key_of(seed), shape=ROOMY), terms_of(config)
        for batch in np.array_split(rows, 10):
            session.feed(batch)
            assert not state_violations(terms, session.state[0], truth_of(session)), f"seed {seed}"
        assert not judged(session), f"seed {seed}"


def truth_of(session: Session) -> VenueTruth:
    """What the simulated venues know."""
    account = session.account[0]
    return VenueTruth(account.cash_amounts, account.symbols["position_lots"], account.symbols["orders"])
