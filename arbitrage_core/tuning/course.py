"""The course: rows ready to be traded on by any parameter set, and what the venues really do meanwhile.

One is the rows as they are, and one each scenario that a study names: its rows with what is injected into them, its
venues with their settings. The engine is told of neither. A session on a course leaves what `run_backtest` of the same
rows and venues leaves, byte for byte but for marks in its log.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.scenarios.catalogue import scenario_of
from arbitrage_core.scenarios.stress import setting_of, stressed_feed, stressed_venues
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.binding import Notice
from arbitrage_core.tuning.envelope import Envelope
from arbitrage_core.tuning.leaping_session import LeapingSession

BASELINE = "BASELINE"
"""The name of the rows as they are, beside those of the scenarios."""


class Course:
    """Rows with their envelopes, made once; from several threads at once when it was prepared."""

    def __init__(self, name: str, feed: Feed, rows: np.ndarray, venue_settings: Sequence[str] = ()) -> None:
        self.name, self.rows, self.venue_settings = name, rows, tuple(venue_settings)
        self.data_digest = data_digest(feed)
        self._around: dict[object, tuple[np.ndarray, Envelope]] = {}

    def prepare(self, config: SessionConfig, notice: Notice | None = None) -> None:
        """Compiles the engine and makes the envelope that this set needs."""
        session = LeapingSession(config, config.session_key(self.data_digest), notice=notice)
        key = (session.shape.venues, session.shape.levels)
        if key not in self._around:
            rows = with_levels(self.rows, session.shape.levels)
            rates = session.state[0].symbols["rates"][: len(config.symbols)]
            self._around[key] = rows, Envelope.of(rows, rates)

    def run(self, config: SessionConfig, trades_only: bool = False, output: np.ndarray | None = None) -> LeapingSession:
        """The session of one set, run to its end; the others as it takes them. Raises AnomalyFound."""
        venues = stressed_venues(config, self.venue_settings) if self.venue_settings else None
        key = config.session_key(self.data_digest)
        session = LeapingSession(config, key, venue_config=venues, trades_only=trades_only, output=output)
        rows, around = self._around[session.shape.venues, session.shape.levels]
        session.run(rows, around)
        session.end()
        return session


def courses_of(feed: Feed, scenarios: Sequence[str] = ()) -> tuple[Course, ...]:
    """The rows as they are, and then each scenario. Raises BadInput for no rows, for a scenario there is not, and for
    one that would change nothing here: what it was to show would be taken for shown."""
    kept = _Kept(feed)
    courses, setting = [Course(BASELINE, feed, kept.rows)], setting_of(kept)
    for name in scenarios:
        scenario = scenario_of(name)
        injection = scenario.inject(setting)
        stressed = stressed_feed(kept, injection)
        rows = kept.rows if stressed is kept else joined(stressed)
        if not injection.venue_settings and np.array_equal(opaque(rows), opaque(kept.rows)):
            raise BadInput(f"{scenario.name} changes nothing in these rows", "leave it out, or take other rows")
        courses.append(Course(scenario.name, stressed, rows, injection.venue_settings))
    return tuple(courses)


class _Kept:
    """A feed whose rows are in memory."""

    def __init__(self, feed: Feed) -> None:
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        self._feed, self.rows = feed, joined(feed)

    def identity(self) -> dict[str, Any]:
        """That of the feed."""
        return self._feed.identity()

    def __iter__(self) -> Iterator[np.ndarray]:
        yield self.rows


def joined(feed: Iterable[np.ndarray]) -> np.ndarray:
    """All rows of a feed in one array. Raises BadInput when there are none."""
    parts = list(feed)
    if not parts:
        raise BadInput("there are no rows to tune on", "choose more of the data")
    return np.concatenate([opaque(rows) for rows in parts]).view(parts[0].dtype)
