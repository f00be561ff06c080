"""A bench for the live runner: rows and stores by hand, and a journal in a folder."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import Command, RowKind
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.session.feed_silence import SILENCE_MAX_MS
from arbitrage_core.session.live_runner import Ending, LiveRunner
from arbitrage_core.session.session import Session
from arbitrage_core.storage.journal import JournalWriter
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.manifest import INLINE, Manifest
from tests.engine.small_market import KEY, small_config

CONFIG = small_config(take_profit="32:0.4", stop_loss_bps=60.0)
LATE = 10**6


class HandSource:
    """Rows by hand: a few at each take; `pause_at` rows it gives none until `go_on`, `ends` says whether it ends."""

    def __init__(self, rows: np.ndarray, at_once: int = 3, pause_at: int = LATE, *, ends: bool = True) -> None:
        self.rows, self.at_once, self.pause_at, self.ends = rows, at_once, pause_at, ends
        self.given, self.ended, self.now_ns, self.can_wait = 0, False, 0, False
        self.silent = False

    def take(self) -> np.ndarray | None:
        """The next few rows."""
        stop = min(self.given + self.at_once, self.pause_at, len(self.rows))
        rows = self.rows[self.given : stop]
        self.given = stop
        if len(rows):
            self.now_ns = int(rows["now_ns"][-1])
            return rows
        self.ended = self.ends and self.given >= len(self.rows)
        return None

    def go_on(self) -> None:
        """No pause any more."""
        self.pause_at = LATE

    @property
    def wait_s(self) -> float:
        """Never long."""
        return 0.0


class HandStore:
    """A store that is away as long as it is told, and keeps what it gets."""

    def __init__(self, name: str = "record") -> None:
        self.name, self.away_s, self.must_end, self.behind = name, 0.0, None, False
        self.batches: list[dict[str, np.ndarray]] = []
        self.looks = 0

    def put(self, batch: dict[str, np.ndarray]) -> None:
        """Keeps it."""
        self.batches.append(batch)

    def look(self, session: Session, sequence: int) -> None:
        """Counts."""
        self.looks += 1


class Bench:
    """A runner with all its parts, on a journal of its own; `turns` are called one after another, one a turn."""

    def __init__(
        self,
        folder: Path,
        source: HandSource,
        *stores: HandStore,
        leaves: bool = True,
        silence_max_ms: float = SILENCE_MAX_MS,
        replaced: dict[str, Compiled] | None = None,
    ) -> None:
        self.folder, self.source, self.stores, self.now_s = folder, source, stores, 0.0
        manifest = Manifest.of(
            CONFIG,
            session="hand",
            session_key=KEY,
            source=INLINE,
            schema_version=SCHEMA_VERSION,
            code_version="test",
            created_ns=0,
        )
        self.journal = JournalWriter.create(folder, manifest)
        self.session = Session(CONFIG, KEY, interpreted=True, replaced=replaced)
        self.runner = LiveRunner(
            self.session,
            source,
            self.journal,
            stores,
            leaves=leaves,
            silence_max_ms=silence_max_ms,
            clock=self._clock,
        )
        self.session.on_drain = self.runner.keep

    def _clock(self) -> float:
        self.now_s += 0.02
        return self.now_s

    def run(self, *turns: Any) -> Ending:
        """Runs to the end, calling each of `turns` before one turn of the loop."""
        left, take = list(turns), self.source.take

        def taken() -> np.ndarray | None:
            if left:
                left.pop(0)()
            return take()

        self.source.take = taken
        ending = asyncio.run(self.runner.run())
        self.journal.seal(self.session.state_hash, {})
        return ending

    def commands(self) -> list[Command]:
        """What the journal says was commanded, in order."""
        rows = np.concatenate(list(JournalReader(self.folder).rows()))
        return [Command(int(status)) for status in rows["status"][rows["kind"] == RowKind.COMMAND]]

    def refusals(self) -> int:
        """Entries refused for a silent store."""
        return int(self.session.state[0].symbols["refusals"][:, Refusal.STORES_MUST_ANSWER].sum())
