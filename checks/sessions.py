"""The sessions' suite: each is there, whole and complete, its marks add up, and its document says what its rows say."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from arbitrage_core.storage.record.frames import ENUMS
from checks.evidence import NOTHING, UNKNOWN, Columns, Evidence
from checks.rule import Rule, among, between, equal, matching, none_of
from checks.sums import TRADES_MAX, Groups, trade_keys
from checks.terms import Terms

PHASE, STATE, ACTION = ENUMS["phase"], ENUMS["after"], ENUMS["action"]
FIRST_FINAL_STATE = STATE.FILLED
DIGEST = "^[0-9a-f]{64}$"
MISSING = NOTHING
"""Stands for a figure that a document does not have."""

KEYS = {
    "asked": ("session_id",),
    "sessions": ("session_id",),
    "counts": ("session_id", "log"),
    "figures": ("session_id", "of", "figure"),
    "equity": ("session_id", "number"),
}

RULES: tuple[Rule, ...] = (
    none_of("sessions: all that were asked for are in the record", "asked", "absent"),
    among("sessions: each is complete", "sessions", "status", ("complete",)),
    matching("sessions: each has its state hash", "sessions", "state_hash", DIGEST),
    none_of("sessions: each has its document", "sessions", "without_document"),
    equal("sessions: as many rows are there as were recorded", "counts", "recorded", "present"),
    equal("sessions: no log has a gap", "counts", "present", "last_number_and_one"),
    equal("sessions: the document's figures are those of the rows", "figures", "by_document", "by_rows"),
    equal("sessions: realised at the last mark is what was booked", "sessions", "realised_at_last_mark", "booked"),
    # A venue may never answer: the order is then flagged, and its trade stands still. That is an incident of the venue,
    # not a mistake of the record.
    none_of("sessions: every order ended", "sessions", "orders_without_end", critical=False),
    between("equity: marks are in the order of time", "equity", "step_ns", 0, None),
    none_of("equity: equity is start, realised, unrealised and revaluation", "equity", "unexplained_amount"),
)

FIGURES = ("entries", "closed_trades", "unwound", "voids", "pnl_amount", "fees_amount")
"""Of the document as a whole and of each symbol. Entries are closed, unwound and open ones, the open ones being those
trades that filled and are not in the table of ended trades."""


def frames(evidence: Evidence, terms: Terms) -> dict[str, pd.DataFrame]:
    """The frames `asked`, `sessions`, `counts`, `figures` and `equity`."""
    there = {row.id for row in evidence.sessions}
    asked = pd.DataFrame(
        {"session_id": list(evidence.asked), "absent": [int(one not in there) for one in evidence.asked]}
    )
    return {
        "asked": asked,
        "sessions": _sessions(evidence),
        "counts": _counts(evidence),
        "figures": _figures(evidence),
        "equity": _equity(evidence, terms),
    }


def _sessions(evidence: Evidence) -> pd.DataFrame:
    places = np.arange(len(evidence.sessions))
    orders, fills, marks = (evidence.tables[name] for name in ("orders", "fills", "equity"))
    submits = np.bincount(orders["place"][orders["action_code"] == ACTION.SUBMIT], minlength=len(places))
    final = evidence.transitions["after_code"] >= FIRST_FINAL_STATE
    ended = Groups(evidence.transitions["place"][final]).sums(evidence.transitions["rows"][final], places)
    booked = Groups(fills["place"]).sums(fills["realised_amount"], places)
    booked += Groups(evidence.tables["funding"]["place"]).sums(evidence.tables["funding"]["amount"], places)
    lasts = np.flatnonzero(np.append(marks["place"][1:] != marks["place"][:-1], True)) if len(marks["place"]) else []
    realised = booked.copy() if len(fills["place"]) == 0 else np.zeros(len(places), np.int64)
    realised[marks["place"][lasts]] = marks["realised_amount"][lasts]
    return pd.DataFrame(
        {
            "session_id": evidence.ids,
            "status": pd.Series([row.status for row in evidence.sessions], dtype="str"),
            "state_hash": pd.Series([row.state_hash or "none" for row in evidence.sessions], dtype="str"),
            "without_document": np.array([int(not row.document) for row in evidence.sessions], np.int64),
            "orders_without_end": np.maximum(submits - ended, 0),
            "realised_at_last_mark": realised,
            "booked": booked,
        }
    )


def _counts(evidence: Evidence) -> pd.DataFrame:
    """A row for each log of each session."""
    rows: list[dict[str, object]] = []
    for place, session in enumerate(evidence.sessions):
        for log, recorded in session.counts.items():
            if log == "changes":
                mine = evidence.transitions["place"] == place
                present = int(evidence.transitions["rows"][mine].sum())
                last = int(evidence.transitions["last_number"][mine].max(initial=-1))
            else:
                table = evidence.tables[log]
                start, end = np.searchsorted(table["place"], [place, place + 1])
                present = int(end - start)
                last = int(table["number"][end - 1]) if present else -1
            counted = {"recorded": recorded, "present": present, "last_number_and_one": last + 1}
            rows.append({"session_id": session.id, "log": log, **counted})
    return pd.DataFrame(rows, columns=["session_id", "log", "recorded", "present", "last_number_and_one"])


def _equity(evidence: Evidence, terms: Terms) -> pd.DataFrame:
    marks = evidence.tables["equity"]
    step_ns = np.diff(marks["now_ns"], prepend=marks["now_ns"][:1])
    step_ns[np.diff(marks["place"], prepend=-1) != 0] = 0
    parts = marks["realised_amount"] + marks["unrealised_amount"] + marks["revaluation_amount"]
    start_amounts = np.array([_said(row.document or {}, "start_amount") for row in evidence.sessions] or [0], np.int64)
    started = marks["equity_amount"] - parts
    start_amount = start_amounts[marks["place"]]
    # Where the start grows as first prices come, it may be lower until then, and stands at what the document says last.
    grows, last = terms.start_grows[marks["place"]], np.append(marks["place"][1:] != marks["place"][:-1], True)
    unexplained = np.where(start_amount == MISSING, 0, started - start_amount)
    unexplained = np.where(grows & ~last[: len(started)] & (unexplained < 0), 0, unexplained)
    columns = {name: marks[name] for name in ("session_id", "number")}
    return pd.DataFrame(columns | {"step_ns": step_ns, "unexplained_amount": unexplained}, copy=False)


def _figures(evidence: Evidence) -> pd.DataFrame:
    """What documents say, and what the rows come to: of the whole, of each symbol, of each refusal."""
    by_rows = _by_symbol(evidence)
    rows: list[tuple[int, str, str, int, int]] = []
    for place, session in enumerate(evidence.sessions):
        if not session.document:
            continue  # said once, by its own rule
        document, whole = session.document, Counter()
        for symbol in session.symbols:
            mine = by_rows[place, evidence.symbols.index(symbol)]
            whole.update(mine)
            said = (document.get("per_symbol") or {}).get(symbol) or {}
            rows += [(session.id, symbol, name, _said(said, name), mine[name]) for name in FIGURES]
        rows += [(session.id, "session", name, _said(document, name), whole[name]) for name in FIGURES]
        rows.append((session.id, "session", "fills", _said(document, "fills"), session_rows(evidence, "fills", place)))
        counted = _said(document.get("incidents") or {}, "count")
        rows.append((session.id, "session", "incidents", counted, session_rows(evidence, "incidents", place)))
        rows += _refused(evidence, session.id, document.get("refusals") or {})
    return pd.DataFrame(rows, columns=["session_id", "of", "figure", "by_document", "by_rows"]).astype(
        {"by_document": "int64", "by_rows": "int64"}
    )


def _refused(evidence: Evidence, session_id: int, said: dict[str, Any]) -> list[tuple[int, str, str, int, int]]:
    counted = {name: refused for (one, name), refused in evidence.refusals.items() if one == session_id}
    names = sorted(set(said) | {name for name, refused in counted.items() if refused})
    return [(session_id, "refusals", name, int(said.get(name, 0)), counted.get(name, 0)) for name in names]


def session_rows(evidence: Evidence, table: str, place: int) -> int:
    """How many rows a session has in a table."""
    return int(np.diff(np.searchsorted(evidence.tables[table]["place"], [place, place + 1]))[0])


def _by_symbol(evidence: Evidence) -> dict[tuple[int, int], dict[str, int]]:
    """`FIGURES` of (session's place, symbol's place), made up from fills, funding and ended trades."""
    symbols = len(evidence.symbols)
    trades, fills, funding = (evidence.tables[name] for name in ("trades", "fills", "funding"))
    wanted = np.arange(len(evidence.sessions) * symbols)
    keys = _symbol_keys(trades, symbols)
    closed, unwound, voids = (
        Groups(keys).sums(trades["phase_code"] == phase, wanted) for phase in (PHASE.CLOSED, PHASE.UNWOUND, PHASE.VOID)
    )
    filled = Groups(trade_keys(fills, symbols)).keys
    still_open = filled[~np.isin(filled, trade_keys(trades, symbols))]
    open_keys = _of_trade(still_open, symbols)
    open_trades = Groups(open_keys).sums(np.ones(len(open_keys), np.int64), wanted)
    booked = Groups(_symbol_keys(fills, symbols))
    pnl = booked.sums(fills["realised_amount"], wanted)
    pnl = pnl + Groups(_symbol_keys(funding, symbols)).sums(funding["amount"], wanted)
    figures = {
        "entries": closed + unwound + open_trades,
        "closed_trades": closed,
        "unwound": unwound,
        "voids": voids,
        "pnl_amount": pnl,
        "fees_amount": booked.sums(fills["fee_reporting_amount"], wanted),
    }
    return {
        divmod(key, symbols): {name: int(values[key]) for name, values in figures.items()} for key in wanted.tolist()
    }


def _symbol_keys(rows: Columns, symbols: int) -> np.ndarray:
    """(session, symbol) as one number; −1 for a symbol unknown."""
    return np.where(rows["symbol"] == UNKNOWN, UNKNOWN, rows["place"] * symbols + rows["symbol"])


def _of_trade(keys: np.ndarray, symbols: int) -> np.ndarray:
    """The `_symbol_keys` of `trade_keys`."""
    place, symbol = np.divmod(keys // TRADES_MAX, symbols + 1)
    return np.where(symbol == 0, UNKNOWN, place * symbols + symbol - 1)


def _said(document: dict[str, Any], name: str) -> int:
    """A whole figure of a document; `MISSING` for one it does not have."""
    value = document.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else MISSING
