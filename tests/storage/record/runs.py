"""Runs to record: a real backtest on synthetic rows, its batches as the session drained them, and its start."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.backtest import data_digest, session_name
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.session import Session
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.session_row import SessionStart
from arbitrage_core.storage.record.writer import RecordWriter

STARTED_NS = 1_800_000_000_000_000_000
Batch = dict[str, np.ndarray]


@dataclass
class Run:
    """What a session did: its start, the batches it drained, its whole log and its last state."""

    start: SessionStart
    batches: list[Batch] = field(default_factory=list)
    log: SessionLog | None = None
    state: np.record | None = None
    state_hash: str = ""


@cache
def mixed_run(rows: int = 100_000) -> Run:
    """A backtest of the preset `mixed`: every kind of trade, incidents and refusals."""
    chosen = preset("mixed")
    feed = SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=rows, chunk_rows=rows // 9)
    config = plan_session(Offer.of(feed), params=chosen.params, market_overrides=chosen.market_overrides)
    return run_of(config, feed)


def run_of(config: SessionConfig, feed: SyntheticQuotes) -> Run:
    """Runs a feed to its end."""
    digest = data_digest(feed)
    start = SessionStart(
        name=session_name("backtest", config, feed),
        mode="backtest",
        config=config,
        session_key=config.session_key(digest),
        data=feed.identity(),
        data_digest=digest,
        epoch=1,
        schema_version=SCHEMA_VERSION,
        code_version="test",
        started_ns=STARTED_NS,
        preflight=[{"name": "stores", "ok": True}],
    )
    run = Run(start)
    session = Session(config, start.session_key, on_drain=run.batches.append)
    for batch in feed:
        session.feed(batch)
    session.end()
    run.log, run.state, run.state_hash = session.log, session.state[0], session.state_hash
    return run


def record_run(record: Record, run: Run, **changes: object) -> RecordWriter:
    """Records a whole run; `changes` go to its start. The writer is closed but has its counts."""
    from dataclasses import replace

    with RecordWriter.begin(record, replace(run.start, **changes)) as writer:
        for batch in run.batches:
            writer.append(batch)
        writer.end(
            status="complete", ended_ns=STARTED_NS + 1, state_hash=run.state_hash, document={"a": 1}, state=run.state
        )
    return writer
