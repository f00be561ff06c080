"""Journals made for tests: rows and intents that say their own number, and small journals with several segments."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.storage.journal import JournalReader, JournalWriter
from arbitrage_core.storage.manifest import INLINE, Manifest

CITED = {"kind": "recorded", "sha256": "ab" * 32, "files": [{"name": "bbo.parquet", "first_row": 0, "rows": 1000}]}
SMALL_SEGMENT = 4096
FINAL_HASH = "5e" * 32


def config(levels: int = 1) -> SessionConfig:
    """A session of two venues and one symbol; its limits are infinite."""
    markets = tuple(Market(venue=venue, symbol="BTC/USDT") for venue in ("alpha", "beta"))
    venues = (Venue(name="alpha"), Venue(name="beta"))
    return SessionConfig(venues=venues, symbols=("BTC/USDT",), markets=markets, levels=levels)


def manifest(source: dict[str, object] = INLINE, *, session: str = "spring", levels: int = 1) -> Manifest:
    """The manifest of such a session."""
    return Manifest.of(
        config(levels),
        session=session,
        session_key=config(levels).session_key("test"),
        source=source,
        schema_version=1,
        code_version="test",
        created_ns=1_700_000_000_000_000_000,
    )


def rows(count: int, first: int = 0, levels: int = 1) -> np.ndarray:
    """Rows whose `now_ns` is their number; every fifth is a REPORT, the rest quotes."""
    made = np.zeros(count, row_dtype(levels))
    made["now_ns"] = np.arange(first, first + count)
    made["bid_px"] = 100 + 0.01 * made["now_ns"][:, None]
    made["ask_px"] = made["bid_px"] + 0.5
    made["kind"] = np.where(made["now_ns"] % 5 == 4, RowKind.REPORT, RowKind.QUOTE)
    return made


def reports(count: int, first: int = 0) -> np.ndarray:
    """REPORT rows whose `client_id` is their number."""
    made = np.zeros(count, row_dtype(1))
    made["kind"], made["client_id"] = RowKind.REPORT, np.arange(first, first + count)
    return made


def intents(count: int, first: int = 0) -> np.ndarray:
    """Intents whose `client_id` is their number."""
    made = np.zeros(count, ORDER_OUT)
    made["client_id"] = np.arange(first, first + count)
    return made


def write_small(path: Path, *, session: str = "spring", seal: bool = True, batches: int = 12) -> None:
    """A journal of `batches` × (9 rows, 2 intents) in several segments."""
    writer = JournalWriter.create(path, manifest(session=session), segment_bytes=SMALL_SEGMENT)
    for batch in range(batches):
        writer.append_rows(rows(9, 9 * batch))
        writer.append_intents(intents(2, 2 * batch), durable=False)
    if seal:
        writer.seal(FINAL_HASH, {"pnl_quote": 1.5})
    else:
        writer.close()


def bytes_of(arrays: Iterable[np.ndarray]) -> bytes:
    """All bytes of arrays, whatever the batches."""
    return b"".join(array.tobytes() for array in arrays)


def contents_of(path: Path) -> list[tuple[int, int, bytes]]:
    """(stream, number, bytes) of every record, in the order written, as far as a journal is sound."""
    found = []
    for frame in JournalReader(path).frames():
        records = zip(frame.records, frame.positions if frame.positions is not None else frame.records, strict=True)
        for index, (record, position) in enumerate(records):
            found.append((int(frame.stream), frame.first + index, record.tobytes() + position.tobytes()))
    return found
