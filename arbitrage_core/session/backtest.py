"""The backtest: a feed through a session, journalled, judged and summed up."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

import numpy as np

import arbitrage_core
from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.errors import AnomalyFound, InvariantBroken
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.row import with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.anomaly_watch import AnomalyWatch
from arbitrage_core.session.binding import Notice, sources_digest
from arbitrage_core.session.debug_bundle import keep_bundle
from arbitrage_core.session.result import SessionResult, document_of, judged
from arbitrage_core.session.session import Session
from arbitrage_core.session.withheld_quotes import withheld_quotes
from arbitrage_core.storage.journal import JournalWriter
from arbitrage_core.storage.manifest import Manifest

Progress = Callable[[int, int], None]


def data_digest(feed: Feed) -> str:
    """The identity of the rows a feed gives, venues and symbols included: SHA-256 (hex)."""
    return digest_of([feed.identity()["sha256"], feed.venues, feed.symbols, feed.levels])


def session_name(mode: str, config: SessionConfig, feed: Feed) -> str:
    """Readable and derived: the mode, where the rows come from, and the session key."""
    identity = feed.identity()
    source = str(identity.get("preset") or identity.get("name") or identity.get("kind") or "rows")
    key = config.session_key(data_digest(feed))
    return f"{mode}-{source.replace('/', '_').replace(' ', '_')}-{key:016x}"


def run_backtest(
    config: SessionConfig,
    feed: Feed,
    *,
    folder: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    notice: Notice | None = None,
    replaced: Mapping[str, Compiled] | None = None,
    interpreted: bool = False,
    venue_config: SessionConfig | None = None,
    preset: dict[str, object] | None = None,
) -> SessionResult:
    """Runs the feed's rows through the engine and the simulated venue, and flattens at the end.

    `folder`: where the journal goes, made if missing; none: no journal. `progress(rows so far, row time in ns)` is
    called between batches. `replaced` exchanges engine functions by name, to plant a defect; `interpreted` runs the
    engine as plain Python, which saves a few rows the half minute of compiling. `venue_config`: what the venues really
    do where that is not what the engine was told. `preset`: what its settings came of, to be said. Raises AnomalyFound
    when the engine stops itself or does what is not trading (the journal is then sealed as broken, a debug bundle lies
    beside it), BadInput for rows that cannot be used, and what the disk refuses.
    """
    key = config.session_key(data_digest(feed))
    name = name or session_name("backtest", config, feed)
    with _journal(folder, config, feed, name, key, preset) as journal:

        def keep(batch: dict[str, np.ndarray]) -> None:
            if journal is not None:
                reports = with_levels(batch["reports"], config.levels)
                journal.append_reports(batch["report_positions"], reports)
                journal.append_intents(batch["orders"], durable=False)
            watch.take(batch)

        parts = {"notice": notice, "replaced": replaced, "interpreted": interpreted, "venue_config": venue_config}
        session = Session(config, key, on_drain=keep, **parts)
        watch, started = AnomalyWatch(session), time.perf_counter()
        try:
            for rows in feed:
                session.feed(rows)
                watch.look_if_due()
                if progress is not None:
                    progress(session.rows, int(rows[-1]["now_ns"]))
            watch.look()
            market_rows, elapsed_s = session.rows, time.perf_counter() - started
            session.end()
            watch.look(flattened=True)
        except AnomalyFound as anomaly:
            if folder is not None:
                keep_bundle(folder, name, session, anomaly)
            raise
        violations = judged(session)
        figures = {
            "rows": market_rows,
            **_speed(market_rows, elapsed_s),
            "state_hash": session.state_hash,
            "data_sha256": feed.identity()["sha256"],
            "flat": session.ended,
            "withheld_quotes": withheld_quotes(config, session.account[0]),
            "laws": [str(violation) for violation in violations],
            "preset": preset,
        }
        state, log = session.state[0], session.log
        document = document_of(name, "backtest", config, log, state, figures)
        if journal is not None:
            journal.seal(session.state_hash, _plain(document))
    return SessionResult(document, config, log, state, violations)


def _speed(rows: int, elapsed_s: float) -> dict[str, float]:
    return {"rows_per_s": round(rows / elapsed_s) if elapsed_s > 0 else 0, "elapsed_s": round(elapsed_s, 3)}


def _journal(
    folder: Path | None, config: SessionConfig, feed: Feed, name: str, key: int, preset: dict[str, object] | None
):
    if folder is None:
        return nullcontext()
    manifest = Manifest.of(
        config,
        session=name,
        session_key=key,
        source={"kind": "cited", **feed.identity()},
        schema_version=SCHEMA_VERSION,
        code_version=f"{arbitrage_core.__name__}-{sources_digest()}",
        created_ns=time.time_ns(),
        preset=preset,
    )
    return JournalWriter.create(folder, manifest)


def _plain(document: dict[str, object]) -> dict[str, object]:
    """The document as the seal keeps it; raises InvariantBroken if a figure in it is not JSON."""
    if "session" not in document:
        raise InvariantBroken("a session's document must name it")
    return document
