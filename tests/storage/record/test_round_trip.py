"""What is recorded comes back bit for bit, equals the engine's ledger, and a change of one row is found."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.order import NO_LIMIT_PX
from arbitrage_core.domain.row import Command
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.storage.record.binary_copy import Numbers, Texts, packed
from arbitrage_core.storage.record.comparison import differences
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.entries import DTYPES, copy_columns
from arbitrage_core.storage.record.frames import decimals, frame_of, read_fills, read_frame
from arbitrage_core.storage.record.load_speed import load_speed
from arbitrage_core.storage.record.reader import read_log, session_log_of, session_row
from arbitrage_core.storage.record.tables.sessions import LOGS
from arbitrage_core.storage.record.writer import RecordWriter
from tests.engine.bench import quiet
from tests.engine.small_market import Tape, interpreted, small_config
from tests.storage.record.runs import mixed_run, record_run


def test_the_logs_of_a_backtest_come_back_bit_for_bit(record: Record):
    run = mixed_run()
    written = record_run(record, run)
    log = session_log_of(record, written.session.id)
    for name in LOGS:
        assert len(getattr(run.log, name)) > 0 or name in ("funding", "guards")
        assert getattr(log, name).dtype == getattr(run.log, name).dtype
        assert getattr(log, name).tobytes() == getattr(run.log, name).tobytes(), name


def test_events_of_guards_come_back_with_their_rules_and_symbols(record: Record):
    """Of a symbol, a venue and the session, by the engine and by the operator, released by time and otherwise."""
    drawn = {"drawdown_max_quote": 0.0, "reduce_at": "off", "flatten_at": "off"}
    exposed = {"exposure_max_quote": 100.75}
    config = small_config(losses_in_a_row_max=1, guard_pause_ms=50.0, hold_max_ms=250.0, session=drawn, venue=exposed)
    tape = Tape().command(0, Command.KILL).command(1, Command.KILL_RELEASE)
    for at_ms in range(10, 2_000, 500):
        tape.both(at_ms, 100.0, 100.6).both(at_ms + 20, 100.0, 100.6).both(at_ms + 260, 100.0, 100.9)
        tape.both(at_ms + 300, 100.0, 100.0).command(at_ms + 400, Command.GUARD_RELEASE)
    with quiet():
        session = interpreted(config, tape.rows)
        log = session.log
    start = replace(mixed_run().start, name="guarded", config=config)
    with RecordWriter.begin(record, start) as writer:
        writer.append({name: getattr(log, name) for name in LOGS})
        writer.count_refusals(session.state[0])
    back = session_log_of(record, writer.session.id)
    assert back.guards.tobytes() == log.guards.tobytes()
    assert differences(record, writer.session.id, log, session.state[0]) == []
    frame = read_frame(record, writer.session.id, "guards")
    assert {"KILL_SWITCH_MUST_BE_OFF", "LOSSES_MUST_NOT_RUN_ON", "DRAWDOWN_MUST_STAY_INSIDE"} <= set(frame["guard"])
    assert set(frame["cause"]) == {"ENGINE", "OPERATOR"}
    assert set(frame["kind"]) == {"TRIPPED", "RELEASED", "REDUCED"}
    assert (frame["venue"].dropna() == "west").any()
    assert frame["symbol"].isna().any()
    assert (frame["symbol"].dropna() == "AAA").any()


def test_the_record_equals_the_ledger_exactly(record: Record):
    run = mixed_run()
    written = record_run(record, run)
    assert differences(record, written.session.id, run.log, run.state) == []
    fills = read_fills(record, run.start.name)
    assert int(fills["realised_amount"].sum()) == int(run.state["realised_amount"])
    assert sum(fills["realised"].to_list(), Decimal()) == Decimal(int(run.state["realised_amount"])).scaleb(-8)


ALTERED = [
    (
        "UPDATE fills SET realised_amount = realised_amount + 1 WHERE number = 7",
        ["fills[7].realised", "of the session"],
    ),
    ("UPDATE fills SET lots = lots + 1 WHERE number = 7", ["fills[7].lots", "dealt at"]),
    ("UPDATE fills SET fee_reporting_amount = 0 WHERE number = 7", ["fills[7].fee_rep", "fees of the session"]),
    ("UPDATE fills SET fee_amount = 0 WHERE number = 7", ["fills[7].fee_amount"]),
    ("UPDATE orders SET limit_px = limit_px * 1.0000000000000003 WHERE number = 3", ["orders[3].limit_px"]),
    ("UPDATE orders SET stale = NOT stale WHERE number = 3", ["orders[3].stale"]),
    ("UPDATE order_changes SET after_code = 8 WHERE number = 9", ["changes[9].after"]),
    ("UPDATE trades SET phase_code = 6 WHERE number = 1 AND phase_code = 7", ["trades[1].phase", "trades closed"]),
    ("UPDATE trades SET hedged_ns = NULL WHERE number = 1", ["trades[1].hedged_ns"]),
    ("UPDATE incidents SET cost_amount = 0 WHERE number = 0", ["incidents[0].cost_amount"]),
    ("UPDATE incidents SET forced = NOT forced", ["more differ in forced"]),
    ("UPDATE equity SET equity_amount = 0", ["equity at the last mark", "more differ"]),
    ("UPDATE refusals SET refused = refused + 1", ["refusals of"]),
    ("DELETE FROM refusals", ["refusals of"]),
]


@pytest.mark.parametrize("statement, said", ALTERED)
def test_one_altered_row_is_found_and_named(record: Record, statement: str, said: list[str]):
    run = mixed_run()
    written = record_run(record, run)
    with record.begin() as connection:
        assert connection.execute(text(statement)).rowcount > 0
    found = differences(record, written.session.id, run.log, run.state)
    for words in said:
        assert any(words in line for line in found), found


MISSING = ["DELETE FROM fills WHERE number = 5", "DELETE FROM fills WHERE number > 3000"]


@pytest.mark.parametrize("statement", MISSING)
def test_a_log_that_is_not_whole_is_refused(record: Record, statement: str):
    written = record_run(record, mixed_run())
    with record.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(BadInput, match=r"have a gap|were recorded"):
        read_log(record, written.session.id, "fills")


def test_a_name_that_is_not_the_sessions_is_refused(record: Record):
    written = record_run(record, mixed_run())
    with record.begin() as connection:
        connection.execute(text("UPDATE fills SET venue = 'nowhere' WHERE number = 5"))
    with pytest.raises(BadInput, match="name a venue"):
        read_log(record, written.session.id, "fills")


def noise(log: str, count: int, seed: int) -> np.ndarray:
    """Entries of arbitrary bytes in the fields that are numbers, as far as the tables' rules let them be."""
    chance = np.random.default_rng(seed)
    entries = np.zeros(count, DTYPES[log])
    for name in entries.dtype.names:
        kind = entries.dtype[name]
        if kind == np.float64:
            entries[name] = np.abs(chance.standard_normal(count)) * 10.0 ** chance.integers(-300, 300, count)
        elif kind == np.int64:
            entries[name] = chance.integers(1, 2**63, count)
    for name in set(entries.dtype.names) & {"side", "action", "approval"}:
        entries[name] = 1
    return entries


