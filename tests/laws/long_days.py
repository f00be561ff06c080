"""The long day: a day's evidence many times over, to see that the laws keep up."""

from dataclasses import fields, replace

import numpy as np

from arbitrage_core.domain.identity import key_of
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.laws import Evidence
from arbitrage_core.laws.order_ids import derived_ids
from tests.laws.story import MS, SESSION_KEY, START_AMOUNT, SYMBOL, Story
from tests.laws.tales import day, told
from tests.laws.told_evidence import evidence_of

STAMPS = ("now_ns", "buy_received_ns", "sell_received_ns", "received_ns", "opened_ns", "ended_ns", "began_ns")


def long_day(days: int) -> Evidence:
    """`days` days, one after the other, at rest; trades, ids, times and sums run on."""
    story = told(day)
    single = evidence_of(story)
    length_ns = story.now_ns - int(single.log.orders["now_ns"][0]) + 60_000 * MS
    log = SessionLog(
        **{each.name: _repeated(getattr(single.log, each.name), days, length_ns, story) for each in fields(SessionLog)}
    )
    orders = _renamed(log)
    venue_orders = np.tile(np.asarray(single.venue_orders), days)
    venue_orders["client_id"] = orders[np.arange(len(venue_orders))]
    state = single.state.copy()
    _multiply(state, days)
    state["now_ns"] += (days - 1) * length_ns
    gains = np.concatenate([[0], log.equity["equity_amount"] - START_AMOUNT])
    peaks = np.maximum.accumulate(gains)
    state["peak_amount"], state["drawdown_amount"] = START_AMOUNT + peaks[-1], (peaks - gains).max()
    state["equity_amount"] = START_AMOUNT + gains[-1]
    cash = single.venue_cash_amounts.copy()
    cash[:, 0] = START_AMOUNT // 2 + days * (cash[:, 0] - START_AMOUNT // 2)
    return replace(
        single,
        log=log,
        state=state,
        venue_cash_amounts=cash,
        venue_orders=venue_orders,
        orders_handed_on=len(log.orders),
    )


def _repeated(rows: np.ndarray, days: int, length_ns: int, story: Story) -> np.ndarray:
    long = np.tile(rows, days)
    names = rows.dtype.names or ()
    which = np.repeat(np.arange(days), len(rows))
    for name in STAMPS:
        if name in names:
            long[name] += np.where(long[name] != 0, which * length_ns, 0)
    for name in ("trade", "number"):
        if name in names:
            long[name] += which * len(story.trades)
    if "sequence" in names:
        long["sequence"] = np.arange(1, len(long) + 1)
    if "equity_amount" in names:
        for name in ("equity_amount", "realised_amount"):
            long[name] += which * sum(story.realised)
    return long


def _renamed(log: SessionLog) -> np.ndarray:
    """Gives every order of the log its own id; returns the ids of the SUBMITs, in order."""
    orders = log.orders
    keys = np.full(len(orders), key_of(SYMBOL))
    renamed = derived_ids(SESSION_KEY, keys, orders["trade"], orders["leg"], orders["attempt"])
    days = len(log.trades) // 4
    before = orders["client_id"].copy()
    orders["client_id"] = renamed
    order_at = np.arange(len(orders)).reshape(days, -1)
    index = {int(client_id): place for place, client_id in enumerate(before[: order_at.shape[1]])}
    for rows in (log.changes, log.fills, log.reports):
        place = np.array([index[int(client_id)] for client_id in rows["client_id"][: len(rows) // days]])
        rows["client_id"] = renamed[order_at[:, place].ravel()]
    return renamed[orders["action"] == 0]


def _multiply(state: np.record, days: int) -> None:
    for record in (state, state["symbols"][0]):
        record["realised_amount"] *= days
        record["fees_amount"] *= days
    state["symbols"][0]["counter"] *= days
    for venue in state["venues"][:2]:
        venue["realised_amount"] *= days
        for name in ("cash_amounts", "basis_amounts"):
            venue[name][0] = venue["start_amounts"][0] + days * (venue[name][0] - venue["start_amounts"][0])
