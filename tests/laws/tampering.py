"""Tampering: an honest evidence with something changed in it, to see which laws notice."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from arbitrage_core.engine.output import SessionLog
from arbitrage_core.laws import Evidence, Segment, log_violations


class Parts:
    """Copies of all that an evidence holds, free to be changed. Logs and venue figures are attributes by their names;
    `given` takes new values of other fields of `Evidence`."""

    orders: np.ndarray
    changes: np.ndarray
    fills: np.ndarray
    trades: np.ndarray
    incidents: np.ndarray
    equity: np.ndarray
    funding: np.ndarray
    guards: np.ndarray
    reports: np.ndarray

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        for log in fields(SessionLog):
            setattr(self, log.name, getattr(evidence.log, log.name).copy())
        self.state = evidence.state.copy()
        self.venue_cash_amounts = evidence.venue_cash_amounts.copy()
        self.venue_position_lots = evidence.venue_position_lots.copy()
        self.venue_orders = np.asarray(evidence.venue_orders).copy()
        self.given: dict[str, object] = {}

    def row(self, log: str, field: str, value: int, nth: int = 0) -> int:
        """The n-th row of a log that has a value."""
        return int(np.flatnonzero(getattr(self, log)[field] == value)[nth])

    def segment(self, position: int, **changes: object) -> None:
        """Changes what is known of a journal segment."""
        segments = list(self._evidence.segments or ())
        segments[position] = replace(segments[position], **changes)
        self.given["segments"] = tuple(segments)

    def keep_segments(self, *positions: int) -> None:
        """Loses all other journal segments."""
        segments: tuple[Segment, ...] = self._evidence.segments or ()
        self.given["segments"] = tuple(segments[position] for position in positions)

    def configure(self, **changes: object) -> None:
        """Changes the strategy's parameters the evidence is judged by."""
        params = self._evidence.config.params.model_copy(update=changes)
        self.given["config"] = self._evidence.config.model_copy(update={"params": params})

    def configure_venues(self, **changes: object) -> None:
        """Changes what holds for all venues."""
        venues = tuple(venue.model_copy(update=changes) for venue in self._evidence.config.venues)
        self.given["config"] = self._evidence.config.model_copy(update={"venues": venues})

    def configure_markets(self, **changes: object) -> None:
        """Changes what holds for all markets."""
        markets = tuple(market.model_copy(update=changes) for market in self._evidence.config.markets)
        self.given["config"] = self._evidence.config.model_copy(update={"markets": markets})

    def configure_session(self, **changes: object) -> None:
        """Changes what holds for the whole session."""
        self.given["config"] = self._evidence.config.model_copy(update=changes)

    def evidence(self) -> Evidence:
        """The evidence they make now."""
        return replace(
            self._evidence,
            log=SessionLog(**{log.name: getattr(self, log.name) for log in fields(SessionLog)}),
            state=self.state,
            venue_cash_amounts=self.venue_cash_amounts,
            venue_position_lots=self.venue_position_lots,
            venue_orders=self.venue_orders,
            **self.given,
        )


Edit = Callable[[Parts], object]


@dataclass(frozen=True)
class Tampering:
    """What was changed, in words and as an edit of which evidence, and the ids of the laws that notice."""

    words: str
    evidence: Callable[[], Evidence]
    edit: Edit
    laws: str


def broken_by(evidence: Evidence, edit: Edit) -> set[str]:
    """The laws an edit breaks."""
    parts = Parts(evidence)
    edit(parts)
    return {violation.law for violation in log_violations(parts.evidence())}


def add(log: str, row: int, field: str, amount: float) -> Edit:
    """Adds to one field of one row."""

    def edit(parts: Parts) -> None:
        getattr(parts, log)[field][row] += amount

    return edit


def put(log: str, row: int, field: str, value: object) -> Edit:
    """Replaces one field of one row."""

    def edit(parts: Parts) -> None:
        getattr(parts, log)[field][row] = value

    return edit


def put_where(log: str, known: str, known_value: int, field: str, value: object) -> Edit:
    """Replaces a field of the first row that has a value in another."""
    return lambda parts: put(log, parts.row(log, known, known_value), field, value)(parts)


def leave_out(log: str, row: int) -> Edit:
    """Loses a row."""
    return lambda parts: setattr(parts, log, np.delete(getattr(parts, log), row))


def repeat(log: str, row: int) -> Edit:
    """Has a row twice."""
    return lambda parts: setattr(parts, log, np.insert(getattr(parts, log), row, getattr(parts, log)[row]))


def give(**values: object) -> Edit:
    """Replaces other fields of the evidence."""
    return lambda parts: parts.given.update(values)


def set_state(*path_and_value: object) -> Edit:
    """Replaces what stands at a path into the state; a callable value is applied to what stands there."""
    *path, last, value = path_and_value

    def edit(parts: Parts) -> None:
        target = parts.state
        for step in path:
            target = target[step]
        target[last] = value(target[last]) if callable(value) else value

    return edit


def more(amount: int) -> Callable[[int], int]:
    """For `set_state`: what stands there and so much more."""
    return lambda stood: stood + amount


def both(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(parts: Parts) -> None:
        for each in edits:
            each(parts)

    return edit
