"""Agreement: whether the compiled engine and the reference model did the same on the same rows, and where they part.

`python -m tests.agreement FIRST LAST` compares the seeded cases of a range and says which differ; exit status 1 if any.
Everything is compared exactly but the figures in `TOLERANCES`, which the two sum in different orders.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.params import shape_of
from arbitrage_core.engine.state import Shape
from arbitrage_core.session.session import Session
from tests.markets import seeded_case
from tests.reference_model import ReferenceResult, run

ROOMY = Shape(4, 4, 10, 4)
"""One engine that holds every case: compiled once."""

STREAMS = ("orders", "changes", "fills", "funding", "trades", "incidents", "equity", "guards")
FIRST_CAUSES = ("orders", "fills", "changes")
"""Compared first: what differs there makes all else differ."""

TOLERANCES = {"unhedged_quote_s": 1e-9}
"""Relative, by field."""

AROUND = 3
"""Entries shown before and after one that differs."""

Entry = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """The first place where a stream or figure differs; `where` is its name, the texts say what each side has."""

    where: str
    engine: str
    reference: str
    around: str = ""

    def __str__(self) -> str:
        lines = [f"{self.where}", f"  engine:    {self.engine}", f"  reference: {self.reference}"]
        return "\n".join(lines + ([self.around] if self.around else []))


def session_key_of(seed: int) -> int:
    """A session key for a seeded case."""
    return 7_000_000_007 * (seed + 1) % 2**63


def compiled_run(
    config: SessionConfig, rows: np.ndarray, session_key: int, shape: Shape | None = ROOMY, interpreted: bool = False
) -> Session:
    """A session fed with all rows in one call, and not ended."""
    session = Session(config, session_key, shape=shape, interpreted=interpreted)
    with np.errstate(all="ignore"):  # interpreted, NumPy warns where IEEE arithmetic goes on
        session.feed(rows)
    return session


def differences(session: Session, reference: ReferenceResult) -> list[Difference]:
    """Where a session and the reference's result of the same rows part: the first difference of each stream."""
    found = []
    for name in sorted(STREAMS, key=lambda stream: stream not in FIRST_CAUSES):
        found += _stream_difference(name, getattr(session.log, name), getattr(reference.log, name))
    for name, ours, theirs in _figures(session, reference):
        if ours != theirs:
            found.append(Difference(name, repr(ours), repr(theirs)))
    return found


# ------------------------------------------------------------------------------------------------------------ streams


def _stream_difference(name: str, entries: np.ndarray, expected: Sequence[Any]) -> list[Difference]:
    """The first entry of a stream that differs, with its surroundings; nothing if none does."""
    theirs = [entry._asdict() for entry in expected]
    fields = tuple(expected[0]._fields) if expected else tuple(entries.dtype.names)
    columns = [entries[field].tolist() for field in fields]
    ours = [dict(zip(fields, values, strict=True)) for values in zip(*columns, strict=True)]
    for index in range(max(len(ours), len(theirs))):
        if index >= len(ours) or index >= len(theirs):
            wrong = list(fields)
        else:
            wrong = [field for field in fields if not _same(field, ours[index][field], theirs[index][field])]
        if wrong:
            return [
                Difference(
                    f"{name}[{index}] ({len(ours)} entries, reference {len(theirs)})",
                    _shown(ours, index, wrong),
                    _shown(theirs, index, wrong),
                    _surroundings(ours, theirs, index),
                )
            ]
    return []


def _same(field: str, ours: Any, theirs: Any) -> bool:
    if field in TOLERANCES:
        return bool(abs(ours - theirs) <= TOLERANCES[field] * max(abs(ours), abs(theirs), 1.0))
    return bool(ours == theirs)


def _shown(entries: list[Entry], index: int, fields: list[str]) -> str:
    if index >= len(entries):
        return "nothing more"
    return ", ".join(f"{field}={entries[index][field]!r}" for field in fields)


def _surroundings(ours: list[Entry], theirs: list[Entry], index: int) -> str:
    lines = []
    for title, entries in (("engine", ours), ("reference", theirs)):
        lines.append(f"  {title} around it:")
        for at in range(max(index - AROUND, 0), min(index + AROUND + 1, len(entries))):
            mark = ">" if at == index else " "
            lines.append(f"   {mark}{at}: " + " ".join(f"{name}={value}" for name, value in entries[at].items()))
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------------ figures


