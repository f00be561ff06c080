"""The feed silence: how long all feeds together have said nothing, by the wall clock.

One quiet feed is the engine's to judge (a book that is not fresh); all of them silent for longer than any of them
takes to come back means that the session is blind, and that waiting will not help.

- The wall clock, not row time: what is missing are rows, and only rows carry row time.
- A source that knows its next row is not silent. So a gap in a recording or a synthetic market, at whatever pace, never
  counts: it is part of what is replayed; books grow stale in it, entries are refused, trades leave at their deadline. A
  backtest has no feed that could fall silent, and is not judged.
- While the operator has paused the session or switched on the kill switch, nothing counts: who pauses it for a venue's
  maintenance expects to find it where it was. Nor while rows are held back for a store that is behind. The count begins
  anew afterwards.
- A process that was stopped or slept hears of no row either; no more than a moment of that counts, so feeds have their
  full time to come back when it wakes.
"""

from arbitrage_core.session.anomaly import Anomaly, Pattern

SILENCE_MAX_MS = 120_000
"""Longer than feeds take to reconnect (they wait a minute at most between two tries) and to show their books again."""
MOMENT_S = 5.0
"""The most that may count between two looks; they are to be closer together than this."""


class FeedSilence:
    """`look` again and again, at least once in `MOMENT_S`."""

    def __init__(self, silence_max_ms: float = SILENCE_MAX_MS) -> None:
        self._max_s = silence_max_ms / 1e3
        self._looked_s: float | None = None
        self.silent_s = 0.0

    def look(self, clock_s: float, *, silent: bool) -> Anomaly | None:
        """`clock_s`: monotonic seconds; `silent`: nothing came since the last look, and something should have."""
        passed_s = 0.0 if self._looked_s is None else min(clock_s - self._looked_s, MOMENT_S)
        self._looked_s = clock_s
        self.silent_s = self.silent_s + passed_s if silent else 0.0
        if not self.silent_s > self._max_s:
            return None
        figures = {"silent_s": round(self.silent_s, 3), "silence_max_ms": self._max_s * 1e3}
        return Anomaly(
            Pattern.SILENCE, f"no row of any venue for {self.silent_s:,.1f} s, at most {self._max_s:,.1f} s", figures
        )
