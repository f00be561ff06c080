"""The paper session: rows at a pace through the live runner, orders to the simulated venue, everything kept.

The composition root of mode `paper`. Over the same rows and settings it leaves the state hash of the backtest, at any
pace: the parts differ, the engine and its rows do not.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import arbitrage_core
from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.monitoring.logs.log_book import LogBook
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.binding import Notice, sources_digest
from arbitrage_core.session.live_runner import Ending, LiveRunner, must_be_flat
from arbitrage_core.session.operator import interrupts, obey
from arbitrage_core.session.pace import PacedRows
from arbitrage_core.session.recorder import Recorder
from arbitrage_core.session.result import SessionResult, document_of, judged
from arbitrage_core.session.session import Session
from arbitrage_core.session.stores import LiveStore, RecordStore
from arbitrage_core.storage.journal import JournalWriter
from arbitrage_core.storage.live_state.connection import connect
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.listener import ControlListener
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.live_state.writer import LiveStateWriter
from arbitrage_core.storage.manifest import INLINE, Manifest
from arbitrage_core.storage.record.availability import Limits, RecordAway
from arbitrage_core.storage.record.comparison import differences
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.session_row import EpochPassed, SessionStart
from arbitrage_core.storage.record.writer import RecordWriter

LIMITS = Limits(connect_s=3, lock_s=5.0, statement_s=10.0, transaction_s=15.0)
"""How long a running session waits for its database, at most; what waits meanwhile is kept."""
BACKFILL_S = 20.0
"""How long a session that ended waits for its database to take what is left."""

LOG = EventLog("paper")


class CannotGoOn(BadInput):
    """The session had to end: another process took it over, or its record cannot be kept. The journal is sealed."""

    from_outside = True


@dataclass(frozen=True)
class PaperOrder:
    """What is to be run. `factor` row seconds a wall second; `leaves`: open trades leave when it is stopped.

    `postgres_url`, `redis_url` hold passwords, so this has no repr of them.
    """

    config: SessionConfig
    feed: Feed
    name: str
    folder: Path
    factor: float
    postgres_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    checkout_id: str
    leaves: bool = True
    preflight: Any = None


@dataclass
class _Parts:
    """What a session is made of, once all of it stands."""

    session: Session
    journal: JournalWriter
    record: Record
    recorder: Recorder
    live: LiveStore
    source: PacedRows


def run_paper(
    order: PaperOrder,
    book: LogBook,
    *,
    notice: Notice = lambda text: None,
    on_look: Callable[[LiveRunner], None] = lambda runner: None,
) -> SessionResult:
    """Runs it to its end. Raises BadInput when something cannot be had, CannotGoOn, InvariantBroken, DiskRefused.

    The document says how it ended (`ending`), and under `record` whether the record in Postgres equals the engine's
    ledger; where it does not, that is among the violations.
    """
    with _parts(order, book, notice) as parts:
        runner = LiveRunner(
            parts.session,
            parts.source,
            parts.journal,
            (RecordStore(parts.recorder), parts.live),
            leaves=order.leaves,
            on_look=on_look,
        )
        parts.session.on_drain = runner.keep
        listener = ControlListener(
            order.redis_url, Namespace(order.checkout_id), parts.live.writer, obey(runner, parts.live.writer)
        )
        began = time.perf_counter()
        try:
            with interrupts(runner, notice), _running(parts, listener):
                LOG.info("session_started", session=order.name, epoch=parts.live.writer.epoch)
                ending = asyncio.run(runner.run())
                parts.live.offer(parts.session, runner.inbox.sequence)
            must_be_flat(runner)
        except (InvariantBroken, BadInput) as error:
            LOG.critical("session_broken", error=error)
            _end_broken(parts, str(error))
            raise
        LOG.info("session_ended", session=order.name, reason=ending, rows=runner.market_rows)
        if ending in (Ending.MUST_END, Ending.CUT_SHORT):
            reason = f"{ending}: {runner.reason}"
            parts.journal.seal_broken(reason)
            _end_broken(parts, reason)
            if ending == Ending.MUST_END:
                raise CannotGoOn(runner.reason, "see arb status; the journal is sealed and holds all that happened")
        return _result(order, parts, runner, time.perf_counter() - began)


@contextmanager
def _parts(order: PaperOrder, book: LogBook, notice: Notice) -> Iterator[_Parts]:
    """Everything stands before anything begins: the engine compiled, the stores asked, the journal open."""
    key = order.config.session_key(data_digest(order.feed))
    session = Session(order.config, key, notice=notice)
    source = PacedRows(order.feed, order.factor)
    with Record.open(order.postgres_url, limits=LIMITS) as record:
        epoch = _claimed_epoch(order)
        manifest = Manifest.of(
            order.config,
            session=order.name,
            session_key=key,
            source=INLINE,
            schema_version=SCHEMA_VERSION,
            code_version=f"{arbitrage_core.__name__}-{sources_digest()}",
            created_ns=time.time_ns(),
        )
        with JournalWriter.create(order.folder, manifest) as journal:
            writer = RecordWriter.begin(record, _start(order, manifest, epoch))
            recorder = Recorder(writer, logs=lambda: [_log_record(entry) for entry in book.take()])
            live = LiveStateWriter(order.redis_url, Namespace(order.checkout_id), order.name, epoch)
            yield _Parts(session, journal, record, recorder, LiveStore(live, order.config), source)


def _start(order: PaperOrder, manifest: Manifest, epoch: int) -> SessionStart:
    return SessionStart(
        name=order.name,
        mode="paper",
        config=order.config,
        session_key=manifest.session_key,
        data=order.feed.identity(),
        data_digest=data_digest(order.feed),
        epoch=epoch,
        schema_version=SCHEMA_VERSION,
        code_version=manifest.code_version,
        started_ns=manifest.created_ns,
        preflight=order.preflight,
    )


def _claimed_epoch(order: PaperOrder) -> int:
    client = connect(order.redis_url)
    try:
        return LiveState(client, Namespace(order.checkout_id)).claim_epoch(order.name)
    finally:
        client.close()


def _log_record(entry: Any) -> tuple[int, str, str, dict[str, object] | None]:
    return entry.time_ns, entry.level, entry.event, entry.fields


@contextmanager
def _running(parts: _Parts, listener: ControlListener) -> Iterator[None]:
    """Starts what works beside the loop, and stops it however the block ends."""
    parts.source.start()
    parts.recorder.start()
    parts.live.writer.start()
    listener.start()
    try:
        yield
    finally:
        parts.source.close()
        listener.close()
        parts.live.writer.close()
        parts.recorder.finish(BACKFILL_S)


def _end_broken(parts: _Parts, reason: str) -> None:
    """Says in the record that the session broke; what stands in the way of that is logged."""
    try:
        parts.recorder.writer.end(
            status="broken", ended_ns=time.time_ns(), state_hash=parts.session.state_hash, reason=reason[:2000]
        )
    except (RecordAway, EpochPassed) as error:
        LOG.error("session_not_ended_in_record", error=error)
    finally:
        parts.recorder.writer.close()


def _result(order: PaperOrder, parts: _Parts, runner: LiveRunner, elapsed_s: float) -> SessionResult:
    """Judges the session, compares the record with it, ends the record and seals the journal, in this order."""
    session, writer = parts.session, parts.recorder.writer
    violations = judged(session)
    state, log = session.state[0], session.log
    compared = _compared(parts, runner, log, state)
    health = parts.live.writer.health
    figures = {
        "rows": runner.market_rows,
        "rows_per_s": round(runner.market_rows / elapsed_s) if elapsed_s > 0 else 0,
        "elapsed_s": round(elapsed_s, 3),
        "state_hash": session.state_hash,
        "data_sha256": order.feed.identity()["sha256"],
        "flat": session.ended,
        "ending": str(runner.ending),
        "pace": order.factor if order.factor != float("inf") else "max",
        "epoch": parts.live.writer.epoch,
        "record": compared,
        "live_state": {"conflated": health.conflated, "unreachable": health.unreachable, "refused": health.refused},
        "laws": [str(violation) for violation in violations],
    }
    document = document_of(order.name, "paper", order.config, log, state, figures)
    if compared["complete"]:
        try:
            writer.end(
                status="complete",
                ended_ns=time.time_ns(),
                state_hash=session.state_hash,
                document=document,
                state=state,
            )
        except RecordAway as away:
            compared.update(complete=False, reason=away.cause)
        finally:
            writer.close()
    if runner.ending != Ending.CUT_SHORT:
        parts.journal.seal(session.state_hash, document)
    return SessionResult(document, order.config, log, state, violations)


def _compared(parts: _Parts, runner: LiveRunner, log: Any, state: Any) -> dict[str, Any]:
    """Whether the record has all of it, and where it differs from the engine's own ledger."""
    writer, health = parts.recorder.writer, parts.recorder.health
    found: dict[str, Any] = {"session": writer.session.id, "run": writer.session.run, "complete": False}
    found.update(entries=health.recorded, failures=health.failures, differences=[], reason="")
    if health.waiting or parts.recorder.failure is not None or runner.ending == Ending.CUT_SHORT:
        found["reason"] = str(parts.recorder.failure or health.last_error or runner.ending)
        return found
    try:
        writer.count_refusals(state)
        found["differences"] = differences(parts.record, writer.session.id, log, state)
        found["complete"] = True
    except RecordAway as away:
        found["reason"] = away.cause
    return found