@pytest.mark.parametrize("log, count", [("fills", 1), ("fills", 4097), ("orders", 5000), ("funding", 3)])
def test_any_numbers_come_back_bit_for_bit(record: Record, log: str, count: int):
    entries = noise(log, count, count)
    if log == "orders":
        entries["limit_px"][::3] = NO_LIMIT_PX
        entries["buy_received_ns"][::2] = 0
        entries["buy_bid_px"][::5] = -0.0  # not the engine's "nothing", which is +0.0
    with RecordWriter.begin(record, mixed_run().start) as writer:
        assert writer.append({log: entries}) == count
        assert read_log(record, writer.session.id, log).tobytes() == entries.tobytes()


def test_names_of_every_length_and_script_come_back(record: Record):
    run = mixed_run()
    config = run.start.config
    old, new = config.symbols[0], "김치 프리미엄/KRW'\"\\"
    document = config.model_dump()
    document["symbols"] = [new if one == old else one for one in config.symbols]
    for market in document["markets"]:
        market["symbol"] = new if market["symbol"] == old else market["symbol"]
    written = record_run(record, run, config=type(config).model_validate(document))
    assert session_log_of(record, written.session.id).fills.tobytes() == run.log.fills.tobytes()
    assert new in set(read_fills(record, written.session.id)["symbol"])


IMPOSSIBLE = [
    ("fills", "symbol", 64, "fills: symbol lies outside"),
    ("fills", "venue", -1, "fills: venue lies outside"),
    ("orders", "stale", 2, "orders: stale lies outside"),
]


