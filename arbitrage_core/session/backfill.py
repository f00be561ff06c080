"""The back-fill: a session's sealed journal into the record, for a database that was away when the session ended.

The journal is the spool: it holds all that reached the engine, so the engine says again, from there, what it had to be
recorded. What the record has already is passed over, so this may be done twice, or broken off and done again.

Where it is wrong: what the session said in its log is not in the journal, and stays only in the log file.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.backtest import Progress
from arbitrage_core.session.binding import Notice
from arbitrage_core.session.recorder import ENTRIES_AT_ONCE, Batch
from arbitrage_core.session.replay import replay_session
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.record.comparison import differences
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.reader import session_row
from arbitrage_core.storage.record.session_row import SessionRow, SessionStart
from arbitrage_core.storage.record.tables import SESSIONS
from arbitrage_core.storage.record.tables.sessions import LOGS
from arbitrage_core.storage.record.writer import RecordWriter

OPEN_STATES = ("running", "abandoned")


@dataclass(frozen=True)
class Backfilled:
    """What a back-fill did: the run it filled (number, name and run), how many entries it added, how many there are
    now, and where the record differs from the replayed ledger (nowhere, if all is well)."""

    session: int
    name: str
    run: int
    status: str
    added: int
    entries: int
    differences: list[str]


def record_from_journal(
    folder: Path,
    record: Record,
    feed: Feed | None = None,
    *,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> Backfilled:
    """Replays the sealed journal in `folder` over `feed`, the rows it cites (None: holds), and records all of it.

    Its run in the record is ended as `complete`; one that has ended is only compared. A record that has never heard of
    the session gets a new run. Raises BadInput when the journal was never completed, when it replays otherwise than it
    was written, or when the run in the record is not of this journal; Damaged; RecordAway: then do it again.
    """
    reader = JournalReader(folder)
    replayed = replay_session(folder, feed, progress=progress, notice=notice)
    if not replayed.document["identical"]:
        raise BadInput(
            f"the journal in {folder} replays otherwise: {replayed.document['difference']}",
            "replay it with the version that wrote it: nothing was recorded",
        )
    row = _row_of(reader, record)
    if row is not None and row.status not in OPEN_STATES:
        found = differences(record, row.id, replayed.log, replayed.state)
        return _told(record, row.id, 0, found)
    with _writer(reader, record, row, feed) as writer:
        added = sum(writer.append(batch, first) for batch, first in _pieces(replayed.log, writer.counts))
        writer.count_refusals(replayed.state)
        found = differences(record, writer.session.id, replayed.log, replayed.state)
        writer.end(
            status="broken" if found else "complete",
            ended_ns=time.time_ns(),
            state_hash=reader.final_hash,
            document=_document(reader, writer, found),
            state=replayed.state,
            reason=f"the record differs from its journal: {found[0]}"[:2000] if found else None,
        )
    return _told(record, writer.session.id, added, found)


def _row_of(reader: JournalReader, record: Record) -> SessionRow | None:
    """The run this journal is of, by name and the instant it began; None when the record has no such name."""
    manifest = reader.manifest
    with record.begin() as connection:
        query = select(SESSIONS.c.id).where(
            SESSIONS.c.name == manifest.session, SESSIONS.c.started_ns == manifest.created_ns
        )
        number = connection.execute(query).scalar_one_or_none()
    if number is None:
        return None
    row = session_row(record, number)
    if (row.session_key, row.config_digest) != (manifest.session_key, manifest.configuration_digest):
        raise BadInput(
            f"run {row} of the record began at the same instant but with another configuration",
            "see whether the folder is that of this session",
        )
    return row


def _writer(reader: JournalReader, record: Record, row: SessionRow | None, feed: Feed | None) -> RecordWriter:
    """Goes on with the run, fencing off whoever may still think to write it, or begins it."""
    if row is not None:
        return RecordWriter.resume(record, row.id, row.epoch + 1)
    manifest = reader.manifest
    journal = {"kind": "journal", "sha256": reader.manifest_sha256.hex()}
    start = SessionStart(
        name=manifest.session,
        mode=str(reader.seal.summary.get("mode", "paper" if manifest.is_inline else "backtest")),
        config=manifest.config(),
        session_key=manifest.session_key,
        data=journal if feed is None else feed.identity(),
        data_digest=journal["sha256"] if feed is None else feed.identity()["sha256"],
        epoch=1,
        schema_version=manifest.schema_version,
        code_version=manifest.code_version,
        started_ns=manifest.created_ns,
        preset=manifest.preset,
    )
    return RecordWriter.begin(record, start)


def _pieces(log: SessionLog, counts: dict[str, int]) -> Iterator[tuple[Batch, dict[str, int]]]:
    """What is not recorded, log by log, in batches of one transaction each, with the numbers they begin at."""
    for name, known in dict(counts).items():
        entries = getattr(log, name)
        for start in range(known, len(entries), ENTRIES_AT_ONCE):
            yield {name: entries[start : start + ENTRIES_AT_ONCE]}, {name: start}


def _document(reader: JournalReader, writer: RecordWriter, found: list[str]) -> dict[str, Any]:
    """The session's document as sealed, but for what it says of the record."""
    row, entries = writer.session, sum(writer.counts[name] for name in LOGS)
    told = {"session": row.id, "run": row.run, "complete": True, "entries": entries, "backfilled": True}
    sealed = reader.seal.summary.get("record")
    before = sealed if isinstance(sealed, dict) else {}
    return {**reader.seal.summary, "record": {**before, **told, "differences": found, "reason": ""}}


def _told(record: Record, number: int, added: int, found: list[str]) -> Backfilled:
    row = session_row(record, number)
    return Backfilled(number, row.name, row.run, row.status, added, sum(row.counts.values()), found)