def _figures(session: Session, reference: ReferenceResult) -> Iterator[tuple[str, Any, Any]]:
    """(name, engine's, reference's) of everything that stands at the end."""
    config, state, account = session.config, session.state[0], session.account[0]
    venues, symbols = len(config.venues), len(config.symbols)
    currencies = len(config.currencies)
    for s, figures in enumerate(reference.symbols):
        yield from _symbol_figures(f"{config.symbols[s]}.", state.symbols[s], figures, venues)
    money = state.venues[:venues]
    yield "cash", money["cash_amounts"][:, :currencies].tolist(), reference.cash_amounts
    yield "reserved", money["reserved_amounts"][:, :currencies].tolist(), reference.reserved_amounts
    yield "realised by venue", money["realised_amount"].tolist(), reference.realised_by_venue
    yield "venue cash", account.cash_amounts[:venues, :currencies].tolist(), reference.venue_cash_amounts
    positions = account.symbols["position_lots"][:symbols, :venues].T.tolist()
    yield "venue positions", positions, reference.venue_position_lots
    yield "start", int(state.start_amount), reference.start_amount
    yield "peak", int(state.peak_amount), reference.peak_amount
    yield "drawdown", int(state.drawdown_amount), reference.drawdown_amount
    yield "foreign reports", int(state.foreign_reports), reference.unknown_reports
    yield "open trades", list(_open_trades(state, symbols)), [tuple(trade) for trade in reference.open_trades]


def _symbol_figures(prefix: str, symbol: np.record, figures: Any, venues: int) -> Iterator[tuple[str, Any, Any]]:
    for name in ("entries", "closed", "unwound", "voids", "wins", "seen", "taken", "realised_amount"):
        yield prefix + name, int(symbol[name]), getattr(figures, name)
    for name in ("missed", "refusals", "exits"):
        counts = {index: count for index, count in enumerate(symbol[name].tolist()) if count}
        yield prefix + name, counts, {int(key): count for key, count in getattr(figures, name).items() if count}
    yield prefix + "position_lots", symbol.position_lots[:venues].tolist(), figures.position_lots


def _open_trades(state: np.record, symbols: int) -> Iterator[tuple[Any, ...]]:
    """As the reference's `OpenTrade`, by symbol and number."""
    for s in range(symbols):
        trades = state.symbols[s].trades
        for trade in sorted(trades[trades["phase"] != Phase.FREE], key=lambda trade: int(trade["number"])):
            lots = tuple(trade["legs"]["lots"].tolist())
            basis = tuple(trade["legs"]["basis_amount"].tolist())
            amounts = (int(trade["realised_amount"]), int(trade["exit_reason"]), bool(trade["flagged"]))
            yield (s, int(trade["number"]), int(trade["phase"]), lots, basis, *amounts)


# ------------------------------------------------------------------------------------------------------------ command


def compare_seed(seed: int, interpreted: bool = False) -> list[Difference]:
    """The differences on a seeded case; a fault of the engine is one too."""
    config, rows = seeded_case(seed)
    key = session_key_of(seed)
    reference = run(config, rows, key)
    try:
        shape = shape_of(config) if interpreted else ROOMY
        return differences(compiled_run(config, rows, key, shape, interpreted), reference)
    except InvariantBroken as error:
        return [Difference("the engine stopped itself", str(error), "went on")]


def told(seed: int, found: list[Difference]) -> str:
    """What differs on a seed, for a reader."""
    return (
        f"seed {seed}: {len(found)} streams or figures differ, first\n{found[0]}" if found else f"seed {seed}: agrees"
    )


def main() -> int:
    """Compares a range of seeds."""
    parser = argparse.ArgumentParser(description="Compares the engine with the reference model on seeded cases.")
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, help="the last seed, included")
    parser.add_argument("--show", type=int, default=3, help="how many differing seeds to show in full")
    arguments = parser.parse_args()
    differing = []
    for seed in range(arguments.first, arguments.last + 1):
        found = compare_seed(seed)
        if found:
            differing.append(seed)
            if len(differing) <= arguments.show:
                print(told(seed, found), flush=True)
    seeds = arguments.last - arguments.first + 1
    print(f"{seeds - len(differing)} of {seeds} seeds agree; differing: {differing[:50] or 'none'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