@pytest.mark.parametrize("log, field, value, said", IMPOSSIBLE)
def test_an_entry_that_cannot_be_is_a_broken_invariant_and_nothing_is_recorded(
    record: Record, log: str, field: str, value: int, said: str
):
    entries = noise(log, 3, 1)
    entries[field][1] = value
    with RecordWriter.begin(record, mixed_run().start) as writer:
        with pytest.raises(InvariantBroken, match=said):
            writer.append({"equity": noise("equity", 2, 1), log: entries})
        assert session_row(record, writer.session.id).counts == dict.fromkeys(LOGS, 0)
        assert len(read_log(record, writer.session.id, "equity")) == 0


def test_records_of_another_layout_are_refused():
    with pytest.raises(BadInput, match="laid out otherwise"):
        copy_columns("fills", np.zeros(1, ORDER_OUT), 1, 0, ("A",), ("x",))


def test_the_wire_format_is_the_manuals():
    """Two rows of (smallint, text, bigint or NULL), against the format spelled out by hand."""
    columns = [
        Numbers(np.array([1, -2], np.int16)),
        Texts(np.array([0, 1]), ("a", "lot")),
        Numbers(np.array([3, 0], np.int64), np.array([False, True])),
    ]
    by_hand = (
        b"PGCOPY\n\xff\r\n\0" + bytes(8)
        + b"\0\3" + b"\0\0\0\2\0\1" + b"\0\0\0\1a" + b"\0\0\0\x08" + bytes(7) + b"\3"
        + b"\0\3" + b"\0\0\0\2\xff\xfe" + b"\0\0\0\3lot" + b"\xff\xff\xff\xff"
        + b"\xff\xff"
    )  # fmt: skip
    assert b"".join(packed(columns, 2)) == by_hand


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, 4, 8, 10]))))
def test_decimals_are_exact(amounts: list[tuple[int, int]]):
    made = decimals(np.array([one for one, _ in amounts], np.int64), np.array([few for _, few in amounts], np.int64))
    assert list(made) == [Decimal(one).scaleb(-few) for one, few in amounts]


def test_frames_have_names_for_codes_and_gaps_for_nothing(record: Record):
    run = mixed_run()
    row = record_run(record, run).session
    orders, trades, incidents = run.log.orders.copy(), run.log.trades.copy(), run.log.incidents.copy()
    orders["limit_px"][0], trades["opened_ns"][0] = NO_LIMIT_PX, 0
    trades["leg_gap_ns"][1], incidents["resolution"][0] = -1, -1
    frame = frame_of(row, "orders", orders)
    assert frame["limit_px"].isna().tolist() == [True] + [False] * (len(orders) - 1)
    assert set(frame["action"]) <= {"SUBMIT", "CANCEL", "QUERY"}
    assert frame["purpose"].iloc[0] == "ENTRY"
    assert frame["now_at"].iloc[0].value == orders["now_ns"][0]
    assert str(frame["now_at"].dt.tz) == "UTC"
    frame = frame_of(row, "trades", trades)
    assert frame["opened_ns"].isna().sum() == 1
    assert frame["leg_gap_ns"].isna().tolist() == (trades["leg_gap_ns"] == -1).tolist()
    assert frame["opened_ns"].iloc[1] == trades["opened_ns"][1]  # not by way of a double
    assert set(frame["phase"]) <= {"VOID", "UNWOUND", "CLOSED"}
    assert frame_of(row, "incidents", incidents)["resolution"].isna().tolist() == (incidents["resolution"] < 0).tolist()


@pytest.mark.parametrize("log", LOGS)
def test_an_empty_log_is_an_empty_frame(record: Record, log: str):
    with RecordWriter.begin(record, mixed_run().start) as writer:
        frame = frame_of(writer.session, log, read_log(record, writer.session.id, log))
    assert len(frame) == 0
    assert len(frame.columns) > 4


def test_the_tables_name_what_the_frames_name(record: Record):
    written = record_run(record, mixed_run())
    query = "SELECT symbol, venue, purpose, style, now_at FROM fills WHERE session_id = :id ORDER BY number"
    with record.begin() as connection:
        theirs = pd.DataFrame(connection.execute(text(query), {"id": written.session.id}).mappings().all())
    ours = read_fills(record, written.session.id)
    for name in ("symbol", "venue", "purpose", "style"):
        assert theirs[name].tolist() == ours[name].tolist()
    cut = ours["now_at"].dt.floor("us")
    assert theirs["now_at"].tolist() == cut.tolist()


def test_the_speed_of_a_load_is_measured_on_whole_rows_and_leaves_nothing(record: Record):
    speed = load_speed(record, 10_000)
    assert speed.fills_per_s > 1_000
    with record.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM fills")).scalar_one() == 0
