"""The paper session: rows at a pace through the live runner, orders to the simulated venue, everything kept.

The composition root of mode `paper`. Over the same rows and settings it leaves the state hash of the backtest, at any
pace: the parts differ, the engine and its rows do not.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import arbitrage_core
from arbitrage_core.domain.errors import AnomalyFound, BadInput, InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.laws import Violation
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.monitoring.logs.log_book import LogBook
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.binding import Notice, sources_digest
from arbitrage_core.session.debug_bundle import keep_bundle
from arbitrage_core.session.feed_silence import SILENCE_MAX_MS
from arbitrage_core.session.live_runner import Ending, LiveRunner
from arbitrage_core.session.operator import interrupts, obey
from arbitrage_core.session.pace import PacedRows
from arbitrage_core.session.recorder import Recorder
from arbitrage_core.session.result import SessionResult, document_of, judged
from arbitrage_core.session.session import Session
from arbitrage_core.session.stores import LiveStore, RecordStore
from arbitrage_core.session.withheld_quotes import withheld_quotes
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
LIVE_STATE_CLOSE_S = 5.0
"""How long it waits for the live state to take the last projection and answers."""
HURRIED_S = 0.5
SAY_AFTER_S = 0.7
REASON_CHARACTERS_MAX = 2_000
CANNOT_CURE = "see arb status; the journal is sealed and holds all that happened"

LOG = EventLog("paper")


class CannotGoOn(BadInput):
    """The session had to end: another process took it over, or its record cannot be kept. The journal is sealed."""

    from_outside = True


@dataclass(frozen=True)
class PaperOrder:
    """What is to be run. `factor` row seconds a wall second; `leaves`: open trades leave when it is stopped;
    `silence_max_ms`: wall time for which all feeds may say nothing; `preset`: what its settings came of, to be said.

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
    silence_max_ms: float = SILENCE_MAX_MS
    preflight: Any = None
    preset: dict[str, Any] | None = None
    campaign_run_id: int | None = None


@dataclass
class _Parts:
    """What a session is made of, once all of it stands."""

    session: Session
    journal: JournalWriter
    record: Record
    recorder: Recorder
    live: LiveStore
    source: PacedRows
    ended: bool = False
    """Whether the record has been ended, in whatever way."""


def run_paper(
    order: PaperOrder,
    book: LogBook,
    *,
    notice: Notice = lambda text: None,
    on_look: Callable[[LiveRunner], None] = lambda runner: None,
) -> SessionResult:
    """Runs it to its end. Raises BadInput when something cannot be had, CannotGoOn, InvariantBroken, DiskRefused.

    The document says how it ended (`ending`), and under `record` whether the record in Postgres is complete and equals
    the engine's ledger; where it does not, that is among the violations. Whatever is raised, nothing is left running,
    the journal is sealed as broken (torn, when it was the disk that refused), and so is the record, if it answers. Of
    an AnomalyFound a debug bundle is kept beside the journal.
    """
    with _parts(order, book, notice) as parts:
        runner = LiveRunner(
            parts.session,
            parts.source,
            parts.journal,
            (RecordStore(parts.recorder), parts.live),
            leaves=order.leaves,
            silence_max_ms=order.silence_max_ms,
            on_look=on_look,
        )
        parts.session.on_drain = runner.keep
        try:
            with interrupts(runner, notice):
                with _running(order, parts, runner, notice):
                    LOG.info("session_started", session=order.name, epoch=parts.live.writer.epoch)
                    began = time.perf_counter()
                    asyncio.run(runner.run())
                    elapsed_s = time.perf_counter() - began
                LOG.info("session_ended", session=order.name, reason=runner.ending, rows=runner.market_rows)
                if runner.ending == Ending.MUST_END and runner.at_once:
                    raise CannotGoOn(runner.reason, CANNOT_CURE) from parts.recorder.failure
                result = _result(order, parts, runner, book, elapsed_s)
            if runner.ending == Ending.MUST_END:
                raise CannotGoOn(runner.reason, CANNOT_CURE) from parts.recorder.failure
            return result
        except BaseException as error:
            LOG.critical("session_broken", error=error, **_told_of(error))
            _end_broken(parts, book, f"{type(error).__name__}: {error}")
            if isinstance(error, AnomalyFound):
                keep_bundle(order.folder, order.name, parts.session, error, book.tail())
            raise


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
            preset=order.preset,
        )
        with JournalWriter.create(order.folder, manifest) as journal:
            live = LiveStateWriter(order.redis_url, Namespace(order.checkout_id), order.name, epoch)
            writer = RecordWriter.begin(record, _start(order, manifest, epoch))
            recorder = Recorder(writer, logs=lambda: [_log_record(entry) for entry in book.take()])
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
        preset=order.preset,
        campaign_run_id=order.campaign_run_id,
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
def _running(order: PaperOrder, parts: _Parts, runner: LiveRunner, notice: Notice) -> Iterator[None]:
    """Starts what works beside the loop, and stops it in the reverse order however the block ends: no more rows, the
    last projection, no more commands, the last answers delivered, the last entries recorded."""
    live = parts.live.writer
    listener = ControlListener(
        order.redis_url, Namespace(order.checkout_id), live, obey(runner, live, parts.recorder.acted)
    )
    with ExitStack() as stopping:
        parts.recorder.start()
        stopping.callback(_finish_recording, parts.recorder, runner, notice)
        live.start()
        stopping.callback(lambda: live.close(HURRIED_S if runner.hurried else LIVE_STATE_CLOSE_S))
        listener.start()
        stopping.callback(listener.close)
        stopping.callback(lambda: parts.live.offer(parts.session, runner.inbox.sequence))
        parts.source.start()
        stopping.callback(parts.source.close)
        yield


