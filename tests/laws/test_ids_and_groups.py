"""The laws' own arithmetic: ids derived many at once, rows gathered by key, fills matched with changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.identity import client_order_id
from arbitrage_core.laws.groups import ABSENT, Groups, grouped, leg_key, leg_name, places_of
from arbitrage_core.laws.growth import told_by
from arbitrage_core.laws.id_index import IdIndex
from arbitrage_core.laws.order_ids import derived_ids
from tests.laws.log_table import DTYPES

KEY = st.integers(0, 2**63 - 1)
COUNT = st.integers(1, 2**40)


@given(KEY, st.lists(st.tuples(KEY, COUNT, st.integers(0, 1), COUNT), min_size=1, max_size=5))
def test_ids_derived_at_once_are_those_derived_one_by_one(session_key: int, parts: list[tuple[int, int, int, int]]):
    symbols, trades, legs, attempts = (np.array(column, np.int64) for column in zip(*parts, strict=True))
    expected = [
        client_order_id(np.int64(session_key), np.int64(s), np.int64(t), np.int64(g), np.int64(a))
        for s, t, g, a in parts
    ]
    assert derived_ids(session_key, symbols, trades, legs, attempts).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), max_size=30))
def test_groups_keep_the_order_of_rows_and_sum_within_them(rows: list[tuple[int, int]]):
    keys, values = (np.array([row[n] for row in rows], np.int64) for n in (0, 1))
    groups = grouped(keys)
    running = groups.running(values[groups.rows])
    previous = groups.previous(values[groups.rows], 100)
    seen: dict[int, list[int]] = {}
    told = dict(zip(groups.rows.tolist(), zip(running.tolist(), previous.tolist(), strict=True), strict=True))
    for row, (key, value) in enumerate(rows):
        before = seen.setdefault(key, [])
        assert told[row] == (sum(before) + value, before[-1] if before else 100)
        before.append(value)
    assert dict(zip(groups.keys.tolist(), groups.sums(values[groups.rows]).tolist(), strict=True)) == {
        key: sum(values) for key, values in seen.items()
    }


def test_a_key_that_is_not_there_is_absent():
    assert places_of(np.array([2, 5]), np.array([[5, 3], [2, 9]])).tolist() == [[1, ABSENT], [0, ABSENT]]
    assert places_of(np.zeros(0, np.int64), np.array([1])).tolist() == [ABSENT]


def test_a_leg_key_tells_its_leg():
    assert leg_name(int(leg_key(np.array([3]), np.array([12]), np.array([1]))[0])) == "symbol 3 trade 12 leg 1"


CLASHING = st.sampled_from([64, 128, 192, 65, 1 << 40, (1 << 40) + 64, 3])


@given(st.lists(st.one_of(CLASHING, KEY), max_size=40), st.lists(st.one_of(CLASHING, KEY), max_size=20))
def test_an_id_is_found_where_it_stands_first(ids: list[int], others: list[int]):
    wanted = np.array([*ids, *others], np.int64)
    found = IdIndex(np.array(ids, np.int64)).find(wanted)
    assert found.tolist() == [ids.index(one) if one in ids else ABSENT for one in wanted.tolist()]


def test_ids_that_all_clash_are_found_nonetheless():
    ids = np.arange(500, dtype=np.int64) << 32
    assert IdIndex(ids).find(ids).tolist() == list(range(500))


LIVES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.booleans()), max_size=25)


@given(LIVES)
def test_a_fill_is_told_by_the_first_change_that_knows_as_many_lots(lives: list[tuple[int, int, bool]]):
    fills, changes, filled = [], [], dict.fromkeys(range(4), 0)
    for order, lots, changed in lives:
        filled[order] += lots
        fills.append((order, lots, filled[order]))
        if changed:
            changes.append((order, filled[order]))
    fill_rows, change_rows = np.zeros(len(fills), DTYPES["fills"]), np.zeros(len(changes), DTYPES["changes"])
    fill_rows["lots"], change_rows["filled_lots"] = [fill[1] for fill in fills], [change[1] for change in changes]
    told = told_by(change_rows, _by_order(changes), fill_rows, _by_order(fills))
    for row, (order, _, lots) in enumerate(fills):
        telling = [n for n, (of, known) in enumerate(changes) if of == order and known >= lots]
        assert told[row] == (telling[0] if telling else ABSENT)


def _by_order(rows: list[tuple[int, ...]]) -> Groups:
    return grouped(np.array([row[0] for row in rows], np.int64))