def _finish_recording(recorder: Recorder, runner: LiveRunner, notice: Notice) -> None:
    """Waits for the database, and says so once that takes a while; whoever interrupts twice need not."""
    said, began = [], time.monotonic()

    def hurried() -> bool:
        if not said and time.monotonic() - began > SAY_AFTER_S:
            said.append(True)
            entries = f"{recorder.health.waiting:,} entries"
            notice(f"the database does not answer: waiting up to {BACKFILL_S:.0f} s for it to take {entries}")
        return runner.hurried

    recorder.finish(BACKFILL_S, hurried)


def _told_of(error: BaseException) -> dict[str, object]:
    """What the log says of an anomaly, which is more than of other errors: its text quotes nothing."""
    if not isinstance(error, AnomalyFound):
        return {}
    return {"kind": error.pattern, "reason": error.finding, "rows": error.row}


def _end_broken(parts: _Parts, book: LogBook, reason: str) -> None:
    """Says in the record that the session broke; what stands in the way of that is logged.

    A record that lacks entries is left as it is, to be filled from the journal, unless it can never be.
    """
    recorder = parts.recorder
    if parts.ended:
        return
    if not recorder.finished or not (recorder.complete or isinstance(recorder.failure, InvariantBroken)):
        LOG.error("session_not_ended_in_record", error=recorder.failure, cause=recorder.health.last_error)
        return
    try:
        _tell_last(recorder.writer, book)
        recorder.writer.end(
            status="broken",
            ended_ns=time.time_ns(),
            state_hash=parts.session.state_hash,
            reason=reason[:REASON_CHARACTERS_MAX],
        )
    except (RecordAway, EpochPassed) as error:
        LOG.error("session_not_ended_in_record", error=error)
    finally:
        recorder.writer.close()


def _tell_last(writer: RecordWriter, book: LogBook) -> None:
    """Records what the session said last, which nobody can add once it has ended."""
    while entries := book.take():
        writer.append_logs([_log_record(entry) for entry in entries])


def _result(order: PaperOrder, parts: _Parts, runner: LiveRunner, book: LogBook, elapsed_s: float) -> SessionResult:
    """Judges the session, compares the record with it, ends the record and seals the journal, in this order."""
    session = parts.session
    violations = judged(session)
    state, log = session.state[0], session.log
    compared = _compared(order, parts, runner, log, state)
    violations += [
        Violation("I2", "the record in Postgres", "the engine's ledger", found) for found in compared["differences"]
    ]
    health = parts.live.writer.health
    figures = {
        "rows": runner.market_rows,
        "rows_per_s": round(runner.market_rows / elapsed_s) if elapsed_s > 0 else 0,
        "elapsed_s": round(elapsed_s, 3),
        "state_hash": session.state_hash,
        "data_sha256": order.feed.identity()["sha256"],
        "flat": session.ended,
        "withheld_quotes": withheld_quotes(order.config, session.account[0]),
        "ending": str(runner.ending),
        "pace": order.factor if order.factor != float("inf") else "max",
        "epoch": parts.live.writer.epoch,
        "record": compared,
        "live_state": {"conflated": health.conflated, "unreachable": health.unreachable, "refused": health.refused},
        "laws": [str(violation) for violation in violations],
        "preset": order.preset,
    }
    document = document_of(order.name, "paper", order.config, log, state, figures)
    if runner.ending == Ending.CUT_SHORT:
        reason = f"{runner.ending}: {runner.reason}"
        parts.journal.seal_broken(reason)
        _end_broken(parts, book, reason)
    else:
        parts.journal.sync()
        _end_record(parts, book, document, state)
        parts.journal.seal(session.state_hash, document)
    parts.ended = compared["complete"] or runner.ending == Ending.CUT_SHORT
    return SessionResult(document, order.config, log, state, violations)


def _end_record(parts: _Parts, book: LogBook, document: dict[str, Any], state: Any) -> None:
    """Ends the record, which is complete only if it says the same as the ledger; says in the document if it cannot."""
    compared, writer = document["record"], parts.recorder.writer
    if not compared["complete"]:
        return
    differs = compared["differences"]
    try:
        _tell_last(writer, book)
        writer.end(
            status="broken" if differs else "complete",
            ended_ns=time.time_ns(),
            state_hash=parts.session.state_hash,
            document=document,
            state=state,
            reason=f"the record differs from the ledger: {differs[0]}"[:REASON_CHARACTERS_MAX] if differs else None,
        )
    except (RecordAway, EpochPassed) as error:
        compared.update(complete=False, reason=error.cause)
    finally:
        writer.close()


def _compared(order: PaperOrder, parts: _Parts, runner: LiveRunner, log: Any, state: Any) -> dict[str, Any]:
    """Whether the record has all of it, and where it differs from the engine's own ledger."""
    recorder, health = parts.recorder, parts.recorder.health
    row = recorder.writer.session
    found: dict[str, Any] = {"session": row.id, "run": row.run, "complete": False}
    found.update(entries=health.recorded, failures=health.failures, differences=[], reason="")
    if not recorder.complete:
        why = recorder.failure or health.last_error or "it did not answer in time"
        found["reason"] = f"{health.waiting:,} entries are not recorded: {why}"
        return found
    if runner.ending == Ending.CUT_SHORT:
        found["reason"] = f"{runner.ending}: not compared with the ledger"
        return found
    try:
        recorder.writer.count_refusals(state)
        with Record.open(order.postgres_url) as patient:  # reading all of it back takes longer than a running one waits
            found["differences"] = differences(patient, row.id, log, state)
        found["complete"] = True
    except RecordAway as away:
        found["reason"] = f"it cannot be compared with the ledger: {away.cause}"
    except EpochPassed as passed:
        found["reason"] = passed.cause
    return found
